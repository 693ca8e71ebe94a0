"""Let Qt work while a test waits."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QWidget


def spin_until(is_true: Callable[[], object], seconds: float = 60.0) -> bool:
    """Handle events until something is true, but not for long."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if is_true():
            return True
        QTest.qWait(10)
    return bool(is_true())


def widget(parent: QWidget, name: str) -> Any:
    """The one widget of this name."""
    found = parent.findChildren(QWidget, name)
    assert len(found) == 1, f"{len(found)} widgets are called {name}"
    return found[0]
