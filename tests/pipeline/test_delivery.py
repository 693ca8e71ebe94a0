"""All outputs or none."""

from __future__ import annotations

from pathlib import Path

import pytest

from roofgeo.errors import OutputError
from roofgeo.pipeline.delivery import check_output, finished_together, remove_unfinished


def test_files_appear_when_all_are_complete(tmp_path: Path) -> None:
    output = tmp_path / "new" / "roofs"
    with finished_together(output, overwrite=False) as folder:
        (folder / "roofs.gpkg").write_text("layers")
        assert not (output / "roofs.gpkg").exists()
    assert [path.name for path in output.iterdir()] == ["roofs.gpkg"]


def test_a_failure_leaves_what_was_there(tmp_path: Path) -> None:
    (tmp_path / "roofs.gpkg").write_text("old")

    def fail() -> None:
        with finished_together(tmp_path, overwrite=True) as folder:
            (folder / "roofs.gpkg").write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert (tmp_path / "roofs.gpkg").read_text() == "old"
    assert len(list(tmp_path.iterdir())) == 1


def test_rasters_of_an_earlier_run_do_not_stay_beside_new_layers(tmp_path: Path) -> None:
    for old in ("roof_height.tif", "roof_height.qml", "roof_segments.tif", "roof_segments.tif.aux.xml", "mine.txt"):
        (tmp_path / old).write_text("old")
    with finished_together(tmp_path, overwrite=True) as folder:
        (folder / "roofs.gpkg").write_text("new")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine.txt", "roofs.gpkg"]


def test_a_full_folder_needs_overwrite(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(OutputError) as error, finished_together(tmp_path, overwrite=False):
        pass
    assert "--overwrite" in error.value.hint


def test_layers_of_an_earlier_run_do_not_stay_in_other_formats(tmp_path: Path) -> None:
    for old in ("roof_segments.geojson", "roof_lines.fgb", "buildings.fgb", "mine.geojson"):
        (tmp_path / old).write_text("old")
    with finished_together(tmp_path, overwrite=True) as folder:
        (folder / "roof_lines.fgb").write_text("new")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine.geojson", "roof_lines.fgb"]
    assert (tmp_path / "roof_lines.fgb").read_text() == "new"


@pytest.mark.parametrize("is_new", [True, False])
def test_a_process_that_must_end_removes_what_it_was_writing(tmp_path: Path, is_new: bool) -> None:
    output = tmp_path / "roofs"
    if not is_new:
        output.mkdir()
    with finished_together(output, overwrite=False) as folder:
        (folder / "roofs.gpkg").write_text("half")
        remove_unfinished()
        assert output.exists() != is_new
        output.mkdir(exist_ok=True)
        folder.mkdir()  # the run itself does not know of it and goes on to its end
    remove_unfinished()


def test_looking_at_the_output_leaves_it_as_it_is(tmp_path: Path) -> None:
    assert check_output(tmp_path / "a" / "b", overwrite=False) == tmp_path
    assert check_output(tmp_path, overwrite=False) == tmp_path
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("place", "message"), [("full", "is not empty"), ("file", "is a file"), ("file/roofs", "cannot be written")]
)
def test_looking_finds_what_a_run_would_find(tmp_path: Path, place: str, message: str) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    (tmp_path / "file").write_text("mine")
    with pytest.raises(OutputError, match=message):
        check_output(tmp_path / place, overwrite=False)
    with pytest.raises(OutputError, match=message), finished_together(tmp_path / place, overwrite=False):
        pass
