"""The command is run as it is, hanging, dying, talking nonsense or working; what is left of it is looked for."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from roofgeo_qgis.command import (
    Cancelled,
    CommandError,
    Event,
    ProgressClock,
    remaining_text,
    run_command,
)
from roofgeo_qgis.environment import clean_environment

from tests.qgis_plugin.fakes import FOLDER, CancelWhen, is_alive, wait_until, write_script

POLLUTED = ("PROJ_LIB", "PROJ_DATA", "GDAL_DATA", "GDAL_DRIVER_PATH", "PYTHONHOME", "PYTHONPATH", "LD_LIBRARY_PATH")

Fake = Callable[[str], tuple[str, ...]]


@pytest.fixture
def fake(tmp_path: Path) -> Fake:
    """Makes an executable Python script, in a folder with spaces and letters of other alphabets."""

    def make(body: str) -> tuple[str, ...]:
        return (str(write_script(tmp_path / FOLDER / "roof geo", body)),)

    return make


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    """After each test: no thread of ours, no open pipe, no child that has ended and was not waited for."""
    files, children = _open_files(), _children()
    yield
    assert [thread.name for thread in threading.enumerate() if thread.name.startswith("roofgeo")] == []
    assert _open_files() == files
    assert _children() <= children


def _open_files() -> int:
    return len(os.listdir("/proc/self/fd")) if sys.platform == "linux" else 0


def _children() -> set[str]:
    """Numbers of this process's children, those that have ended too; other tests may have left some of their own."""
    return {child for told in Path("/proc/self/task").glob("*/children") for child in told.read_text().split()}


def _cancel(command: tuple[str, ...], is_due: Callable[[], bool]) -> float:
    """Seconds a cancel takes."""
    cancel = CancelWhen(is_due)
    with pytest.raises(Cancelled):
        run_command(command, [], is_cancelled=cancel)
    return cancel.seconds_ago()


# What the command says.


def test_events_come_in_order_in_the_calling_thread_and_the_last_result_is_returned(fake: Fake) -> None:
    command = fake("say(event='progress', stage='predict', done=1, total=2)\nsay(event='result', n=1, name='屋根')\n")
    heard: list[tuple[Event, int]] = []
    answer = run_command(command, [], on_event=lambda event: heard.append((event, threading.get_ident())))
    assert answer == {"event": "result", "n": 1, "name": "屋根"}
    assert [event["event"] for event, _ in heard] == ["progress", "result"]
    assert {thread for _, thread in heard} == {threading.get_ident()}


def test_events_arrive_while_the_command_still_runs(fake: Fake) -> None:
    command = fake("say(event='progress', stage='predict', done=0, total=1)\ntime.sleep(1)\nsay(event='result')\n")
    times: list[float] = []
    run_command(command, [], on_event=lambda _: times.append(time.monotonic()))
    assert times[1] - times[0] > 0.8


def test_a_plan_is_an_answer_too(fake: Fake) -> None:
    assert run_command(fake("say(event='plan', windows=4)\n"), [])["windows"] == 4


def test_arguments_arrive_as_they_are(fake: Fake) -> None:
    arguments = ["--aoi", "/tmp/a b/屋根.geojson", "'\"$HOME", "", "*"]
    assert run_command(fake("say(event='result', got=sys.argv[1:])\n"), arguments)["got"] == arguments


def test_standard_input_stays_open_and_ends_when_the_process_around_the_command_is_killed(
    fake: Fake, tmp_path: Path
) -> None:
    command = fake(f"open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid()))\nsys.stdin.read()\n")
    plugin = Path(__file__).parents[2] / "qgis_plugin"
    code = f"import sys; sys.path.insert(0, {str(plugin)!r}); from roofgeo_qgis.command import run_command; "
    around = subprocess.Popen([sys.executable, "-c", f"{code} run_command({command!r}, [])"])
    assert wait_until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text() != "")
    pid = int((tmp_path / "pid").read_text())
    time.sleep(0.3)
    assert is_alive(pid)
    around.kill()
    around.wait()
    assert wait_until(lambda: not is_alive(pid), 2.0)


