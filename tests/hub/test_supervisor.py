"""The supervisor: whatever way it ends, nothing that it started goes on."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hub.embedded.state import free_port, is_alive
from hub.embedded.supervisor import NotReady, Program, ProgramEnded, Supervisor, python

FAMILY = """
import os, subprocess, sys, time, signal
child = subprocess.Popen([sys.executable, "-c", "import signal,time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"])
open(sys.argv[1], "w").write(f"{os.getpid()} {child.pid} ")
time.sleep(600)
"""

DRIVER = """
import sys
from pathlib import Path
from hub.embedded.supervisor import Program, Supervisor, python
with Supervisor(Path(sys.argv[1])) as supervisor:
    supervisor.start(Program(name="family", command=python("-c", sys.argv[3], sys.argv[2])))
    supervisor.watch()
"""


def family_of(path: Path) -> list[int]:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if path.exists() and len(found := path.read_text().split()) == 2:
            return [int(pid) for pid in found]
        time.sleep(0.02)
    raise AssertionError("the family did not start")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_supervisor_ended_by_a_signal_leaves_nothing(tmp_path: Path, number: signal.Signals) -> None:
    command = [sys.executable, "-c", DRIVER, str(tmp_path / "logs"), str(tmp_path / "pids"), FAMILY]
    driver = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    family = family_of(tmp_path / "pids")

    driver.send_signal(number)

    assert driver.wait(20) != 0
    assert [is_alive(pid) for pid in family] == [False, False]


def test_an_error_stops_what_was_started(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), Supervisor(tmp_path) as supervisor:
        supervisor.start(Program(name="family", command=python("-c", FAMILY, str(tmp_path / "pids"))))
        family = family_of(tmp_path / "pids")
        _ = 1 / 0

    assert [is_alive(pid) for pid in family] == [False, False]


def test_a_program_that_does_not_listen_is_killed(tmp_path: Path) -> None:
    deaf = (
        "import signal,time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)"
    )
    said: list[str] = []
    with Supervisor(tmp_path, say=said.append) as supervisor:
        supervisor.start(Program(name="deaf", command=python("-c", deaf), stop_seconds=0.3))
        while "deaf" not in supervisor.tail("deaf"):
            time.sleep(0.02)

        assert supervisor.stop("deaf") == -signal.SIGKILL
    assert said == ["deaf did not end by itself; killed"]


def test_ready_is_when_the_address_answers(tmp_path: Path) -> None:
    port = free_port()
    with Supervisor(tmp_path) as supervisor:
        server = Program(
            name="web", command=python("-m", "http.server", str(port), "--bind", "127.0.0.1"), folder=tmp_path
        )
        supervisor.start(server, ready=f"http://127.0.0.1:{port}/")

        assert supervisor.ended("web") is None


def test_a_program_that_ends_early_is_named_with_its_last_words(tmp_path: Path) -> None:
    failing = Program(name="web", command=python("-c", "raise SystemExit('no database')"))
    with (
        Supervisor(tmp_path) as supervisor,
        pytest.raises(ProgramEnded, match=r"(?s)web ended with 1.*web \| no database"),
    ):
        supervisor.start(failing, ready="http://127.0.0.1:9/")


def test_a_program_that_never_answers_is_named(tmp_path: Path) -> None:
    idle = Program(name="idle", command=python("-c", "import time; time.sleep(600)"))
    with Supervisor(tmp_path) as supervisor, pytest.raises(NotReady, match="idle did not answer"):
        supervisor.start(idle, ready=f"http://127.0.0.1:{free_port()}/", seconds=0.3)


def test_watching_starts_again_what_asks_for_it(tmp_path: Path) -> None:
    starts = tmp_path / "starts"
    text = "import sys; open(sys.argv[1], 'a').write('x')"
    with Supervisor(tmp_path / "logs", say=lambda _: None) as supervisor:
        supervisor.start(Program(name="short", command=python("-c", text, str(starts)), restart=True))

        supervisor.watch(until=lambda: starts.exists() and starts.read_text() == "xx", every=0.05)


def test_watching_raises_for_a_program_that_must_go_on(tmp_path: Path) -> None:
    with Supervisor(tmp_path) as supervisor, pytest.raises(ProgramEnded, match="short ended with 3"):
        supervisor.start(Program(name="short", command=python("-c", "raise SystemExit(3)")))
        supervisor.watch(every=0.05)


def test_killing_takes_the_children_too(tmp_path: Path) -> None:
    with Supervisor(tmp_path) as supervisor:
        supervisor.start(Program(name="family", command=python("-c", FAMILY, str(tmp_path / "pids"))))
        family = family_of(tmp_path / "pids")

        supervisor.kill("family")

        assert os.getpid() not in family
        deadline = time.monotonic() + 5
        while any(is_alive(pid) for pid in family) and time.monotonic() < deadline:
            time.sleep(0.02)
        assert [is_alive(pid) for pid in family] == [False, False]
