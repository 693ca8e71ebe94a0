"""The command is looked for in homes made for it, and asked as real processes."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest
from roofgeo_qgis.command import Cancelled, CommandError
from roofgeo_qgis.finding import Found, ask, candidates, find, installed_command

from tests.qgis_plugin.fakes import FOLDER, CancelWhen, write_script

VARIABLES = (
    *("PATH", "VIRTUAL_ENV", "CONDA_PREFIX", "CONDA_EXE", "MAMBA_ROOT_PREFIX", "PIPX_HOME", "PIPX_BIN_DIR"),
    *("UV_TOOL_DIR", "UV_TOOL_BIN_DIR", "XDG_DATA_HOME", "XDG_BIN_HOME"),
    *("APPDATA", "LOCALAPPDATA", "PROGRAMDATA", "USERPROFILE"),
)
ANSWER = """
if sys.argv[1:] == ["info", "--json"]:
    say(event="result", version="0.2.0", models=[], devices=[], libraries={})
"""
BROKEN = """
if "--version" in sys.argv:
    print("roofgeo, version 1")
else:
    sys.exit("no model")
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home in which nothing is installed."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    home = tmp_path / FOLDER
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    return home


@pytest.fixture
def private(home: Path) -> Path:
    """The plugin's folder, in which nothing is installed."""
    return home / "profile" / "roofgeo"


def _found_in(home: Path, private: Path, set_path: str = "") -> list[Found]:
    """What is found, without what the machine that runs the tests has in fixed places."""
    return [found for found in candidates(set_path, private) if found.command[0].startswith(str(home))]


PLACES = [
    ("", "", ".local/share/pipx/venvs/roofgeo/bin/roofgeo", "pipx"),
    ("", "", ".local/pipx/venvs/roofgeo/bin/roofgeo", "pipx"),
    ("PIPX_HOME", "p x", "p x/venvs/roofgeo/bin/roofgeo", "pipx"),
    ("PIPX_BIN_DIR", "apps", "apps/roofgeo", "pipx"),
    ("", "", ".local/share/uv/tools/roofgeo/bin/roofgeo", "uv tool"),
    ("UV_TOOL_DIR", "tools", "tools/roofgeo/bin/roofgeo", "uv tool"),
    ("UV_TOOL_BIN_DIR", "apps", "apps/roofgeo", "uv tool"),
    ("XDG_DATA_HOME", "data", "data/uv/tools/roofgeo/bin/roofgeo", "uv tool"),
    ("", "", "miniconda3/bin/roofgeo", "conda"),
    ("", "", "miniforge3/envs/roofs/bin/roofgeo", "conda"),
    ("", "", ".conda/envs/roofs/bin/roofgeo", "conda"),
    ("MAMBA_ROOT_PREFIX", "mamba", "mamba/envs/roofs/bin/roofgeo", "conda"),
    ("CONDA_PREFIX", "active", "active/bin/roofgeo", "conda"),
    ("VIRTUAL_ENV", "venv", "venv/bin/roofgeo", "virtual environment"),
    ("PATH", "bin", "bin/roofgeo", "PATH"),
    ("", "", ".local/bin/roofgeo", "PATH"),
]


@pytest.mark.parametrize(("variable", "value", "place", "where"), PLACES)
def test_the_command_is_found_in_each_usual_place(
    home: Path, private: Path, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, place: str, where: str
) -> None:
    if variable:
        monkeypatch.setenv(variable, str(home / value))
    assert _found_in(home, private) == []
    script = write_script(home / place, "")
    assert _found_in(home, private) == [Found((str(script),), where)]
    assert find("", private) == candidates("", private)[0]


def test_an_environment_that_conda_has_noted_is_found(home: Path, private: Path) -> None:
    script = write_script(home / "work" / "env 1" / "bin" / "roofgeo", "")
    notes = home / ".conda" / "environments.txt"
    notes.parent.mkdir()
    notes.write_bytes(b"relative\n\xff\xfe\n\n" + str(home / "work" / "env 1").encode() + b"\n")
    assert _found_in(home, private) == [Found((str(script),), "conda")]


