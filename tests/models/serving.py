"""A real HTTP server on loopback, which can also misbehave."""

from __future__ import annotations

import io
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class Site(ThreadingHTTPServer):
    """Serves `pages`; paths that begin with /broken/, /chunked/, /cut/, /moved/, /away/ get their page in that way."""

    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.pages: dict[str, bytes] = {}
        self.agents: list[str | None] = []

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server_port}/{path}"


class _Handler(BaseHTTPRequestHandler):
    server: Site
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.server.agents.append(self.headers["User-Agent"])
        self.close_connection = True
        way, _, name = self.path.partition("?")[0].lstrip("/").rpartition("/")
        page = self.server.pages.get(name)
        if page is None:
            self.send_error(404)
            return
        if way in ("moved", "away"):
            self.send_response(302)
            self.send_header("Location", f"/{name}" if way == "moved" else "file:///etc/hostname")
            self.end_headers()
            return
        self.send_response(200)
        if way in ("chunked", "cut"):
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.wfile.write(f"{len(page):x}\r\n".encode() + (page[: len(page) // 2] if way == "cut" else page))
            self.wfile.write(b"" if way == "cut" else b"\r\n0\r\n\r\n")
            return
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page[: len(page) // 2] if way == "broken" else page)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def serving() -> Iterator[Site]:
    """A server that runs in a thread."""
    site = Site()
    thread = threading.Thread(target=site.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield site
    finally:
        site.shutdown()
        site.server_close()
        thread.join()


def zip_of(folder: Path, within: str = "") -> bytes:
    """A .zip of a folder's files, within another folder of the archive."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for path in sorted(folder.iterdir()):
            archive.write(path, f"{within}{path.name}")
    return content.getvalue()


def tar_of(folder: Path, mode: str = "w", within: str = "") -> bytes:
    """A .tar of a folder's files, packed as `tarfile` says by its mode, within another folder of the archive."""
    content = io.BytesIO()
    with tarfile.open(mode=mode, fileobj=content) as archive:
        for path in sorted(folder.iterdir()):
            archive.add(path, f"{within}{path.name}")
    return content.getvalue()