def test_an_error_event_is_raised_with_its_message_hint_and_code(fake: Fake, tmp_path: Path) -> None:
    command = fake("say(event='error', code='area', message='no area', hint='draw one')\nsys.exit(2)\n")
    with pytest.raises(CommandError) as raised:
        run_command(command, [], log_path=tmp_path / "log")
    error = raised.value
    assert (error.message, error.hint, error.code, error.log_path) == ("no area", "draw one", "area", tmp_path / "log")


def test_a_failure_without_an_event_gives_the_exit_code_and_the_last_words(fake: Fake) -> None:
    command = fake("print('first', file=sys.stderr)\nprint('no space left', file=sys.stderr)\nsys.exit(3)\n")
    with pytest.raises(CommandError) as raised:
        run_command(command, [])
    assert "3" in raised.value.message and raised.value.message.endswith("no space left")
    assert "log" in raised.value.hint


def test_a_result_does_not_hide_a_failure_after_it(fake: Fake) -> None:
    with pytest.raises(CommandError):
        run_command(fake("say(event='result')\nsys.exit(1)\n"), [])


def test_a_run_that_is_done_but_for_some_blocks_gives_its_result(fake: Fake) -> None:
    command = fake("say(event='result', notes=['block 7 could not be read'])\nsys.exit(6)\n")
    assert run_command(command, [])["notes"] == ["block 7 could not be read"]


@pytest.mark.parametrize("name", ["SIGKILL", "SIGSEGV"])
def test_a_command_that_dies_by_a_signal_says_which(fake: Fake, name: str) -> None:
    command = fake(f"say(event='result')\nos.kill(os.getpid(), signal.{name})\n")
    with pytest.raises(CommandError) as raised:
        run_command(command, [])
    assert name in raised.value.message
    assert ("memory" in raised.value.hint) == (name == "SIGKILL")


GARBAGE = r"""
out = sys.stdout.buffer
out.write(b"Hello\n\xff\xfe\x00\x01\n[1, 2]\n42\n\"text\"\nnull\n{\"event\": 3}\n{\"no\": 1}\n{broken\n")
out.write(b"[" * 100000 + b"\n" + b"{\"event\":" * 100000 + b"\n\r\n\n" + b"x" * 20_000_000 + b"\n\xc3")
out.flush()
"""


def test_garbage_goes_into_the_log_and_an_end_without_a_result_is_an_error(fake: Fake, tmp_path: Path) -> None:
    heard: list[Event] = []
    with pytest.raises(CommandError) as raised:
        run_command(fake(GARBAGE), [], on_event=heard.append, log_path=tmp_path / "log")
    assert heard == []
    assert "without a result" in raised.value.message
    assert "Hello" in (tmp_path / "log").read_text(encoding="utf-8")


def test_a_result_between_garbage_is_found(fake: Fake) -> None:
    body = "out.write(b'\\n'); out.flush()\nsay(event='result', n=7)\nout.write(b'\\xff bye'); out.flush()\n"
    assert run_command(fake(GARBAGE + body), [])["n"] == 7


def test_a_letter_cut_in_two_by_the_pipe_is_read_whole(fake: Fake) -> None:
    body = """
line = json.dumps({"event": "result", "name": "屋"}, ensure_ascii=False).encode()
at = line.index("屋".encode()) + 1
for piece in (line[:at], line[at:]):
    sys.stdout.buffer.write(piece); sys.stdout.buffer.flush(); time.sleep(0.2)
"""
    assert run_command(fake(body), [])["name"] == "屋"


def test_a_long_result_on_one_line_is_read(fake: Fake) -> None:
    assert len(run_command(fake("say(event='result', notes=['x' * 3_000_000])\n"), [])["notes"][0]) == 3_000_000


