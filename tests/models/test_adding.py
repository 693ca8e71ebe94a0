"""A model that is added is whole and known by its name; one that cannot be added leaves nothing."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from roofgeo.errors import DataError, InputError, ModelError, OutputError
from roofgeo.models import adding, library
from roofgeo.models.adding import add_model, remove_model
from roofgeo.models.checkpoint import CARD, ITEM, ONNX, Model, open_model, read_card, write_card
from tests.models.serving import Site, serving, tar_of, zip_of


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's folder, which does not exist yet."""
    folder = tmp_path / "data" / "models"
    monkeypatch.setenv(library.VARIABLE, str(folder))
    return folder


@pytest.fixture(scope="module")
def site(small_model: Model) -> Iterator[Site]:
    with serving() as site:
        site.pages = {
            "small.zip": zip_of(small_model.folder),
            "small.tar.gz": tar_of(small_model.folder, "w:gz", "small/"),
            "page": b"<html>Sign in</html>",
        }
        yield site


@pytest.fixture
def copy(small_model: Model, tmp_path: Path) -> Path:
    return Path(shutil.copytree(small_model.folder, tmp_path / "copy"))


def left(place: Path) -> list[str]:
    return sorted(path.name for path in place.iterdir()) if place.exists() else []


def test_a_folder_is_added_under_the_name_of_its_card(copy: Path, place: Path) -> None:
    model = add_model(str(copy))
    shutil.rmtree(copy)
    assert model.folder == place / "small"
    assert open_model("small").card == model.card
    assert left(place) == ["small"]


def test_a_model_is_added_under_another_name(small_model: Model, place: Path) -> None:
    model = add_model(str(small_model.folder), "mine.2")
    assert model.card == dataclasses.replace(read_card(small_model.folder), name="mine.2")
    assert open_model("mine.2").sha256 == small_model.sha256
    assert json.loads((place / "mine.2" / ITEM).read_text())["properties"]["mlm:name"] == "mine.2"
    assert open_model(small_model.folder).card.name == "small"


@pytest.mark.parametrize("path", ["small.zip", "small.tar.gz", "moved/small.zip"])
def test_a_model_is_added_from_a_server(site: Site, small_model: Model, place: Path, path: str) -> None:
    steps: list[tuple[int, int]] = []
    digest = hashlib.sha256(site.pages[path.rpartition("/")[2]]).hexdigest()
    model = add_model(site.url(path), sha256=digest.upper(), told=lambda done, total: steps.append((done, total)))
    assert model.sha256 == small_model.sha256 and open_model("small").folder == model.folder
    assert steps[-1][0] == steps[-1][1] > 0
    assert left(place) == ["small"]


def test_a_model_is_added_from_an_archive(site: Site, tmp_path: Path, place: Path) -> None:
    archive = tmp_path / "small.zip"
    archive.write_bytes(site.pages["small.zip"])
    add_model(str(archive), sha256=hashlib.sha256(site.pages["small.zip"]).hexdigest())
    assert left(place) == ["small"]


@pytest.mark.parametrize(
    ("path", "error", "said"),
    [
        ("nonesuch.zip", DataError, "404"),
        ("broken/small.zip", DataError, "broke after"),
        ("cut/small.zip", DataError, "broke off"),
        ("page", ModelError, r"/page is no \.zip"),
    ],
)
def test_a_download_that_fails_leaves_nothing(
    site: Site, place: Path, path: str, error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said) as raised:
        add_model(site.url(path))
    assert str(place) not in str(raised.value)
    assert left(place) == []


def test_another_file_than_was_meant_is_refused(site: Site, place: Path) -> None:
    with pytest.raises(ModelError, match=rf"{site.url('small.zip')} is another file"):
        add_model(site.url("small.zip"), sha256="0" * 64)
    assert left(place) == []


def test_a_model_that_is_not_what_its_card_says_is_refused(copy: Path, place: Path) -> None:
    with (copy / ONNX).open("r+b") as file:
        file.write(b"\0")
    with pytest.raises(ModelError, match=rf"{copy}/{ONNX} is damaged"):
        add_model(str(copy))
    assert left(place) == []


