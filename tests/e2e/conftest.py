"""Other processes that use the same database, to be killed at a chosen moment."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

PROGRAMS = Path(__file__).parent / "programs"
collect_ignore = ["programs"]


class Program:
    """A program of this folder in a process of its own; what it prints is read line by line."""

    def __init__(self, name: str, *arguments: str, environment: dict[str, str]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(PROGRAMS / name), *arguments],
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )

    def read_until(self, wanted: Callable[[str], bool]) -> str:
        """The first line that is wanted."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if wanted(line.rstrip("\n")):
                return line.rstrip("\n")
        raise AssertionError(f"the program ended without the line waited for (exit code {self.process.wait()})")

    def kill(self) -> None:
        """kill -9."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def finish(self) -> str:
        """What else it prints until it ends well."""
        output, _ = self.process.communicate(timeout=120)
        assert self.process.returncode == 0
        return output


@pytest.fixture
def start_program(tmp_path: Path) -> Iterator[Callable[..., Program]]:
    started: list[Program] = []
    environment = {**os.environ, "HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path)}

    def start(name: str, *arguments: str) -> Program:
        program = Program(name, *arguments, environment=environment)
        started.append(program)
        return program

    yield start
    for program in started:
        program.process.kill()
        program.process.communicate()


@pytest.fixture
def database(tmp_path: Path) -> str:
    return str(tmp_path / "data.sqlite3")
