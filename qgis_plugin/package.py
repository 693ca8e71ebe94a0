"""Make the plugin's ZIP, as QGIS installs it and plugins.qgis.org takes it: dist/roofgeo_qgis-VERSION.zip.

Example:
    python qgis_plugin/package.py
"""

from __future__ import annotations

import configparser
import sys
import zipfile
from pathlib import Path

PLUGIN = Path(__file__).with_name("roofgeo_qgis")
TIMESTAMP = (2020, 1, 1, 0, 0, 0)  # the same files make the same bytes
LEFT_OUT = {".pyc", ".ts"}  # compiled code, and the sources of the translations


def version() -> str:
    """The plugin's version, from its metadata."""
    metadata = configparser.ConfigParser(interpolation=None)
    metadata.read(PLUGIN / "metadata.txt", encoding="utf-8")
    return metadata["general"]["version"]


def make_zip(folder: Path) -> Path:
    """Write the ZIP into a folder, and return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{PLUGIN.name}-{version()}.zip"
    files = sorted(p for p in PLUGIN.rglob("*") if p.is_file() and p.suffix not in LEFT_OUT)
    with zipfile.ZipFile(target, "w") as archive:
        for path in files:
            entry = zipfile.ZipInfo(f"{PLUGIN.name}/{path.relative_to(PLUGIN).as_posix()}", TIMESTAMP)
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, path.read_bytes())
    return target


if __name__ == "__main__":
    sys.stdout.write(f"{make_zip(PLUGIN.parents[1] / 'dist')}\n")
