"""Downloads from a real server on loopback come whole, or are an error that says what happened."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from roofgeo import __version__
from roofgeo.errors import DataError
from roofgeo.models import fetching
from roofgeo.models.fetching import download, shown
from tests.models.serving import Site, serving

PAGE = bytes(range(256)) * 4000


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with serving() as site:
        site.pages = {"page": PAGE, "empty": b""}
        yield site


@pytest.mark.parametrize("way", ["", "moved/", "chunked/"])
def test_what_comes_is_what_was_served(site: Site, tmp_path: Path, way: str) -> None:
    steps: list[tuple[int, int]] = []
    download(site.url(f"{way}page?key=secret"), tmp_path / "page", lambda done, total: steps.append((done, total)))
    assert (tmp_path / "page").read_bytes() == PAGE
    assert [done for done, _ in steps] == sorted(done for done, _ in steps)
    assert steps[-1] == (len(PAGE), 0 if way == "chunked/" else len(PAGE))
    assert site.agents[-1] == f"roofgeo/{__version__}"


def test_an_empty_page_is_an_empty_file(site: Site, tmp_path: Path) -> None:
    download(site.url("empty"), tmp_path / "empty")
    assert (tmp_path / "empty").read_bytes() == b""


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("nonesuch", "the server says 404 Not Found"),
        ("broken/page", f"the connection broke after {len(PAGE) // 2} of {len(PAGE)} bytes"),
        ("cut/page", "broke off"),
        ("away/page", "the server says 302"),
    ],
)
def test_what_does_not_come_whole_is_an_error(site: Site, tmp_path: Path, path: str, said: str) -> None:
    with pytest.raises(DataError, match=said) as error:
        download(site.url(f"{path}?key=secret"), tmp_path / "page")
    assert error.value.hint and "secret" not in error.value.message


@pytest.mark.parametrize("way", ["", "chunked/"])
def test_nothing_larger_than_the_limit_is_taken(site: Site, tmp_path: Path, way: str) -> None:
    with pytest.raises(DataError, match="larger than"):
        download(site.url(f"{way}page"), tmp_path / "page", limit_bytes=len(PAGE) - 1)
    assert not (tmp_path / "page").exists() or (tmp_path / "page").stat().st_size < len(PAGE)
    download(site.url(f"{way}page"), tmp_path / "page", limit_bytes=len(PAGE))


def test_an_offline_machine_is_told_what_to_do(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(DataError, match="cannot be reached") as error:
        download(f"http://127.0.0.1:{port}/model.zip", tmp_path / "page")
    assert "online" in error.value.hint and "path" in error.value.hint


def test_a_name_nobody_knows_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> list[object]:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    for name in ("http_proxy", "HTTP_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(DataError, match=r"http://models\.invalid/a\.zip cannot be reached: .*not known"):
        download("http://models.invalid/a.zip", tmp_path / "page")


def test_a_server_that_says_nothing_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "TIMEOUT_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(DataError, match="timed out"):
        download(f"http://127.0.0.1:{silent.getsockname()[1]}/model.zip", tmp_path / "page")


@pytest.mark.parametrize("url", ["http://", "http://[::1/a.zip", "http://host:port/a.zip"])
def test_what_is_no_address_is_told(tmp_path: Path, url: str) -> None:
    with pytest.raises(DataError):
        download(url, tmp_path / "page")


def test_secrets_of_an_address_are_not_shown() -> None:
    assert shown("https://me:word@host:8080/a/b.zip?sig=key#x") == "https://host:8080/a/b.zip"
