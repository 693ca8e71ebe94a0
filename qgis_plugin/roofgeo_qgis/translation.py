"""The language of the user."""

from __future__ import annotations

try:
    from qgis.PyQt.QtCore import QCoreApplication
except ImportError:  # outside QGIS: the modules that need no QGIS say it in English
    QCoreApplication = None

CONTEXT = "roofgeo"
"""Under this name the translation files keep all texts of the plugin."""


def tr(text: str) -> str:
    """A text in the user's language; only literals, so that they can be collected."""
    return text if QCoreApplication is None else QCoreApplication.translate(CONTEXT, text)