def test_a_model_that_cannot_be_used_is_refused(small_model: Model, copy: Path, place: Path) -> None:
    (copy / ONNX).write_bytes(b"no network")
    write_card(small_model.card, copy)  # its hashes are right
    with pytest.raises(ModelError, match=rf"{copy}/{ONNX} cannot be used"):
        add_model(str(copy))
    assert left(place) == []


def test_a_name_that_is_taken_is_refused_before_anything_is_fetched(site: Site, small_model: Model) -> None:
    add_model(str(small_model.folder))
    asked = len(site.agents)
    for name in ("research", "small"):
        with pytest.raises(InputError, match=f"a model {name} already"):
            add_model(site.url("small.zip"), name)
    assert len(site.agents) == asked
    with pytest.raises(InputError, match="a model small already"):
        add_model(str(small_model.folder))


@pytest.mark.parametrize("name", ["", ".", "..", "../x", "a/b", "a\\b", ".hidden", "with space", "-x"])
def test_a_name_is_no_path(small_model: Model, place: Path, name: str) -> None:
    with pytest.raises(InputError, match="cannot be named"):
        add_model(str(small_model.folder), name)
    card = json.loads((small_model.folder / CARD).read_text())
    assert card["name"] == "small"
    assert left(place) == []


def test_the_name_of_a_strange_card_is_no_path_either(small_model: Model, copy: Path, tmp_path: Path) -> None:
    write_card(dataclasses.replace(small_model.card, name="../../outside"), copy)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(InputError, match="cannot be named"):
        add_model(str(copy))
    assert [path for path in sorted(tmp_path.rglob("*")) if path not in before and path.name != "models"] == [
        tmp_path / "data"
    ]


@pytest.mark.parametrize(
    ("source", "sha256", "said"),
    [
        ("nonesuch", None, "there is no nonesuch"),
        ("ftp://me:word@host/a.zip", None, "ftp://host/a.zip is no http or https address"),
        ("s3://bucket/a.zip", None, "no http or https"),
        (".", "00", "no SHA-256"),
        (".", "0" * 64, "is a folder"),
    ],
)
def test_what_cannot_be_asked_is_told(source: str, sha256: str | None, said: str, place: Path) -> None:
    with pytest.raises(InputError, match=said):
        add_model(source, sha256=sha256)
    assert not place.exists()


def test_a_folder_that_cannot_be_written_is_told(
    small_model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv(library.VARIABLE, str(tmp_path / "file" / "models"))
    with pytest.raises(OutputError, match="cannot be written") as error:
        add_model(str(small_model.folder))
    assert library.VARIABLE in error.value.hint


def test_a_full_disk_is_told(small_model: Model, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shutil, "copyfile", full)
    with pytest.raises(OutputError, match="No space left"):
        add_model(str(small_model.folder))
    assert left(place) == []


@pytest.mark.parametrize("stopped_with", [signal.SIGINT, signal.SIGKILL])
def test_an_add_that_is_stopped_leaves_no_model(
    small_model: Model, place: Path, stopped_with: signal.Signals, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = (
        "import sys, time\nfrom roofgeo.models import adding\n"
        "def slow(folder):\n    print('unpacked', flush=True)\n    time.sleep(60)\n"
        "adding._tried = slow\n"
        "adding.add_model(sys.argv[1])\n"
    )
    command = [sys.executable, "-c", code, str(small_model.folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None and process.stdout.readline() == "unpacked\n"
        assert left(place) and library.added_models() == {}
        process.send_signal(stopped_with)
    assert library.added_models() == {}
    for name in left(place):  # only what was killed leaves something, which the next one a day later removes
        assert stopped_with == signal.SIGKILL
        old = time.time() - 2 * adding._FORGOTTEN_S
        os.utime(place / name, (old, old))
    add_model(str(small_model.folder))
    assert left(place) == ["small"]


def test_a_model_that_was_added_can_be_removed(small_model: Model, place: Path) -> None:
    add_model(str(small_model.folder))
    (place / "small" / CARD).write_text("{")  # also one that is damaged
    assert remove_model("small") == place / "small"
    assert left(place) == []
    with pytest.raises(ModelError, match="no model 'small'"):
        remove_model("small")


def test_nothing_else_can_be_removed(small_model: Model, copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="comes with roofgeo"):
        remove_model("research")
    with pytest.raises(InputError, match="a folder of yours"):
        remove_model(str(copy))
    assert open_model("research") and open_model(copy)
