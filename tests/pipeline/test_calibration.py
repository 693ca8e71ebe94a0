"""calibrate: a model's confidence becomes the chance that its segments are right."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from roofgeo.errors import InputError
from roofgeo.evaluation.calibration import Calibration
from roofgeo.models.checkpoint import DEFAULT_MODEL, open_model
from roofgeo.pipeline import calibrate, calibration, predict
from roofgeo.pipeline.rendering import RenderedPictures
from roofgeo.vector.export import read_layers
from tests.cli.command import roofgeo

SAMPLES = Path(__file__).parents[2] / "samples"


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A copy of the shipped model, not calibrated."""
    folder = Path(shutil.copytree(open_model(DEFAULT_MODEL).folder, tmp_path / "model"))
    card = json.loads((folder / "card.json").read_text())
    (folder / "card.json").write_text(json.dumps({**card, "calibration": {}}))
    return folder


@pytest.mark.slow
def test_a_model_is_calibrated_and_again_to_the_same(model: Path, tmp_path: Path) -> None:
    """Rendered scenes alone; the second run undoes the first one's map before it fits."""
    first = calibrate(model, rendered=8, threads=1)
    (measured,) = first.sets.values()
    assert measured.segments > measured.right > 20
    assert measured.ece < measured.ece_raw
    card = open_model(model).card
    assert card.platt == (first.calibration.slope, first.calibration.offset)
    assert first.diagram.is_file() and first.diagram.parent == model
    again = calibrate(model, rendered=8, threads=1)
    assert again.calibration.slope == pytest.approx(first.calibration.slope, abs=1e-6)
    assert again.calibration.offset == pytest.approx(first.calibration.offset, abs=1e-6)


def test_a_run_maps_the_confidence_of_segments_and_drops_the_same_buildings(model: Path, tmp_path: Path) -> None:
    def layers(name: str):
        area = SAMPLES / "area.geojson"
        return read_layers(predict(area, model=model, output=tmp_path / name, min_confidence=0.9).paths["roofs.gpkg"])

    raw = layers("raw")
    card = json.loads((model / "card.json").read_text())
    (model / "card.json").write_text(json.dumps({**card, "calibration": {"slope": 2.0, "offset": -1.5}}))
    mapped = layers("mapped")
    expected = Calibration(2.0, -1.5)(raw["roof_segments"]["confidence"].to_numpy())
    assert mapped["roof_segments"]["confidence"].to_numpy() == pytest.approx(expected)
    assert mapped["buildings"]["confidence"].tolist() == raw["buildings"]["confidence"].tolist()


def test_there_must_be_something_to_calibrate_with(model: Path) -> None:
    with pytest.raises(InputError, match="nothing to calibrate with"):
        calibrate(model)
    told = roofgeo("calibrate", str(model))
    assert told.returncode == 2 and "--rendered 30" in told.stderr


def test_a_data_set_without_segments_is_refused(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(RenderedPictures, "__init__", _roofs_alone(RenderedPictures.__init__))
    with pytest.raises(InputError, match="labels no roof segments"):
        calibrate(model, rendered=1)


def _roofs_alone(make):
    def made(self: RenderedPictures, count: int, pixel_size_m: float) -> None:
        make(self, count, pixel_size_m)
        self.heads = ("roof",)

    return made


def test_rendered_pictures_are_the_same_again_and_have_the_sun_on_both_sides() -> None:
    scenes = RenderedPictures(2, 0.1)
    first, second = (scenes.scene(n) for n in range(2))
    assert np.array_equal(RenderedPictures(2, 0.1).scene(0).image, first.image)
    suns = [picture.sun_azimuth_deg or 0.0 for picture in scenes.pictures]
    assert [np.cos(np.radians(sun)) < 0 for sun in suns] == [True, False]
    assert first.sun_azimuth_deg == suns[0] and second.sun_azimuth_deg == pytest.approx(suns[1])


def test_a_small_picture_takes_a_small_window() -> None:
    picture, card = RenderedPictures(1, 0.1).pictures[0], open_model(DEFAULT_MODEL).card
    assert calibration.window_px(picture, card) == 832
    assert calibration.window_px(RenderedPictures(1, 0.3).pictures[0], card) == card.tile_px
