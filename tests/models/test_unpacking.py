"""Only a model's own files come out of a folder or an archive, whatever else it holds."""

from __future__ import annotations

import io
import pickle
import shutil
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from roofgeo.errors import ModelError
from roofgeo.models.card import CARD, ITEM, ONNX, WEIGHTS
from roofgeo.models.unpacking import copy_model, unpack_model
from tests.models.serving import tar_of, zip_of

CONTENT = {CARD: b"{}", ONNX: b"network" * 3000, WEIGHTS: b"weights" * 3000, ITEM: b"{}", "MODEL_CARD.md": b"# m\n"}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A folder with a model's files, and with others."""
    folder = tmp_path / "source"
    folder.mkdir()
    for name, content in CONTENT.items():
        (folder / name).write_bytes(content)
    (folder / "checkpoint.pt").write_bytes(pickle.dumps([1]))
    (folder / "setup.py").write_text("raise SystemExit")
    return folder


@pytest.fixture
def target(tmp_path: Path) -> Path:
    folder = tmp_path / "target"
    folder.mkdir()
    return folder


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_folder_gives_its_model(source: Path, target: Path) -> None:
    copy_model(source, target)
    assert files(target) == CONTENT


@pytest.mark.parametrize("within", ["", "./", "mine/", "a/b/"])
@pytest.mark.parametrize(
    "pack",
    [
        lambda folder, within: zip_of(folder, within),
        lambda folder, within: tar_of(folder, "w", within),
        lambda folder, within: tar_of(folder, "w:gz", within),
        lambda folder, within: tar_of(folder, "w:xz", within),
        lambda folder, within: tar_of(folder, "w:bz2", within),
    ],
    ids=["zip", "tar", "tar.gz", "tar.xz", "tar.bz2"],
)
def test_an_archive_gives_its_model_at_any_depth(
    source: Path, target: Path, pack: Callable[[Path, str], bytes], within: str
) -> None:
    archive = source.parent / "archive"
    archive.write_bytes(pack(source, within))
    unpack_model(archive, target)
    assert files(target) == CONTENT


@pytest.mark.parametrize(
    "path", ["../card.json", "a/../../card.json", "/tmp/card.json", "..\\card.json", "C:card.json"]
)
@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_a_path_that_leads_out_is_refused(source: Path, target: Path, path: str, kind: str) -> None:
    archive = source.parent / "archive"
    if kind == "zip":
        archive.write_bytes(zip_of(source))
        with zipfile.ZipFile(archive, "a") as opened:
            opened.writestr(path, "{}")
    else:
        archive.write_bytes(tar_of(source))
        with tarfile.open(archive, "a") as opened:
            opened.addfile(tarfile.TarInfo(path))
    before = files(source.parent)
    with pytest.raises(ModelError, match="leads out"):
        unpack_model(archive, target)
    assert files(source.parent) == before


def test_links_of_a_tar_are_not_followed(source: Path, target: Path) -> None:
    archive = source.parent / "archive.tar"
    secret = source.parent / "secret"
    secret.write_bytes(b"secret")
    with tarfile.open(archive, "w") as opened:
        opened.add(source / CARD, CARD)
        link = tarfile.TarInfo(ONNX)
        link.type, link.linkname = tarfile.SYMTYPE, str(secret)
        opened.addfile(link)
    unpack_model(archive, target)
    assert files(target) == {CARD: b"{}"}


@pytest.mark.parametrize("kind", ["zip", "tar.gz"])
def test_what_would_unpack_to_more_than_the_limit_is_refused(source: Path, target: Path, kind: str) -> None:
    (source / "zeros").write_bytes(bytes(5_000_000))
    archive = source.parent / "archive"
    if kind == "zip":
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as opened:
            for path in source.iterdir():
                opened.write(path, path.name)
    else:
        archive.write_bytes(tar_of(source, "w:gz"))
    assert archive.stat().st_size < 100_000
    with pytest.raises(ModelError, match="more than"):
        unpack_model(archive, target, limit_bytes=1_000_000)
    assert files(target) == {}


@pytest.mark.parametrize("content", [b"", b"<html>404</html>", b"PK\x03\x04" + bytes(60)])
def test_what_is_no_archive_is_told(source: Path, target: Path, content: bytes) -> None:
    archive = source.parent / "archive"
    archive.write_bytes(content)
    with pytest.raises(ModelError, match=r"no \.zip and no \.tar"):
        unpack_model(archive, target)


@pytest.mark.parametrize("mode", ["zip", "w:gz", "w:xz", "w:bz2"])
def test_damage_is_told(source: Path, target: Path, mode: str) -> None:
    archive = source.parent / "archive"
    content = bytearray(zip_of(source) if mode == "zip" else tar_of(source, mode))
    for place in range(len(content) // 3, len(content) // 3 + 40):
        content[place] ^= 0x55
    archive.write_bytes(content)
    with pytest.raises(ModelError, match=r"cannot be unpacked|no \.zip and no \.tar|holds no model"):
        unpack_model(archive, target)


def test_an_encrypted_archive_is_told(source: Path, target: Path) -> None:
    content = bytearray(zip_of(source))
    at = content.find(b"PK\x01\x02")
    while at >= 0:  # the flag of an encrypted entry, in its own header and in the directory
        content[at + 8] |= 1
        at = content.find(b"PK\x01\x02", at + 1)
    at = content.find(b"PK\x03\x04")
    while at >= 0:
        content[at + 6] |= 1
        at = content.find(b"PK\x03\x04", at + 1)
    archive = source.parent / "archive.zip"
    archive.write_bytes(content)
    with pytest.raises(ModelError, match=r"cannot be unpacked.*encrypted"):
        unpack_model(archive, target)


def test_an_archive_without_a_model_or_with_several_is_told(source: Path, target: Path) -> None:
    archive = source.parent / "archive.zip"
    for names, said in ((["notes.txt"], "no model"), (["a/card.json", "b/card.json"], "several models")):
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w") as opened:
            for name in names:
                opened.writestr(name, "{}")
        archive.write_bytes(content.getvalue())
        with pytest.raises(ModelError, match=said):
            unpack_model(archive, target)


def test_a_folder_without_a_card_is_told(source: Path, target: Path) -> None:
    (source / CARD).unlink()
    with pytest.raises(ModelError, match=f"no {CARD}"):
        copy_model(source, target)


def test_a_full_disk_is_not_taken_for_a_damaged_archive(
    source: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = source.parent / "archive.zip"
    archive.write_bytes(zip_of(source))

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shutil, "copyfileobj", full)
    with pytest.raises(OSError, match="No space left"):
        unpack_model(archive, target)
