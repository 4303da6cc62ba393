"""The environment of a stranger: a folder of its own, and scripts to run in it."""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

NAME = "stranger"
SECONDS = 240


@dataclass(frozen=True, slots=True)
class Installation:
    """An environment in which the package is installed.

    Attributes:
        folder: Where commands run: outside the workspace, with nothing in it but the package's tests.
        source: The package as it was written.
        site_packages: Where wheels are installed.
    """

    folder: Path
    source: Path
    scripts: Path
    site_packages: Path

    def start(self, *command: str, env: Mapping[str, str] | None = None) -> "subprocess.Popen[str]":
        """Start a script of the environment, such as `python` or `anyassistant`."""
        program, *arguments = command
        home = str(self.folder)
        kept = {"PATH": os.environ["PATH"], "HOME": home, "XDG_DATA_HOME": home, "PYTHONUTF8": "1"}
        return subprocess.Popen(
            [str(self.scripts / program), *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=self.folder,
            env={**kept, "PYTHONPATH": str(self.folder / "tests"), **(env or {})},
        )

    def run(self, *command: str, env: Mapping[str, str] | None = None) -> tuple[int, str]:
        """Run one to its end: its exit code, and what it printed."""
        return finish(self.start(*command, env=env))


def finish(process: "subprocess.Popen[str]") -> tuple[int, str]:
    """Wait for the end: the exit code, and what was printed."""
    with process:
        try:
            printed, _ = process.communicate(timeout=SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
    return process.returncode, printed
