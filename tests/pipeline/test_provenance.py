"""What outputs say of how they came about."""

from __future__ import annotations

import shlex
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roofgeo.pipeline import predict
from roofgeo.pipeline.provenance import call_text, command_text, without_secrets

SECRET = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1).map(
    lambda text: quote(f"S{text}S", safe="")
)


@pytest.mark.parametrize(
    ("given_text", "told"),
    [
        ("https://user:word@tiles.org/a.tif?token=1", "https://tiles.org/a.tif"),
        ("https://user@tiles.org/a.tif#access_token=1", "https://tiles.org/a.tif"),
        ("https://user:w#r/d?@tiles.org/a.tif", "https://tiles.org/a.tif"),
        ("https://tiles.org:8080/{z}/{x}@2x.png?key=1&b=2", "https://tiles.org:8080/{z}/{x}@2x.png"),
        ("/vsicurl/https://tiles.org/a.tif?sig=1", "/vsicurl/https://tiles.org/a.tif"),
        ("/vsicurl?header.Authorization=Bearer%201&url=https%3A%2F%2Ftiles.org", "/vsicurl"),
        ("/vsiaz/c/x.tif?sv=1&sig=2", "/vsiaz/c/x.tif"),
        ("/vsizip//vsiaz/c/x y.zip/z.tif?sig=a b", "/vsizip//vsiaz/c/x y.zip/z.tif"),
        ("https://tiles.org/my town/a b.tif?key=1", "https://tiles.org/my town/a b.tif"),
        ("https://tiles.org/a.tif?key=1 2'3", "https://tiles.org/a.tif"),
        ("https://user:my word@tiles.org/a.tif", "https://tiles.org/a.tif"),
        (
            "<A>https://tiles.org/a b?key=1 2</A><B>https://user:w@b.org/c</B>",
            "<A>https://tiles.org/a b</A><B>https://b.org/c</B>",
        ),
        ("--imagery=s3://key:secret@bucket/a.tif", "--imagery=s3://bucket/a.tif"),
        ("<ServerUrl>https://tiles.org/wms?key=1</ServerUrl>", "<ServerUrl>https://tiles.org/wms</ServerUrl>"),
        ("C:\\pictures\\a?b@c.tif", "C:\\pictures\\a?b@c.tif"),
        ("Köln/屋根.tif", "Köln/屋根.tif"),
    ],
)
def test_urls_lose_what_may_be_secret(given_text: str, told: str) -> None:
    assert without_secrets(given_text) == told


@given(user=SECRET, word=SECRET, query=SECRET)
def test_no_secret_of_a_url_gets_through(user: str, word: str, query: str) -> None:
    address = f"https://{user}:{word}@tiles.org/a.tif?{query}#{word}"
    told = [command_text(["roofgeo", "predict", "--imagery", address])]
    told.append(call_text(predict, {"imagery": address, "aoi": Path("area.geojson")}))
    assert told[0] == "roofgeo predict --imagery https://tiles.org/a.tif"
    assert told[1] == "roofgeo.predict(aoi='area.geojson', imagery='https://tiles.org/a.tif')"


@given(st.lists(st.text(st.characters(exclude_characters=":?"), min_size=1)))
def test_a_command_can_be_given_again(words: list[str]) -> None:
    assert shlex.split(command_text(words)) == words


def test_a_call_tells_what_is_not_at_its_default() -> None:
    arguments = {
        "imagery": "ortho.tif", "output": "roofs", "clip": True, "formats": ("geojson",),
        "progress": print, "command": None, "elsewhere": 1,
    }  # fmt: skip
    assert call_text(predict, arguments) == "roofgeo.predict(imagery='ortho.tif', clip=True, formats=('geojson',))"
