"""What is said before a run begins."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from roofgeo.errors import InputError
from roofgeo.models.checkpoint import open_model
from roofgeo.pipeline import predict, preparation
from tests.cli.test_dry_run import coarse_copy

SAMPLES = Path(__file__).parents[2] / "samples"


def notes(monkeypatch: pytest.MonkeyPatch, known_m: tuple[float, float], **windows: int) -> tuple[str, ...]:
    """Of the sample, for a model that was trained on pixels of such sizes."""

    def opened(name: str) -> object:
        model = open_model(name)
        return dataclasses.replace(model, card=dataclasses.replace(model.card, source_pixel_size_m=known_m))

    monkeypatch.setattr(preparation, "open_model", opened)
    given = {"layer": None, "imagery_crs": None, "clip": False, "threads": None, "tile_px": None, "overlap_px": None}
    area, ortho = SAMPLES / "area.geojson", SAMPLES / "ortho.tif"
    with preparation.prepared(area, ortho, "research", **{**given, **windows}) as job:
        return job.notes


@pytest.mark.parametrize(
    ("known_m", "is_said"),
    [((0.05, 0.3), False), ((0.1, 0.1), False), ((0.05, 0.099), False), ((0.05, 0.09), True), ((0.15, 0.3), True)],
)
def test_pixels_the_model_does_not_know_are_said(
    monkeypatch: pytest.MonkeyPatch, known_m: tuple[float, float], is_said: bool
) -> None:
    said = notes(monkeypatch, known_m)
    assert len(said) == is_said
    assert all("pixels of 0.1 m" in note and f"{known_m[0]:g} to {known_m[1]:g} m" in note for note in said)


def test_windows_that_overlap_less_than_the_model_needs_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    assert notes(monkeypatch, (0.05, 0.3), tile_px=512) == ()
    (note,) = notes(monkeypatch, (0.05, 0.3), tile_px=256)
    assert "overlap by 128 px" in note and "needs 256" in note


def test_a_run_says_it_too(tmp_path: Path) -> None:
    (note,) = predict(imagery=coarse_copy(tmp_path, 4), output=tmp_path / "roofs", tile_px=512).notes
    assert "pixels of 0.4 m" in note


def test_a_format_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="shapefile") as error:
        predict(SAMPLES / "area.geojson", output=tmp_path / "roofs", formats=["shapefile"])
    assert "geojson, flatgeobuf" in error.value.hint
    assert preparation.check_formats(["flatgeobuf", "geojson", "flatgeobuf"]) == ("flatgeobuf", "geojson")
