"""What is said before a run begins."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import rasterio
import shapely
from pyproj import CRS

from roofgeo.data.quality import MOST_PLACES, SIDE_PX
from roofgeo.errors import InputError
from roofgeo.grid import Grid
from roofgeo.models.checkpoint import open_model
from roofgeo.pipeline import forecast, predict, preparation
from roofgeo.vector.geopackage import geopackage_provenance
from tests.benchmarks.pictures import SPOILT
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


def spoilt_copy(folder: Path, name: str) -> Path:
    """A corner of the sample's picture, spoilt."""
    with rasterio.open(SAMPLES / "ortho.tif") as source:
        window = rasterio.windows.Window(300, 300, 480, 480)
        pixels, transform = source.read(window=window), source.window_transform(window)
        profile = {"driver": "GTiff", "height": 480, "width": 480, "count": 3, "dtype": "uint8", "crs": source.crs}
    path = folder / "spoilt.tif"
    with rasterio.open(path, "w", transform=transform, **profile) as sink:
        sink.write(np.moveaxis(SPOILT[name](np.moveaxis(pixels, 0, -1)), -1, 0))
    return path


def test_a_picture_taken_at_night_is_said_by_forecast_run_and_layers(tmp_path: Path) -> None:
    path = spoilt_copy(tmp_path, "night")
    (warning,) = forecast(imagery=path, output=tmp_path / "roofs", tile_px=512).warnings
    assert "very dark" in warning
    result = predict(imagery=path, output=tmp_path / "roofs", tile_px=512)
    assert result.notes == (warning,)
    told = geopackage_provenance(result.paths["roofs.gpkg"])
    assert isinstance(told, dict) and told["notes"] == warning


def test_a_few_places_all_over_the_area_are_looked_at() -> None:
    grid = Grid(CRS.from_epsg(32632), 500_000, 5_400_000, 0.1, 40_000, 60_000)
    west = shapely.box(500_000, 5_396_000, 501_000, 5_400_000)
    places = preparation._places(grid, west)
    assert 6 <= len(places) <= MOST_PLACES
    assert all(place.col_end < 10_000 and place.shape == (SIDE_PX, SIDE_PX) for place in places)
    assert max(place.row for place in places) - min(place.row for place in places) > 20_000


def test_imagery_coarser_than_the_model_is_looked_at_in_its_own_pixels(tmp_path: Path) -> None:
    """Between its pixels it is never sharp, which is no fault of it."""
    assert forecast(imagery=coarse_copy(tmp_path, 3), output=tmp_path / "roofs", tile_px=512).warnings == ()
