"""roofgeo is installed by the real pip into real environments: the real wheel once, else a tiny one."""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from roofgeo_qgis import pythons
from roofgeo_qgis.command import Cancelled, CommandError, run_command
from roofgeo_qgis.finding import ask, find, installed_command
from roofgeo_qgis.installation import index_of, install, requirement_of
from roofgeo_qgis.log import Log
from roofgeo_qgis.pip import Steps, package_name, pip_install
from roofgeo_qgis.process import never
from roofgeo_qgis.pythons import system_pythons

from tests.qgis_plugin.fakes import FOLDER, CancelWhen, is_alive, wait_until, write_script

ROOT = Path(__file__).resolve().parents[2]
INFO = "print(json.dumps({'event': 'result', 'version': '%s', 'where': sys.prefix}))"


def make_wheel(folder: Path, version: str, name: str = "roofgeo", body: str = INFO, requires: str = "") -> Path:
    """A wheel that pip takes for a package of that name, with a command roofgeo if that is its name."""
    wheel = folder / f"{name}-{version}-py3-none-any.whl"
    folder.mkdir(parents=True, exist_ok=True)
    body = body % version if "%s" in body else body
    files = {
        f"{name}/__init__.py": f"import json, os, sys, time\ndef main():\n    {body}\n",
        f"{name}-{version}.dist-info/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{requires}",
        f"{name}-{version}.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    if name == "roofgeo":
        files[f"{name}-{version}.dist-info/entry_points.txt"] = "[console_scripts]\nroofgeo = roofgeo:main\n"
    record = f"{name}-{version}.dist-info/RECORD"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
        archive.writestr(record, "".join(f"{path},,\n" for path in (*files, record)))
    return wheel


class _Handler(SimpleHTTPRequestHandler):
    """Serves a folder; what lies under "slow" drips."""

    def log_message(self, *_: object) -> None:
        pass

    def copyfile(self, source: object, outputfile: object) -> None:
        if "/slow/" not in self.path:
            super().copyfile(source, outputfile)  # type: ignore[arg-type]
            return
        for _ in range(600):
            try:
                self.wfile.write(b"x")
                self.wfile.flush()
            except OSError:
                return
            time.sleep(0.1)


class Server:
    """A web server on this machine; its folder is a package index under /simple."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Handler, directory=str(folder)))
        self.http.daemon_threads = True
        self.address = f"http://127.0.0.1:{self.http.server_address[1]}"
        self.index = f"{self.address}/simple"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def offer(self, version: str, name: str = "roofgeo", body: str = INFO, requires: str = "") -> None:
        """Put a package into the index."""
        folder = self.folder / "simple" / name
        make_wheel(folder, version, name, body, requires)
        links = "".join(f'<a href="{path.name}">{path.name}</a>' for path in folder.glob("*.whl"))
        (folder / "index.html").write_text(f"<html><body>{links}</body></html>")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Callable[[str], Server]]:
    """Starts a web server."""
    servers: list[Server] = []

    def start(name: str) -> Server:
        (tmp_path / "served" / name / "simple").mkdir(parents=True)
        servers.append(Server(tmp_path / "served" / name))
        return servers[-1]

    yield start
    for one in servers:
        one.http.shutdown()
        one.http.server_close()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The private folder; pip has no settings but these, and its temporary files would be seen."""
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    for name, value in {"CONFIG_FILE": os.devnull, "NO_CACHE_DIR": "1", "RETRIES": "1", "NO_INDEX": "1"}.items():
        monkeypatch.setenv(f"PIP_{name}", value)
    (tmp_path / "tmp").mkdir()
    for name in ("TMPDIR", "TEMP", "TMP"):
        monkeypatch.setenv(name, str(tmp_path / "tmp"))
    return tmp_path / FOLDER / "roofgeo"


@pytest.fixture
def python() -> Path:
    """One Python for the tests that do not look for it."""
    return Path(sys.executable) if sys.version_info >= (3, 11) else system_pythons()[0]


def _nothing_left(folder: Path) -> bool:
    return wait_until(lambda: not folder.exists() and os.listdir(folder.parents[1] / "tmp") == [])


def _fraction_steps(told: list[tuple[float, str]]) -> None:
    fractions = [fraction for fraction, _ in told]
    assert fractions == sorted(fractions)
    assert fractions[0] == 0.0 and fractions[-1] == 1.0 and fractions.count(1.0) == 1
    assert len(set(fractions)) > 4


# Pythons.


def test_the_pythons_of_the_system_are_new_enough_and_none_comes_twice() -> None:
    found = system_pythons()
    assert found
    assert len({os.path.realpath(path) for path in found}) == len(found)
    for path in found:
        code = "import sys, venv, ensurepip; print(sys.version_info >= (3, 11), sys.prefix == sys.base_prefix)"
        said = subprocess.run([str(path), "-c", code], capture_output=True, text=True, check=True).stdout
        assert said.split() == ["True", "True"]


@pytest.mark.parametrize(
    "place",
    ["QGIS-LTR.app/Contents/MacOS/bin", "OSGeo4W64/apps/Python312", "QGIS 3.40.1/bin", "image/usr/bin", "conda/bin"],
)
def test_the_python_of_qgis_is_not_even_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    monkeypatch.setenv("APPDIR", str(tmp_path / "image"))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    started = tmp_path / "started"
    path = write_script(
        tmp_path / place / "python3",
        f"open({str(started)!r}, 'w').close(); os.execv({sys.executable!r}, [{sys.executable!r}, *sys.argv[1:]])",
    )
    if place == "conda/bin":
        write_script(path.with_name("qgis"), "")
    monkeypatch.setenv("PATH", str(path.parent))
    assert path not in system_pythons()
    assert not started.exists()
    # The same one elsewhere is started: that the file is missing above says something.
    elsewhere = tmp_path / "plain" / "python3"
    elsewhere.parent.mkdir()
    path.rename(elsewhere)
    monkeypatch.setenv("PATH", str(elsewhere.parent))
    system_pythons()
    assert started.exists()


@pytest.mark.parametrize(
    ("told", "said", "hint"),
    [
        ({"version": [3, 10]}, "3.11", "Python|python3"),
        ({"version": [2, 7]}, "3.11", "Python|python3"),
        ({"version": [3, 12], "wide": False}, "3.11", "Python|python3"),
        ({"version": [3, 12], "complete": False}, "ensurepip", "python3.12-venv"),
        ({}, "no Python", ""),
    ],
)
def test_a_python_that_will_not_do_says_what_to_install(
    folder: Path, tmp_path: Path, told: dict[str, object], said: str, hint: str
) -> None:
    answer = json.dumps({"path": "/usr/bin/python3.x", "wide": True, "complete": True, **told} if told else "?")
    path = write_script(tmp_path / "python", f"print({answer!r})")
    with pytest.raises(CommandError) as raised:
        install(folder, python=path)
    assert said in raised.value.message
    assert any(word in raised.value.hint for word in hint.split("|"))
    assert _nothing_left(folder)


def test_what_the_launcher_of_windows_prints_is_understood() -> None:
    text = (
        " -V:3.13 *        C:\\Users\\Jörg M\\AppData\\Local\\Programs\\Python\\Python313\\python.exe\r\n"
        " -V:3.12          C:\\Users\\x\\AppData\\Local\\Microsoft\\WindowsApps\\PythonSoft.3.12\\python.exe\r\n"
        " -3.11-64         D:\\py\\python3.11.exe *\r\n"
        "No runtimes\r\n"
    )
    assert pythons.launcher_paths(text) == [
        "C:\\Users\\Jörg M\\AppData\\Local\\Programs\\Python\\Python313\\python.exe",
        "D:\\py\\python3.11.exe",
    ]


# What to install from.


@pytest.mark.parametrize(
    "source",
    [
        *("roofgeo", "roofgeo==0.2", "roofgeo >= 0.2, <1", "roofgeo[parquet]>=0.2", "https://example.org/a%20b/x.whl"),
        *("git+https://example.org/x.git@v1", "roofgeo @ https://example.org/x.whl", "file:///tmp/x.whl"),
    ],
)
def test_requirements_and_addresses_are_taken_as_they_are(
    source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "roofgeo").mkdir()  # a folder of the package's name is not meant
    monkeypatch.chdir(tmp_path)
    assert requirement_of(f" {source} ") == source


def test_no_source_means_the_package_by_name() -> None:
    assert requirement_of("") == requirement_of("  ") == "roofgeo"


def test_a_wheel_and_a_folder_are_taken_by_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wheel = make_wheel(tmp_path / FOLDER, "0.2")
    monkeypatch.setenv("HOME", str(tmp_path))
    for source in (wheel, f'"{wheel}"', f"~/{FOLDER}/{wheel.name}"):
        assert requirement_of(str(source)) == str(wheel)
    assert requirement_of(str(wheel.parent)) == str(wheel.parent)


@pytest.mark.parametrize("source", ["-r /etc/passwd", "--index-url=http://x", "missing.whl", "/no/folder", "a b c"])
def test_what_is_no_source_is_refused_and_never_an_option_of_pip(source: str) -> None:
    with pytest.raises(CommandError) as raised:
        requirement_of(source)
    assert source in raised.value.message and raised.value.hint


def test_an_index_is_an_address_or_a_folder(tmp_path: Path) -> None:
    assert index_of("") == ""
    assert index_of(" https://example.org/simple ") == "https://example.org/simple"
    assert index_of(str(tmp_path)) == tmp_path.as_uri()
    with pytest.raises(CommandError):
        index_of("--pre")


# Installing.


@pytest.mark.slow
def test_a_wheel_is_installed_found_upgraded_from_an_address_and_removed(
    folder: Path, python: Path, tmp_path: Path, server: Callable[[str], Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PYTHONHOME", "PYTHONPATH", "PROJ_LIB", "PIP_TARGET", "PIP_USER"):
        monkeypatch.setenv(name, str(tmp_path / "nowhere") if name != "PIP_USER" else "1")
    told: list[tuple[float, str]] = []
    command = install(
        folder,
        str(make_wheel(tmp_path / "wheels äö", "0.2")),
        python=python,
        on_progress=lambda fraction, text: told.append((fraction, text)),
        log_path=folder / "install.log",
    )
    _fraction_steps(told)
    assert command == installed_command(folder)
    found = find("", folder)
    assert found is not None and (found.command, found.where) == ((str(command),), "private environment")
    assert ask(found.command)["version"] == "0.2"
    log = (folder / "install.log").read_text(encoding="utf-8")
    assert "-m venv" in log and "Successfully installed roofgeo-0.2" in log

    web = server("web")
    wheel = make_wheel(web.folder / "a b", "0.3")
    newer = install(folder, f"{web.address}/a%20b/{wheel.name}", python=python)
    assert ask((str(newer),))["version"] == "0.3"
    assert installed_command(folder) == newer != command
    assert wait_until(lambda: sorted(os.listdir(folder / "environments")) == ["2", "current"])
    assert not (folder / "environments" / "2" / "tmp").exists() and os.listdir(tmp_path / "tmp") == []


@pytest.mark.slow
def test_roofgeo_comes_from_the_given_index_alone_and_the_rest_from_there_or_the_usual_one(
    folder: Path, python: Path, server: Callable[[str], Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    given, usual, extra = server("given"), server("usual"), server("extra")
    given.offer("0.2", requires="Requires-Dist: partone\nRequires-Dist: parttwo\n")
    given.offer("1", "partone", "pass")
    for other in (usual, extra):
        other.offer("9.9")
        other.offer("2", "parttwo", "pass")
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.setenv("PIP_INDEX_URL", usual.index)
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", extra.index)
    monkeypatch.setenv("PIP_FIND_LINKS", str(extra.folder / "simple" / "roofgeo"))
    command = install(folder, "", given.index, python=python)
    assert ask((str(command),))["version"] == "0.2"
    packages = {path.name for path in command.parents[1].glob("[Ll]ib/**/*.dist-info")}
    assert {"roofgeo-0.2.dist-info", "partone-1.dist-info", "parttwo-2.dist-info"} <= packages


@pytest.mark.slow
def test_an_upgrade_that_fails_or_is_cancelled_leaves_the_old_one_working(
    folder: Path, python: Path, tmp_path: Path
) -> None:
    good = install(folder, str(make_wheel(tmp_path / "good", "0.2")), python=python)
    broken = str(make_wheel(tmp_path / "broken", "0.3", body="sys.exit('cannot start')"))
    for source, message in ((broken, "cannot start"), ("roofgeo==7", "does not have roofgeo==7")):
        with pytest.raises(CommandError) as raised:
            install(folder, source, python=python, log_path=tmp_path / "log")
        assert message in raised.value.message
        assert raised.value.log_path == tmp_path / "log"
        assert installed_command(folder) == good
        assert wait_until(lambda: sorted(os.listdir(folder / "environments")) == ["1", "current"])
    began = time.monotonic()
    with pytest.raises(Cancelled):
        install(folder, broken, python=python, is_cancelled=lambda: time.monotonic() - began > 1)
    assert wait_until(lambda: sorted(os.listdir(folder / "environments")) == ["1", "current"])
    assert ask((str(good),))["version"] == "0.2"
    assert os.listdir(tmp_path / "tmp") == []


@pytest.mark.slow
def test_what_pip_fails_at_is_said_with_the_way_out(
    folder: Path, tmp_path: Path, server: Callable[[str], Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    web = server("web")
    web.offer("0.1", "other", "pass")
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.setenv("PIP_INDEX_URL", web.index)
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    rare = make_wheel(tmp_path / "rare", "0.3", requires="Requires-Dist: rarelib>=2\n")
    cut = make_wheel(tmp_path / "cut", "0.3")
    cut.write_bytes(cut.read_bytes()[:200])
    secret = "http://me:secret@127.0.0.1:9/simple"
    cases = [
        (str(rare), "", "no rarelib for this Python", "Python 3.12"),
        (str(cut), "", "pip could not install", "log"),
        ("roofgeo==7", web.index, "does not have roofgeo==7", "wheel file"),
        ("roofgeo", secret, "cannot be reached", "online"),
        (f"{web.address}/missing/roofgeo-0.3-py3-none-any.whl", "", "404", "log"),
        ("roofgeo @@", "", "Invalid requirement", "log"),
    ]
    for requirement, index, message, hint in cases:
        with Log(tmp_path / "log") as log, pytest.raises(CommandError) as raised:
            pip_install(folder, requirement, index, Steps(lambda fraction, text: None), never, log)
        assert message in raised.value.message and hint in raised.value.hint, raised.value
        assert "secret" not in str(raised.value) + (tmp_path / "log").read_text(encoding="utf-8")


@pytest.mark.slow
def test_a_package_without_the_command_is_refused(folder: Path, python: Path, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="no roofgeo command"):
        install(folder, str(make_wheel(tmp_path, "0.3", name="other", body="pass")), python=python)
    assert _nothing_left(folder)


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["Making", "Fetching", "Starting"])
def test_a_cancel_takes_a_second_at_most_and_leaves_nothing(
    folder: Path, python: Path, server: Callable[[str], Server], moment: str, tmp_path: Path
) -> None:
    web = server("web")
    source = f"{web.address}/slow/{make_wheel(web.folder / 'slow', '0.2').name}"
    pid = tmp_path / "pid"
    if moment == "Starting":
        source = str(
            make_wheel(tmp_path, "0.2", body=f"open({str(pid)!r}, 'w').write(str(os.getpid())); time.sleep(600)")
        )
    told: list[tuple[float, str]] = []
    since: list[float] = []

    def hear(fraction: float, text: str) -> None:
        told.append((fraction, text))
        if text.startswith(moment):
            since.append(time.monotonic())

    cancel = CancelWhen(lambda: bool(since) and time.monotonic() - since[0] > 0.7)
    with pytest.raises(Cancelled):
        install(folder, source, python=python, on_progress=hear, is_cancelled=cancel)
    assert cancel.seconds_ago() < 1.0
    assert told[-1][1].startswith(moment)
    assert _nothing_left(folder)
    if moment == "Starting":
        assert wait_until(lambda: not is_alive(int(pid.read_text())), 0.2)


@pytest.mark.parametrize(
    "what",
    ["numpy>=2", "numpy", "numpy[x]", "/a b/numpy-2.4.6-cp311-manylinux.whl", "numpy-2.whl.metadata", "numpy-2.tar.gz"],
)
def test_what_pip_fetches_is_told_by_name(what: str) -> None:
    assert package_name(what) == "numpy"


def test_a_folder_that_cannot_be_written_says_so(folder: Path, python: Path) -> None:
    folder.parent.mkdir()
    folder.write_text("a file lies where the folder should be")
    with pytest.raises(CommandError) as raised:
        install(folder, python=python)
    assert str(folder) in raised.value.message and raised.value.hint


@pytest.mark.slow
def test_the_real_roofgeo_is_installed_and_predicts(tmp_path: Path, sample: Path) -> None:
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", str(tmp_path / "wheels"), str(ROOT)]
    subprocess.run(build, check=True)
    (wheel,) = (tmp_path / "wheels").glob("roofgeo-*.whl")
    told: list[tuple[float, str]] = []
    folder, log = tmp_path / FOLDER, tmp_path / "install.log"
    command = install(
        folder, str(wheel), on_progress=lambda fraction, text: told.append((fraction, text)), log_path=log
    )
    _fraction_steps(told)
    packages = {path.name.split("-")[0] for path in command.parents[1].glob("lib/*/site-packages/*.dist-info")}
    assert "onnxruntime" in packages and not {"torch", "torchgeo"} & packages
    output = tmp_path / FOLDER / "roofs"
    arguments = ["predict", "--imagery", str(sample / "ortho.tif"), "--aoi", str(sample / "area.geojson")]
    result = run_command((str(command),), [*arguments, "--output", str(output), "--progress", "json"])
    assert result["counts"]["buildings"] > 10
