"""Finished files reach their places whole, replace older ones, and are never lost."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from roofgeo_qgis.command import CommandError
from roofgeo_qgis.delivery import deliver

RASTERS = {"OUTPUT_SEGMENTS": "roof_segments", "OUTPUT_LINES": "roof_lines"}


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """A folder as the command leaves it; each file holds its name."""
    folder = tmp_path / "work" / "roofs"
    folder.mkdir(parents=True)
    names = ["roofs.gpkg", "roof_lines.geojson", "roof_lines.fgb"]
    names += [f"{stem}{suffix}" for stem in RASTERS.values() for suffix in (".tif", ".tif.aux.xml", ".qml")]
    for name in names:
        (folder / name).write_text(name)
    return folder


def test_each_file_goes_under_the_chosen_name(made: Path, tmp_path: Path) -> None:
    target = tmp_path / "out" / "Dächer.gpkg"
    assert deliver(made, target, {"OUTPUT_SEGMENTS": tmp_path / "pixels" / "a.tif"}) == target
    assert sorted(p.name for p in target.parent.iterdir()) == [
        "Dächer.gpkg",
        "Dächer_roof_lines.fgb",
        "Dächer_roof_lines.geojson",
    ]
    found = {p.name: p.read_text() for p in (tmp_path / "pixels").iterdir()}
    assert found == {
        "a.tif": "roof_segments.tif",
        "a.tif.aux.xml": "roof_segments.tif.aux.xml",
        "a.qml": "roof_segments.qml",
    }


def test_an_older_result_is_replaced_with_what_belongs_to_it(made: Path, tmp_path: Path) -> None:
    target = tmp_path / "roofs.gpkg"
    for suffix in ("", "-wal", "-shm", "-journal"):
        Path(f"{target}{suffix}").write_text("old")
    deliver(made, target, {})
    assert target.read_text() == "roofs.gpkg"
    assert not list(tmp_path.glob("roofs.gpkg-*"))


def test_another_disk_is_no_hindrance(made: Path, tmp_path: Path) -> None:
    other = Path("/dev/shm")
    if not other.is_dir() or other.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("needs a second file system")
    target = other / f"roofgeo-test-{os.getpid()}" / "roofs.gpkg"
    try:
        deliver(made, target, {})
        assert [p.name for p in target.parent.glob("roofs.gpkg")] == ["roofs.gpkg"]
        assert not list(target.parent.glob(".*"))
    finally:
        for path in target.parent.iterdir():
            path.unlink()
        target.parent.rmdir()


def test_a_file_in_use_does_not_cost_the_result(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "roofs.gpkg"
    target.write_text("open in QGIS")
    (tmp_path / "roofs (2).gpkg").write_text("taken as well")
    replace = os.replace

    def as_on_windows(source: Path, destination: Path) -> None:
        if Path(destination) == target:
            raise PermissionError(13, "the file is in use", str(source), None, str(destination))
        replace(source, destination)

    monkeypatch.setattr(os, "replace", as_on_windows)
    assert deliver(made, target, {}) == tmp_path / "roofs (3).gpkg"
    assert target.read_text() == "open in QGIS"
    assert (tmp_path / "roofs (3).gpkg").read_text() == "roofs.gpkg"


def test_a_place_that_cannot_be_written_is_told(made: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CommandError) as caught:
        deliver(made, tmp_path / "file" / "roofs.gpkg", {})
    assert "cannot be written" in caught.value.message and caught.value.hint
