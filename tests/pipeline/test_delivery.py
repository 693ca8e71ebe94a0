"""All outputs or none."""

from __future__ import annotations

from pathlib import Path

import pytest

from roofgeo.errors import OutputError
from roofgeo.pipeline.delivery import finished_together


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
    for old in ("roof_height.tif", "roof_segments.tif", "roof_segments.tif.aux.xml", "mine.txt"):
        (tmp_path / old).write_text("old")
    with finished_together(tmp_path, overwrite=True) as folder:
        (folder / "roofs.gpkg").write_text("new")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine.txt", "roofs.gpkg"]


def test_a_full_folder_needs_overwrite(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(OutputError) as error, finished_together(tmp_path, overwrite=False):
        pass
    assert "--overwrite" in error.value.hint
