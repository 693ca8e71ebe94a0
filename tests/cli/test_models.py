"""roofgeo models: for a person and for a program; and what is said of a licence, once."""

from __future__ import annotations

import hashlib
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from roofgeo.models.card import CARD, ONNX
from roofgeo.models.library import DEFAULT_MODEL, shipped_models
from tests.cli.command import AREA, COMMAND, ENVIRONMENT, events
from tests.models.serving import serving, zip_of
from tests.test_architecture import TRAINING_ONLY, command, record

RESEARCH = shipped_models()["research"]


class User:
    """Somebody with a home of their own, who runs the command."""

    def __init__(self, home: Path) -> None:
        self.models = home / "models"
        self.environment = {**ENVIRONMENT, "XDG_CONFIG_HOME": str(home), "ROOFGEO_MODELS": str(self.models)}

    def run(self, *arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [*COMMAND, *arguments], capture_output=True, text=True, check=False, env=self.environment, timeout=300
        )
        assert done.returncode == code, done.stderr
        return done

    def ask(self, *arguments: str, code: int = 0) -> dict[str, Any]:
        """The last event."""
        return events(self.run("models", *arguments, "--json", code=code).stdout)[-1]


@pytest.fixture
def user(tmp_path: Path) -> User:
    return User(tmp_path / "home")


def test_a_model_is_added_listed_shown_verified_used_and_removed(user: User, tmp_path: Path) -> None:
    said = user.run("models", "add", str(RESEARCH), "--name", "mine")
    assert said.stdout == f"Added mine: {user.models / 'mine'}\n"
    assert "not for commercial use" in said.stderr
    header, *rows = user.run("models", "list").stdout.splitlines()
    assert header.split()[:3] == ["model", "version", "licence"]
    assert [row.split()[0] for row in rows] == [
        *(f"{name}*" if name == DEFAULT_MODEL else name for name in shipped_models()), "mine",
    ]  # fmt: skip
    shown = user.run("models", "show", "mine").stdout
    assert str(user.models / "mine") in shown and "CC-BY-NC-4.0: not for commercial use" in shown
    assert user.run("models", "verify", "mine").stdout.split() == ["mine", "whole"]
    assert "model mine " in user.run("info").stdout
    plan = user.run(
        "predict", "--aoi", AREA, "--model", "mine", "--dry-run", "--progress", "json", "--output", str(tmp_path / "o")
    )
    assert json.loads(plan.stdout)["model"] == "mine"
    assert user.run("models", "remove", "mine").stdout == f"Removed mine: {user.models / 'mine'}\n"
    assert [model["name"] for model in user.ask("list")["models"]] == list(shipped_models())


def test_a_program_is_told_the_same(user: User) -> None:
    added = user.ask("add", str(RESEARCH), "--name", "mine")
    assert (added["event"], added["name"], added["folder"]) == ("result", "mine", str(user.models / "mine"))
    listed = {model["name"]: model for model in user.ask("list")["models"]}
    assert list(listed) == [*shipped_models(), "mine"]
    assert not listed["mine"]["commercial"] and not listed["mine"]["shipped"] and listed[DEFAULT_MODEL]["default"]
    assert user.ask("show", "mine").items() >= listed["mine"].items()
    assert all(model["whole"] for model in user.ask("verify")["models"])
    assert user.ask("remove", "mine")["name"] == "mine"


def test_a_model_is_added_from_a_server(user: User) -> None:
    with serving() as site:
        site.pages["m.zip"] = page = zip_of(RESEARCH)
        arguments = ("models", "add", site.url("m.zip"), "--name", "mine", "--sha256", hashlib.sha256(page).hexdigest())
        *steps, result = events(user.run(*arguments, "--json").stdout)
        refused = user.ask("add", site.url("m.zip"), "--name", "other", "--sha256", "0" * 64, code=4)
        missing = user.ask("add", site.url("nonesuch.zip"), code=3)
    assert result["name"] == "mine"
    assert {step["stage"] for step in steps} == {"download"}
    assert steps[-1]["done"] == steps[-1]["total"] == len(page) // 1000
    assert (refused["event"], refused["code"]) == ("error", "model")
    assert (missing["event"], missing["code"]) == ("error", "data") and "404" in missing["message"]
    assert [path.name for path in user.models.iterdir()] == ["mine"]


