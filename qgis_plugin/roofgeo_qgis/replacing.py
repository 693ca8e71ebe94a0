"""What a run would replace, and what is lost with it; asked before the run begins."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

from qgis.core import QgsProcessing, QgsProcessingOutputLayerDefinition

from .decisions import ACCEPTED, DECISION, REJECTED
from .delivery import RASTER_FILES
from .preflight import number_text
from .request import FORMATS, chosen_file
from .translation import tr

_LAYERS = ("roof_segments", "roof_lines", "buildings")
_ENDINGS = {"geojson": ".geojson", "flatgeobuf": ".fgb"}
_PATIENCE_S = 0.5  # a file somebody writes just now is not waited for: the window stands still meanwhile


def replace_question(parameters: dict[str, Any]) -> str:
    """What to ask before a run with these parameters of `roofgeo:predict`; empty if it replaces nothing."""
    there = [path for path in _targets(parameters) if path.exists()]
    if not there:
        return ""
    names = ", ".join(path.name for path in there)
    if len(there) == 1:
        text = tr("{file} exists already. Replace it?").format(file=names)
    else:
        text = tr("{files} exist already. Replace them?").format(files=names)
    lost = reviewed_count(there[0]) if there[0].suffix.lower() == ".gpkg" else 0
    return "\n".join(filter(None, (text, _lost_text(lost, there[0].name))))


def reviewed_count(geopackage: Path) -> int:
    """How many segments of a result are accepted or rejected; 0 if it cannot be read, or is no result."""
    sql = f"SELECT COUNT(*) FROM roof_segments WHERE {DECISION} IN (?, ?)"  # nosec B608: made of constants
    try:
        with closing(sqlite3.connect(_address(geopackage), uri=True, timeout=_PATIENCE_S)) as connection:
            return int(connection.execute(sql, (ACCEPTED, REJECTED)).fetchone()[0])
    except sqlite3.Error:
        return 0


def _address(geopackage: Path) -> str:
    """SQLite's address of a file, to read it and leave nothing beside it."""
    path = geopackage.absolute().as_posix()
    in_use = any(Path(f"{path}{suffix}").exists() for suffix in ("-wal", "-journal"))
    slash = "" if path.startswith("/") else "/"
    return f"file://{slash}{quote(path, safe='/:')}?{'mode=ro' if in_use else 'immutable=1'}"


def _targets(parameters: dict[str, Any]) -> Iterator[Path]:
    """Files a run writes to places the user has chosen; the GeoPackage first. Styles of the rasters go with these."""
    chosen = chosen_file(parameters)
    if chosen:
        geopackage = Path(chosen)
        yield geopackage
        for number in parameters.get("FORMATS") or ():
            for layer in _LAYERS:
                yield geopackage.with_name(f"{geopackage.stem}_{layer}{_ENDINGS[FORMATS[number]]}")
    for name in RASTER_FILES:
        sink = parameters.get(name)
        sink = sink.sink.staticValue() if isinstance(sink, QgsProcessingOutputLayerDefinition) else sink
        if sink and sink != QgsProcessing.TEMPORARY_OUTPUT:
            yield Path(sink)


def _lost_text(count: int, file: str) -> str:
    if not count:
        return ""
    if count == 1:
        return tr("1 reviewed segment in {file} is lost.").format(file=file)
    return tr("{number} reviewed segments in {file} are lost.").format(number=number_text(count), file=file)
