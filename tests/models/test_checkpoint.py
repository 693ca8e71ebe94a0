"""Models are verified before they are used, and can hold no code."""

from __future__ import annotations

import json
import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from roofgeo.errors import ModelError
from roofgeo.models.backends import OnnxNetwork
from roofgeo.models.checkpoint import (
    CARD,
    DEFAULT_MODEL,
    ONNX,
    WEIGHTS,
    Model,
    load_network,
    open_model,
    read_card,
    shipped_models,
)

SHIPPED_LIMIT_BYTES = 70_000_000
"""Of all models together."""


@pytest.fixture
def copy(small_model: Model, tmp_path: Path) -> Path:
    return Path(shutil.copytree(small_model.folder, tmp_path / "copy"))


def test_onnx_gives_what_torch_gives(small_model: Model) -> None:
    network = load_network(small_model.folder)
    image = np.random.default_rng(0).integers(0, 256, (3, 96, 128), dtype=np.uint8)
    with torch.no_grad():
        expected = network(torch.from_numpy(image)[None].float(), torch.tensor([[1.0, 1.0, 0.0, -1.0, 1.0]]))
    found = OnnxNetwork(small_model, threads=1).predict(image, 0.2, 180.0)
    np.testing.assert_allclose(found, expected[0].numpy(), atol=5e-3, rtol=1e-3)


def test_a_model_is_found_by_folder_and_by_file(small_model: Model) -> None:
    for path in (small_model.folder, small_model.onnx_path):
        assert open_model(path).card.sha256 == small_model.card.sha256


def test_shipped_models_are_whole_and_small() -> None:
    for name, folder in shipped_models().items():
        card = open_model(name).card
        assert card.name == name and card.licence and card.trained_on and card.figures
        assert (folder / "MODEL_CARD.md").read_text(encoding="utf-8").startswith(f"# {name}\n")
    files = [folder / file for folder in shipped_models().values() for file in (ONNX, WEIGHTS)]
    assert sum(file.stat().st_size for file in files) <= SHIPPED_LIMIT_BYTES


def test_only_what_may_be_sold_is_called_open() -> None:
    cards = {name: read_card(folder) for name, folder in shipped_models().items()}
    assert cards["open"].commercial
    assert not cards["research"].commercial


def test_the_free_model_is_the_usual_one_where_it_is_nearly_as_good() -> None:
    """At least nine tenths of the other's figures, on tiles that neither has seen."""
    free, other = (read_card(shipped_models()[name]).figures["RID, seven tiles"] for name in ("open", "research"))
    shares = [free[figure] / other[figure] for figure in ("roof_iou", "miou_18", "segment_f")]
    shares.append(other["azimuth_mae_deg"] / free["azimuth_mae_deg"])
    assert ("open" if min(shares) >= 0.9 else "research") == DEFAULT_MODEL


def test_unknown_model_lists_the_known() -> None:
    with pytest.raises(ModelError, match="nonesuch") as error:
        open_model("nonesuch")
    assert all(name in error.value.hint for name in shipped_models())


@pytest.mark.parametrize("filename", [ONNX, WEIGHTS])
def test_damage_is_noticed(copy: Path, filename: str) -> None:
    damaged = bytearray((copy / filename).read_bytes())
    damaged[len(damaged) // 2] ^= 1
    (copy / filename).write_bytes(damaged)
    with pytest.raises(ModelError, match="damaged"):
        open_model(copy)


@pytest.mark.parametrize("card", ["{", "[]", '{"name": "x"}'])
def test_broken_card_is_named(copy: Path, card: str) -> None:
    (copy / CARD).write_text(card)
    with pytest.raises(ModelError, match=CARD):
        open_model(copy)


def test_other_contract_is_refused(copy: Path) -> None:
    card = json.loads((copy / CARD).read_text())
    (copy / CARD).write_text(json.dumps({**card, "contract": 99}))
    with pytest.raises(ModelError, match="contract 99"):
        open_model(copy)


class Bomb:
    """Runs when unpickled."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (exec, ("raise SystemExit('the model ran code')",))


@pytest.mark.parametrize("suffix", [".pt", ".pth", ".ckpt", ".pkl"])
def test_files_that_may_hold_code_are_never_opened(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"model{suffix}"
    path.write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(ModelError, match="hold code"):
        open_model(path)


def test_pickle_under_another_name_is_never_opened(copy: Path) -> None:
    (copy / ONNX).write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(ModelError, match="damaged"):
        open_model(copy)


def test_model_without_the_network_s_file(copy: Path) -> None:
    (copy / ONNX).unlink()
    with pytest.raises(ModelError, match=ONNX):
        open_model(copy)


def test_the_card_says_which_pictures_the_model_knows(small_model: Model, copy: Path) -> None:
    assert open_model().card.source_pixel_size_m == (0.05, 0.3)
    card = json.loads((copy / CARD).read_text())
    (copy / CARD).write_text(json.dumps({**card, "source_pixel_size_m": [0.1, 0.2]}))
    assert open_model(copy).card.source_pixel_size_m == (0.1, 0.2)
    del card["source_pixel_size_m"]
    (copy / CARD).write_text(json.dumps(card))
    assert open_model(copy).card.source_pixel_size_m == small_model.card.source_pixel_size_m


def test_a_card_tells_how_confidence_is_calibrated(copy: Path) -> None:
    card = json.loads((copy / CARD).read_text())
    assert open_model(copy).card.platt == (1.0, 0.0)
    (copy / CARD).write_text(json.dumps({**card, "calibration": {"slope": 2, "offset": -0.5}}))
    assert open_model(copy).card.platt == (2.0, -0.5)


@pytest.mark.parametrize("calibration", [{"slope": -1}, {"slope": "steep"}, {"offset": float("nan")}, [1, 2]])
def test_a_calibration_that_is_none_is_named(copy: Path, calibration: object) -> None:
    card = json.loads((copy / CARD).read_text())
    (copy / CARD).write_text(json.dumps({**card, "calibration": calibration}))
    with pytest.raises(ModelError, match=r"card\.json is no model card"):
        open_model(copy)


def test_whoever_may_read_the_network_may_read_its_weights(small_model: Model) -> None:
    assert (small_model.folder / WEIGHTS).stat().st_mode == (small_model.folder / ONNX).stat().st_mode