def test_the_best_comes_first_and_none_twice(home: Path, private: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", os.pathsep.join([str(home / ".local/bin"), "relative", "", str(home / "second")]))
    chosen = write_script(home / "chosen" / "bin" / "roofgeo", "")
    own = write_script(private / "environments" / "12" / "bin" / "roofgeo", "")
    (private / "environments" / "current").write_text("12\n")
    pipx = write_script(home / ".local/share/pipx/venvs/roofgeo/bin/roofgeo", "")
    (home / ".local/bin").mkdir(parents=True)
    (home / ".local/bin/roofgeo").symlink_to(pipx)
    second = write_script(home / "second" / "roofgeo", "")
    found = _found_in(home, private, str(chosen))
    assert [one.where for one in found] == ["settings", "private environment", "PATH", "PATH"]
    assert [one.command[0] for one in found] == [str(chosen), str(own), str(home / ".local/bin/roofgeo"), str(second)]


def test_what_cannot_be_run_is_not_found(home: Path, private: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{home / 'a'}{os.pathsep}{home / 'b'}{os.pathsep}{home / 'c'}")
    (home / "a" / "roofgeo").mkdir(parents=True)
    write_script(home / "b" / "roofgeo", "").chmod(0o644)
    (home / "c").mkdir()
    (home / "c" / "roofgeo").symlink_to(home / "gone")
    assert _found_in(home, private) == []


def test_a_set_path_may_be_a_file_an_environment_a_folder_or_a_name(
    home: Path, private: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = write_script(home / "an env" / "bin" / "roofgeo", "")
    monkeypatch.setenv("PATH", str(script.parent))
    for text in (script, script.parent, home / "an env", f'"{script}"', f" {script} ", "~/an env", "roofgeo"):
        assert find(str(text), private) == Found((str(script),), "settings")


def test_a_set_path_may_have_another_name(home: Path, private: Path) -> None:
    script = write_script(home / "roofgeo-dev", "")
    assert find(str(script), private) == Found((str(script),), "settings")


def test_a_set_path_that_is_missing_is_not_replaced_but_the_others_are_offered(
    home: Path, private: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = write_script(home / "bin" / "roofgeo", "")
    monkeypatch.setenv("PATH", str(other.parent))
    assert find(str(home / "missing"), private) is None
    assert _found_in(home, private, str(home / "missing")) == [Found((str(other),), "PATH")]


@pytest.mark.parametrize("text", ["", "x", "../../bin", "7"])
def test_a_private_folder_that_makes_no_sense_has_no_command(home: Path, private: Path, text: str) -> None:
    write_script(home / "bin" / "bin" / "roofgeo", "")
    (private / "environments").mkdir(parents=True)
    (private / "environments" / "current").write_text(text)
    assert installed_command(private) is None


def test_a_command_tells_what_it_is(home: Path) -> None:
    assert ask((str(write_script(home / "roofgeo", ANSWER)),))["version"] == "0.2.0"


def test_the_real_command_tells_its_version_models_and_devices(roofgeo_command: tuple[str, ...]) -> None:
    answer = ask(roofgeo_command)
    assert answer["version"] and answer["models"] and answer["devices"]


def test_a_command_from_before_info_is_too_old(home: Path) -> None:
    body = """
if "--version" in sys.argv:
    print("roofgeo, version 0.0.9")
else:
    print("Error: No such command 'info'.", file=sys.stderr)
    sys.exit(2)
"""
    with pytest.raises(CommandError) as raised:
        ask((str(write_script(home / "roofgeo", body)),))
    assert "too old" in raised.value.message and "0.0.9" in raised.value.message
    assert "press Install" in raised.value.hint


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (BROKEN, "no model"),
        ("print('hello')", "without a result"),
        ("say(event='result')", "not roofgeo"),
        ("print('no such option', file=sys.stderr); sys.exit(64)", "no such option"),
        ("say(event='error', code='model', message='the model is broken'); sys.exit(4)", "the model is broken"),
        ("os.kill(os.getpid(), signal.SIGABRT)", "SIGABRT"),
    ],
)
def test_what_is_not_roofgeo_or_broken_says_so(home: Path, body: str, said: str) -> None:
    with pytest.raises(CommandError) as raised:
        ask((str(write_script(home / "roofgeo", body)),))
    assert said in raised.value.message and "too old" not in raised.value.message


def test_a_command_that_hangs_is_not_waited_for(home: Path) -> None:
    began = time.monotonic()
    with pytest.raises(CommandError, match="did not answer"):
        ask((str(write_script(home / "roofgeo", "time.sleep(600)")),), limit_s=0.5)
    assert time.monotonic() - began < 2
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("roofgeo")]


def test_asking_can_be_cancelled(home: Path) -> None:
    began = time.monotonic()
    cancel = CancelWhen(lambda: time.monotonic() - began > 0.3)
    with pytest.raises(Cancelled):
        ask((str(write_script(home / "roofgeo", "time.sleep(600)")),), cancel)
    assert cancel.seconds_ago() < 1.0
