"""Which names of Qt and QGIS the plugin's source uses: `Qt.Orientation.Horizontal` as (module, chain of names)."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

PLUGIN = Path(__file__).resolve().parents[2] / "qgis_plugin" / "roofgeo_qgis"
SOURCES = sorted(PLUGIN.glob("*.py"))


def imports(source: Path) -> Iterator[str]:
    """Modules a source imports, absolute ones by their full name."""
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module


def chains(source: Path, package: str) -> set[tuple[str, tuple[str, ...]]]:
    """(module, names from there on) of everything in a source that comes from `package` or below."""
    tree = ast.parse(source.read_text(encoding="utf-8"))
    origin = {
        alias.asname or alias.name: (node.module, alias.name)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith(package)
        for alias in node.names
    }
    found = {(module, (name,)) for module, name in origin.values()}
    for node in ast.walk(tree):
        names: list[str] = []
        while isinstance(node, ast.Attribute):
            names.append(node.attr)
            node = node.value
        if isinstance(node, ast.Name) and node.id in origin and names:
            module, first = origin[node.id]
            found.add((module, (first, *reversed(names))))
    return found
