"""Programs that stay: started in a group of their own, waited for by what they say, and ended as a person would."""

from __future__ import annotations

import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.markdown import ROOT


@contextmanager
def staying(
    words: list[str], environment: dict[str, str], *, folder: Path, ending: signal.Signals = signal.SIGINT
) -> Iterator[Path]:
    """Start a program, end it as Ctrl-C does, and see that it goes; yield the file of what it says."""
    said = folder / "said"
    environment = {**environment, "PYTHONUNBUFFERED": "1"}
    with said.open("w") as file:
        program = subprocess.Popen(words, cwd=ROOT, env=environment, stdout=file, stderr=file, start_new_session=True)
        try:
            yield said
            assert program.poll() is None, said.read_text()
        finally:
            os.killpg(program.pid, ending)
            program.wait(timeout=120)


def wait_for(said: Path, words: str, *, seconds: float = 240) -> str:
    """Wait until a program has said these words; return all it said."""
    until = time.monotonic() + seconds
    while words not in said.read_text():
        assert time.monotonic() < until, said.read_text()
        time.sleep(0.1)
    return said.read_text()


def sign_in_page(port: int) -> str:
    with urllib.request.urlopen(f"http://localhost:{port}/sign-in/", timeout=10) as answer:
        text: str = answer.read().decode()
    return text


def nobody_answers(port: int) -> bool:
    try:
        sign_in_page(port)
    except urllib.error.URLError:
        return True
    return False
