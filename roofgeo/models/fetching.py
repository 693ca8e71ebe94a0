"""Download a file over HTTP or HTTPS, with what the standard library has."""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from roofgeo import __version__
from roofgeo.errors import DataError

LIMIT_BYTES: Final = 2_000_000_000
"""The largest model that is taken, as a download and unpacked: a hundred times one of the package."""

TIMEOUT_S: Final = 30.0
"""How long a server may say nothing."""

_CHUNK_BYTES = 1 << 18

_AWAY = "Is this machine online? Or fetch the file on another one, and give its path instead of the address."

Told = Callable[[int, int], None]
"""Called with the bytes that have come, and the bytes there are in all; 0 if the server does not tell."""


def is_url(source: str) -> bool:
    """True if it is the address of something to download."""
    return source.lower().startswith(("http://", "https://"))


def download(url: str, path: Path, told: Told | None = None, limit_bytes: int = LIMIT_BYTES) -> None:
    """Write what an address gives into a file; what is left of it after an error is not whole.

    Raises:
        DataError: It cannot be had, did not come whole, or is too large.
    """
    try:
        request = urllib.request.Request(url, headers={"User-Agent": f"roofgeo/{__version__}"})
        answer = urllib.request.urlopen(request, timeout=TIMEOUT_S)
    except urllib.error.HTTPError as error:
        raise DataError(f"{shown(url)}: the server says {error.code} {error.reason}", "Check the address.") from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise _broken(url, "cannot be reached", error) from error
    with answer:
        _receive(answer, path, url, told, limit_bytes)


def shown(url: str) -> str:
    """An address without user, password, query and fragment, which may be secret."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "the address"
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def _receive(answer: http.client.HTTPResponse, path: Path, url: str, told: Told | None, limit_bytes: int) -> None:
    length = answer.headers.get("Content-Length", "")
    total, done = int(length) if length.isdecimal() else 0, 0
    too_large = DataError(f"{shown(url)} is larger than {limit_bytes / 1e9:g} GB", "Is it a model of roofgeo?")
    if total > limit_bytes:
        raise too_large
    with path.open("wb") as file:
        for chunk in _chunks(answer, url):
            done += len(chunk)
            if done > limit_bytes:
                raise too_large
            file.write(chunk)
            if told is not None:
                told(done, total)
    if done < total:  # read() says nothing of it
        raise DataError(f"{shown(url)}: the connection broke after {done} of {total} bytes", "Try again.")


def _chunks(answer: http.client.HTTPResponse, url: str) -> Iterator[bytes]:
    try:
        while chunk := answer.read(_CHUNK_BYTES):
            yield chunk
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise _broken(url, "broke off", error) from error


def _broken(url: str, what: str, error: Exception) -> DataError:
    reason = getattr(error, "reason", error)
    return DataError(f"{shown(url)} {what}: {str(reason) or type(reason).__name__}", _AWAY)
