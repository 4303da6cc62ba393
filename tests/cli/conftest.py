"""The real script in processes of its own, with a home and a data folder of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

SCRIPT = Path(sys.executable).with_name("anyassistant")
SECONDS = 60

SHOP = "anyassistant.cli.shop:TOOLS"


@dataclass(frozen=True, slots=True)
class Finished:
    """A command that has ended."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict]:
        """Standard output as JSON, a line each."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def json(self):
        return json.loads(self.out)


@dataclass(frozen=True, slots=True)
class Cli:
    """The command line, in a folder."""

    folder: Path

    def environment(self, **more: str) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
        folders = {name: str(self.folder / name.lower()) for name in ("HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME")}
        return {**kept, **folders, "PYTHONUTF8": "1", "COLUMNS": "100", **more}

    def start(self, *arguments: str, env: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
        """Start a command with pipes on all sides."""
        return subprocess.Popen(
            [str(SCRIPT), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            cwd=self.folder,
            env=self.environment(**(env or {})),
        )

    def __call__(self, *arguments: str, stdin: str = "", env: Mapping[str, str] | None = None) -> Finished:
        """Run a command to its end."""
        with self.start(*arguments, env=env) as process:
            try:
                out, err = process.communicate(stdin, timeout=SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                raise
        return Finished(process.returncode, out, err)


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    if not SCRIPT.exists():
        pytest.skip(f"the script {SCRIPT} is not installed: uv sync")
    return Cli(tmp_path)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Cli:
    """A command line whose data the tests of a module share."""
    if not SCRIPT.exists():
        pytest.skip(f"the script {SCRIPT} is not installed: uv sync")
    return Cli(tmp_path_factory.mktemp("cli"))


@pytest.fixture
def install(cli: Cli) -> Callable[..., Mapping[str, str]]:
    """Puts a distribution with entry points into a folder; gives the environment in which it is installed."""

    def install(name: str, entry_points: str, **modules: str) -> Mapping[str, str]:
        site = cli.folder / "site"
        info = site / f"{name}-0.1.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 0.1\n")
        (info / "entry_points.txt").write_text(entry_points)
        for module, source in modules.items():
            (site / f"{module}.py").write_text(source)
        return {"PYTHONPATH": str(site)}

    return install


def is_one_line(text: str) -> bool:
    return text.endswith("\n") and text.count("\n") == 1


def names_of(events: Sequence[Mapping[str, object]]) -> list[object]:
    return [event["event"] for event in events]
