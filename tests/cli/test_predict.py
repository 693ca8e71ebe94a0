"""roofgeo predict, in a process of its own: progress, results, bad input."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from roofgeo.vector.export import read_roofs
from tests.cli.command import AREA, ORTHO, events, roofgeo


def test_json_progress_and_result(tmp_path: Path) -> None:
    output = tmp_path / "öutput with space"
    result = roofgeo("predict", "--aoi", AREA, "--output", str(output), "--progress", "json")
    assert result.returncode == 0, result.stderr
    said = events(result.stdout)
    steps = [e for e in said if e["event"] == "progress" and e["stage"] == "predict"]
    assert [e["done"] for e in steps] == list(range(steps[0]["total"] + 1))
    assert said[-1]["event"] == "result"
    assert Path(said[-1]["paths"]["roofs.gpkg"]) == output / "roofs.gpkg"
    assert said[-1]["counts"]["buildings"] > 15


def test_quiet_says_nothing_and_imports_no_torch(tmp_path: Path) -> None:
    code = (
        "import sys; from roofgeo.cli import main\n"
        f"main(['predict', '--aoi', {AREA!r}, '--output', {str(tmp_path / 'roofs')!r}, '--quiet'], "
        "standalone_mode=False)\n"
        "sys.exit(int(any(name in sys.modules for name in ('torch', 'torchgeo', 'lightning'))))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=300)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def write(path: Path, content: str | bytes) -> str:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return str(path)


def polygon(ring: str, kind: str = "Polygon") -> str:
    return f'{{"type": "Feature", "properties": {{}}, "geometry": {{"type": "{kind}", "coordinates": {ring}}}}}'


def broken_input(name: str, folder: Path) -> tuple[list[str], int, str]:
    """Arguments of `predict`, exit code, and what the message must say."""
    imagery, aoi = ["--imagery", ORTHO], ["--aoi", AREA]
    pickled = write(folder / "model.pt", pickle.dumps({}))
    cases = {
        "imagery missing": ([*aoi, "--imagery", str(folder / "none.tif")], 3, "none.tif"),
        "no raster": ([*aoi, "--imagery", write(folder / "text.tif", "no picture")], 3, "text.tif"),
        "truncated": ([*aoi, "--imagery", write(folder / "cut.tif", Path(ORTHO).read_bytes()[:200_000])], 3, "cut.tif"),
        "area missing": ([*imagery, "--aoi", str(folder / "none.geojson")], 3, "none.geojson"),
        "area empty": ([*imagery, "--aoi", write(folder / "a.geojson", EMPTY)], 2, "a.geojson"),
        "area invalid": ([*imagery, "--aoi", write(folder / "b.geojson", polygon(BOWTIE))], 2, "ntersect"),
        "area of lines": ([*imagery, "--aoi", write(folder / "c.geojson", polygon(LINE, "LineString"))], 2, "ine"),
        "area elsewhere": ([*imagery, "--aoi", write(folder / "d.geojson", polygon(ELSEWHERE))], 2, "outside"),
        "unknown model": ([*aoi, "--model", "nonesuch"], 4, "nonesuch"),
        "model with code": ([*aoi, "--model", pickled], 4, "code"),
        "output is a file": ([*aoi, "--output", write(folder / "file", "")], 2, "file"),
        "output not empty": ([*aoi, "--output", str(folder)], 2, "not empty"),
        "output not writable": ([*aoi, "--output", "/proc/roofs"], 2, "/proc/roofs"),
    }
    return cases[name]


EMPTY = '{"type": "FeatureCollection", "features": []}'
BOWTIE = "[[[10.4, 48.1], [10.41, 48.11], [10.41, 48.1], [10.4, 48.11], [10.4, 48.1]]]"
LINE = "[[10.4, 48.1], [10.41, 48.11]]"
ELSEWHERE = "[[[20, 50], [20.01, 50], [20.01, 50.01], [20, 50]]]"


@pytest.mark.parametrize(
    "name",
    [
        "imagery missing",
        "no raster",
        "truncated",
        "area missing",
        "area empty",
        "area invalid",
        "area of lines",
        "area elsewhere",
        "unknown model",
        "model with code",
        "output is a file",
        "output not empty",
        "output not writable",
    ],
)
def test_bad_input_is_one_line_and_a_way_out(name: str, tmp_path: Path) -> None:
    arguments, exit_code, said = broken_input(name, tmp_path)
    before = sorted(tmp_path.rglob("*"))
    if "--output" not in arguments:
        arguments = [*arguments, "--output", str(tmp_path / "roofs")]
    result = roofgeo("predict", *arguments, "--quiet")
    assert result.returncode == exit_code, result.stderr
    error, hint = result.stderr.strip().splitlines()
    assert error.startswith("Error: ") and said in error
    assert hint.startswith("Hint: ") and len(hint) > 15
    assert sorted(tmp_path.rglob("*")) == before


def test_imagery_without_crs_says_how_to_give_one(tmp_path: Path) -> None:
    import rasterio

    with rasterio.open(ORTHO) as source:
        profile = {"driver": "GTiff", "height": 300, "width": 300, "count": 3, "dtype": "uint8"}
        path = str(tmp_path / "plain.tif")
        with rasterio.open(path, "w", transform=source.transform, **profile) as sink:
            sink.write(source.read(window=((300, 600), (300, 600))))
    result = roofgeo("predict", "--imagery", path, "--output", str(tmp_path / "roofs"))
    assert result.returncode == 3 and "--imagery-crs" in result.stderr
    given = roofgeo("predict", "--imagery", path, "--imagery-crs", "EPSG:32632", "--output", str(tmp_path / "roofs"))
    assert given.returncode == 0, given.stderr


def test_overwrite_replaces_only_its_own_files(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "roofs.gpkg").write_text("old")
    result = roofgeo("predict", "--aoi", AREA, "--output", str(tmp_path), "--overwrite", "--quiet")
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "notes.txt").read_text() == "mine"
    assert (tmp_path / "roofs.gpkg").read_bytes().startswith(b"SQLite")


@pytest.mark.parametrize(
    ("options", "said", "way_out"),
    [
        (("--tile-px", "1000"), "windows of 1000 px", "multiple of 32 from 128 to 2048"),
        (("--tile-px", "96"), "windows of 96 px", "from 128"),
        (("--tile-px", "4096"), "windows of 4096 px", "to 2048"),
        (("--tile-px", "512", "--overlap-px", "288"), "overlap by 288 px", "from 0 to 256"),
        (("--overlap-px", "100"), "overlap by 100 px", "multiple of 32"),
        (("--overlap-px", "-32"), "overlap by -32 px", "from 0"),
    ],
)
def test_windows_that_cannot_be_used_are_refused(
    options: tuple[str, ...], said: str, way_out: str, tmp_path: Path
) -> None:
    result = roofgeo("predict", "--aoi", AREA, "--output", str(tmp_path / "roofs"), *options, "--progress", "json")
    assert result.returncode == 2
    (event,) = events(result.stdout)
    assert event["code"] == "input" and said in event["message"] and way_out in event["hint"]
    assert list(tmp_path.iterdir()) == []


def test_other_windows_and_formats(tmp_path: Path) -> None:
    """Half as large windows find the same buildings; the files of formats asked for lie beside the GeoPackage."""
    formats = {"geojson": ".geojson", "flatgeobuf": ".fgb", "geoparquet": ".parquet"}
    options = ("--tile-px", "512", *(word for name in (*formats, "geojson") for word in ("--format", name)))
    output = tmp_path / "roofs"
    result = roofgeo("predict", "--aoi", AREA, "--output", str(output), *options, "--progress", "json")
    assert result.returncode == 0, result.stderr
    said = events(result.stdout)[-1]
    layers = ("roof_segments", "roof_lines", "buildings")
    named = [name for name in said["paths"] if name.endswith(tuple(formats.values()))]
    assert named == [f"{layer}{suffix}" for suffix in formats.values() for layer in layers]
    for name in named:
        path = Path(said["paths"][name])
        assert path == output / name
        found = read_roofs(path)
        assert {layer: len(rows) for layer, rows in found.layers.items()} == {path.stem: said["counts"][path.stem]}
        assert found.provenance["command"].startswith(f"roofgeo predict --aoi {AREA} --output {output} --tile-px 512")
    assert 18 <= said["counts"]["buildings"] <= 22
    again = roofgeo("predict", "--aoi", AREA, "--output", str(output), "--overwrite", "--clip", "--quiet")
    assert again.returncode == 0, again.stderr
    assert not [path for path in output.iterdir() if path.suffix in formats.values()]
