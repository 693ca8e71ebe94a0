"""What of QGIS's environment must not reach another Python, GDAL or PROJ."""

from __future__ import annotations

import os
from collections.abc import Mapping

_REMOVED = {
    *("PYTHONHOME", "PYTHONPATH", "PYTHONEXECUTABLE", "PYTHONSTARTUP", "PYTHONINSPECT", "PYTHONPLATLIBDIR"),
    *("__PYVENV_LAUNCHER__", "VIRTUAL_ENV", "LD_LIBRARY_PATH", "QT_PLUGIN_PATH", "QT_QPA_PLATFORM_PLUGIN_PATH"),
    *("PROJ_LIB", "PROJ_DATA", "GDAL_DATA", "GDAL_DRIVER_PATH", "GDAL_PYTHON_DRIVER_PATH", "OGR_DRIVER_PATH"),
}
_KEPT_BY_APPIMAGE = ("LD_LIBRARY_PATH_ORIG", "APPIMAGE_ORIGINAL_LD_LIBRARY_PATH", "APPRUN_ORIGINAL_LD_LIBRARY_PATH")
_SET = {"PYTHONIOENCODING": "utf-8", "PYTHONUTF8": "1", "PYTHONUNBUFFERED": "1"}


def removed_variables(environ: Mapping[str, str]) -> list[str]:
    """Names of the variables that must not reach another Python or GDAL."""
    return sorted(name for name in environ if name.upper() in _REMOVED or name.upper().startswith("DYLD_"))


def clean_environment(environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment without what QGIS set for its own Python, GDAL, PROJ and Qt; text is UTF-8."""
    environ = os.environ if environ is None else environ
    removed = set(removed_variables(environ))
    cleaned = {name: value for name, value in environ.items() if name not in removed}
    original = next((environ[name] for name in _KEPT_BY_APPIMAGE if environ.get(name)), "")
    if original:
        cleaned["LD_LIBRARY_PATH"] = original
    return {**cleaned, **_SET}