def test_damage_is_an_exit_code(user: User) -> None:
    user.run("models", "add", str(RESEARCH), "--name", "mine")
    with (user.models / "mine" / ONNX).open("r+b") as file:
        file.write(b"\0")
    told = user.run("models", "verify", code=4).stdout
    assert "is damaged" in told and "research" in told
    assert [model["whole"] for model in user.ask("verify", "mine", code=4)["models"]] == [False]
    (user.models / "mine" / CARD).write_text("{")
    assert "no model card" in user.run("models", "list").stdout
    assert "no model card" in user.run("models", "show", "mine").stdout


def test_mistakes_are_told_with_the_way_out(user: User) -> None:
    for arguments, code in ((("remove", "research"), 2), (("show", "nonesuch"), 4), (("add", "nonesuch"), 2)):
        told = user.ask(*arguments, code=code)
        assert told["event"] == "error" and told["message"] and told["hint"]
    said = user.run("predict", "--aoi", AREA, "--model", "roofnet-lite0", code=4)
    assert "is called 'research' now" in said.stderr


def test_the_licence_is_told_once_to_a_person(user: User, tmp_path: Path) -> None:
    # --dry-run uses no model for a result, --quiet tells nothing: neither counts as telling.
    predict = ("predict", "--aoi", AREA, "--model", "research", "--output", str(tmp_path / "o"))
    missing = (*predict, "--imagery", str(tmp_path / "nonesuch.tif"))
    assert "licensed" not in user.run(*predict, "--dry-run").stderr
    assert "licensed" not in user.run(*missing, "--quiet", code=3).stderr
    assert "Note: the model research is licensed under CC-BY-NC-4.0" in user.run(*missing, code=3).stderr
    assert "licensed" not in user.run(*missing, code=3).stderr


def test_the_licence_is_told_once_to_a_program(user: User, tmp_path: Path) -> None:
    predict = ("predict", "--aoi", AREA, "--model", "research", "--imagery", "nonesuch.tif", "--progress", "json")
    first, *_ = events(user.run(*predict, code=3).stdout)
    assert (first["event"], first["code"]) == ("warning", "licence") and "CC-BY-NC-4.0" in first["message"]
    assert [event["event"] for event in events(user.run(*predict, code=3).stdout)] == ["error"]


def test_a_home_that_cannot_be_written_is_no_hindrance(user: User, tmp_path: Path) -> None:
    user.environment["XDG_CONFIG_HOME"] = str(tmp_path / "file")
    (tmp_path / "file").write_text("")
    user.environment["ROOFGEO_MODELS"] = str(tmp_path / "file" / "models")
    predict = ("predict", "--aoi", AREA, "--model", "research", "--imagery", "nonesuch.tif")
    assert all("licensed" in user.run(*predict, code=3).stderr for _ in range(2))
    assert [model["name"] for model in user.ask("list")["models"]] == list(shipped_models())
    assert user.ask("add", str(RESEARCH), "--name", "mine", code=2)["code"] == "output"


@pytest.mark.parametrize(
    ("arguments", "limit_s"),
    [(("models", "list"), 0.5), (("models", "show", "research"), 0.5), (("models", "verify"), 1.0)],  # 35 MB are read
)
def test_it_is_quick_and_light(arguments: tuple[str, ...], limit_s: float) -> None:
    runs = [record(command(*arguments)) for _ in range(3)]
    assert runs[0]["code"] == 0
    assert not {*TRAINING_ONLY, "rasterio", "geopandas", "onnxruntime", "numpy"} & set(runs[0]["modules"])
    assert min(run["cpu_s"] for run in runs) < limit_s