def test_a_command_that_floods_both_outputs_is_read_to_its_end(fake: Fake) -> None:
    body = """
for n in range(20000):
    print("o" * 100); print("e" * 100, file=sys.stderr)
say(event="result")
"""
    assert run_command(fake(body), [])["event"] == "result"


def test_a_child_that_keeps_the_output_open_does_not_hold_up_the_result(fake: Fake, tmp_path: Path) -> None:
    body = f"""
child = subprocess.Popen(["sleep", "60"], start_new_session=True)
open({str(tmp_path / "pid")!r}, "w").write(str(child.pid))
say(event="result")
"""
    began = time.monotonic()
    try:
        assert run_command(fake(body), [])["event"] == "result"
        assert time.monotonic() - began < 4
    finally:
        os.kill(int((tmp_path / "pid").read_text()), signal.SIGKILL)


@pytest.mark.parametrize("kind", ["missing", "no program", "a folder", "its Python is gone"])
def test_a_command_that_cannot_be_started_says_so(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "roofgeo"
    if kind == "no program":
        path.write_text("text")
    elif kind == "a folder":
        path.mkdir()
    elif kind == "its Python is gone":
        path.write_text("#!/nowhere/python\n")
        path.chmod(0o755)
    with pytest.raises(CommandError) as raised:
        run_command((str(path),), [])
    assert str(path) in raised.value.message and raised.value.hint


# Cancel.


def test_a_command_that_stops_when_its_input_ends_may_clean_up(fake: Fake, tmp_path: Path) -> None:
    body = f"""
signal.signal(signal.SIGTERM, signal.SIG_IGN)
open({str(tmp_path / "up")!r}, "w").close()
sys.stdin.read()
open({str(tmp_path / "clean")!r}, "w").close()
"""
    seconds = _cancel(fake(body), (tmp_path / "up").exists)
    assert (tmp_path / "clean").exists()
    assert seconds < 0.5


def test_a_command_that_hangs_with_a_child_that_hangs_is_gone_within_a_second(fake: Fake, tmp_path: Path) -> None:
    body = f"""
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(600)"],
    stdout=subprocess.PIPE)
child.stdout.readline()
open({str(tmp_path / "part")!r}, "w").write(f"{{os.getpid()}} {{child.pid}}")
os.rename({str(tmp_path / "part")!r}, {str(tmp_path / "pids")!r})
time.sleep(600)
"""
    seconds = _cancel(fake(body), (tmp_path / "pids").exists)
    pids = [int(pid) for pid in (tmp_path / "pids").read_text().split()]
    assert len(pids) == 2
    assert wait_until(lambda: not any(is_alive(pid) for pid in pids), 0.2)
    assert seconds < 1.0


@pytest.mark.parametrize("body", ["while True: print('x' * 1000)\n", "while True: say(event='progress')\n"])
def test_a_command_that_floods_is_cancelled_within_a_second(fake: Fake, body: str) -> None:
    began = time.monotonic()
    assert _cancel(fake(body), lambda: time.monotonic() - began > 0.5) < 1.0


def test_cancel_in_the_midst_of_progress_hands_on_what_came_before(fake: Fake) -> None:
    body = (
        "for n in range(1000):\n    say(event='progress', stage='predict', done=n, total=1000)\n    time.sleep(0.02)\n"
    )
    heard: list[Event] = []
    cancel = CancelWhen(lambda: len(heard) >= 5)
    with pytest.raises(Cancelled):
        run_command(fake(body), [], on_event=heard.append, is_cancelled=cancel)
    assert cancel.seconds_ago() < 1.0
    assert 5 <= len(heard) < 20


def test_a_listener_that_fails_leaves_no_process(fake: Fake) -> None:
    def fail(event: Event) -> None:
        raise ZeroDivisionError(event["pid"])

    command = fake("say(event='progress', pid=os.getpid())\ntime.sleep(600)\n")
    with pytest.raises(ZeroDivisionError) as raised:
        run_command(command, [], on_event=fail)
    assert not is_alive(int(raised.value.args[0]))


# Environment and log.


@pytest.fixture
def polluted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What QGIS sets for itself, and more broken than it ever does."""
    for name in POLLUTED:
        monkeypatch.setenv(name, str(tmp_path / "nowhere"))


@pytest.mark.usefixtures("polluted")
def test_what_qgis_sets_for_itself_is_removed_and_the_rest_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy:3128")
    cleaned = clean_environment()
    assert not set(POLLUTED) & set(cleaned)
    assert cleaned["HTTPS_PROXY"] == "http://proxy:3128" and cleaned["PATH"] == os.environ["PATH"]
    assert (cleaned["PYTHONUTF8"], cleaned["PYTHONUNBUFFERED"]) == ("1", "1")


def test_the_library_path_from_before_an_appimage_comes_back() -> None:
    cleaned = clean_environment({"LD_LIBRARY_PATH": "/mnt/app", "LD_LIBRARY_PATH_ORIG": "/opt/lib", "DYLD_X": "1"})
    assert cleaned["LD_LIBRARY_PATH"] == "/opt/lib"
    assert "DYLD_X" not in cleaned


@pytest.mark.usefixtures("polluted")
def test_the_log_tells_command_line_removed_variables_and_all_that_was_said(fake: Fake, tmp_path: Path) -> None:
    command = fake(
        "print('about to fail', file=sys.stderr)\nprint('chatter')\n"
        "say(event='progress', done=1)\nsay(event='error', message='äö')\nsys.exit(2)\n"
    )
    log = tmp_path / FOLDER / "logs" / "last.log"
    with pytest.raises(CommandError):
        run_command(command, ["--imagery", "https://me:secret@server/x.tif"], log_path=log)
    text = log.read_text(encoding="utf-8")
    for part in (command[0], "removed PROJ_LIB=", "about to fail", "chatter", '"event": "error"', "ended with 2"):
        assert part in text
    assert "secret" not in text and '"done"' not in text


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_log_that_cannot_be_written_stops_nothing(fake: Fake, tmp_path: Path) -> None:
    command = fake("print('chatter')\nsay(event='result')\n")
    (tmp_path / "file").write_text("")
    for log in (tmp_path / "file" / "log", tmp_path, Path("/dev/full")):
        assert run_command(command, [], log_path=log)["event"] == "result"
    with pytest.raises(CommandError) as raised:
        run_command(fake(""), [], log_path=tmp_path / "file" / "log")
    assert raised.value.log_path is None


# The real command.


@pytest.mark.slow
@pytest.mark.usefixtures("polluted")
def test_the_real_command_predicts_in_a_broken_environment(
    roofgeo_command: tuple[str, ...], sample: Path, tmp_path: Path
) -> None:
    output, clock = tmp_path / FOLDER / "roofs", ProgressClock()
    arguments = ["predict", "--aoi", str(sample / "area.geojson"), "--imagery", str(sample / "ortho.tif")]
    arguments += ["--output", str(output), "--progress", "json"]
    told = []
    result = run_command(roofgeo_command, arguments, on_event=lambda event: told.append(clock.update(event)))
    assert Path(result["paths"]["roofs.gpkg"]).stat().st_size > 0
    assert result["counts"]["buildings"] > 10
    percents = [progress.percent for progress in told if progress is not None]
    assert percents == sorted(percents) and percents[0] == 0 and percents[-1] == 100


@pytest.mark.slow
def test_the_real_command_is_cancelled_within_a_second_while_the_network_runs(
    roofgeo_command: tuple[str, ...], sample: Path, tmp_path: Path
) -> None:
    arguments = ["predict", "--imagery", str(sample / "ortho.tif"), "--output", str(tmp_path / "roofs")]
    first: list[float] = []

    def hear(event: Event) -> None:
        if event.get("done") == 1:
            first.append(time.monotonic())

    # A window takes about two seconds: a while after the first one, the network is in the midst of the second.
    cancel = CancelWhen(lambda: bool(first) and time.monotonic() - first[0] > 0.3)
    arguments += ["--progress", "json", "--stop-with-stdin"]
    with pytest.raises(Cancelled):
        run_command(roofgeo_command, arguments, on_event=hear, is_cancelled=cancel)
    assert cancel.seconds_ago() < 1.0
    assert list(tmp_path.iterdir()) == []


# Progress.


class Watch:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.time = 100.0

    def __call__(self) -> float:
        return self.time


def _told(clock: ProgressClock, stage: str, done: int, total: int) -> tuple[float, float | None]:
    progress = clock.update({"event": "progress", "stage": stage, "done": done, "total": total})
    assert progress is not None
    return progress.percent, progress.remaining_s


def test_percent_and_remaining_time_of_an_even_run() -> None:
    watch = Watch()
    clock = ProgressClock(watch)
    watch.time += 30  # start-up says nothing about the windows
    assert _told(clock, "predict", 0, 100) == (0.0, None)
    for done in range(1, 101):
        watch.time += 2
        percent, remaining = _told(clock, "predict", done, 100)
        assert percent == pytest.approx(0.97 * done)
        assert remaining == pytest.approx((100 - percent) * 2 / 0.97, abs=1.0)
    assert _told(clock, "write", 0, 1)[0] == 97.0
    assert _told(clock, "write", 1, 1) == (100.0, 0.0)


def test_the_remaining_time_does_not_jump_when_a_window_is_slow() -> None:
    watch = Watch()
    clock = ProgressClock(watch)
    _told(clock, "predict", 0, 1000)
    before: float | None = None
    for done in range(1, 300):
        watch.time += 1.0 if done % 30 else 8.0  # a block's roofs are drawn between its windows and the next block's
        remaining = _told(clock, "predict", done, 1000)[1]
        if before is not None and remaining is not None and done > 60:
            assert abs(remaining - before) < 0.06 * before
        before = remaining


def test_a_resumed_run_counts_only_what_it_does_itself() -> None:
    watch = Watch()
    clock = ProgressClock(watch)
    _told(clock, "predict", 500, 1000)
    for done in range(501, 511):
        watch.time += 1
        remaining = _told(clock, "predict", done, 1000)[1]
    assert remaining == pytest.approx(490 + 30, rel=0.02)  # the windows, and the share of writing


def test_percent_never_goes_back_and_stays_in_bounds() -> None:
    clock = ProgressClock(Watch())
    events = [
        ("open", 0, 0),
        ("predict", 5, 10),
        ("predict", 2, 10),
        ("check", 1, 3),
        ("write", 7, 3),
        ("predict", 0, 1),
    ]
    percents = [_told(clock, *event)[0] for event in events]
    assert percents == sorted(percents) and percents[0] == 0.0 and percents[-1] == 100.0


@pytest.mark.parametrize("event", [{}, {"event": "result"}, {"event": "progress"}, {"event": "progress", "done": "1"}])
def test_what_is_no_progress_gives_none(event: Event) -> None:
    assert ProgressClock().update(json.loads(json.dumps(event))) is None


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, ""),
        (0.0, "a few seconds left"),
        (43.0, "about 45 s left"),
        (58.0, "about 1 min left"),
        (170.0, "about 3 min left"),
        (3560.0, "about 59 min left"),
        (3599.0, "about 1 h left"),
        (7860.0, "about 2 h 10 min left"),
    ],
)
def test_the_remaining_time_in_words(seconds: float | None, text: str) -> None:
    assert remaining_text(seconds) == text


@pytest.mark.parametrize("said", ["No such option '--stop-with-stdin'.", "No such command 'predict'."])
def test_a_command_that_does_not_know_what_is_asked_is_too_old_and_the_way_out_is_named(fake: Fake, said: str) -> None:
    command = fake(f"print('Usage: roofgeo', {'Error: ' + said!r}, sep='\\n\\n', file=sys.stderr); sys.exit(2)\n")
    with pytest.raises(CommandError) as raised:
        run_command(command, ["predict"])
    assert said in raised.value.message
    assert "too old" in raised.value.hint and "press Install" in raised.value.hint
