"""The programs of the public surface run as they stand, on a provider that needs nothing."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAMS = Path(__file__).parent / "programs"


@pytest.fixture
def run_program(tmp_path: Path):
    (tmp_path / "tag.jpg").write_bytes(b"\xff\xd8\xff")
    (tmp_path / "anyassistant.toml").write_text('default = "test"\n[profiles.test]\nprovider = "echo"\n')
    environment = {**os.environ, "XDG_DATA_HOME": str(tmp_path), "PYTHONPATH": str(PROGRAMS)}
    environment.pop("ANYASSISTANT_PROFILE", None)

    def run(name: str, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, str(PROGRAMS / name), *arguments],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_ask_prints_steps_deltas_and_messages(run_program, backend: str) -> None:
    output = run_program("ask.py", backend)
    assert output.count("RunStep(") == 2
    assert 'TOOL RESULT: ["hat"]' in output
    assert output.splitlines()[-1].startswith("assistant TOOL RESULT")


@pytest.mark.parametrize(
    ("message", "printed"),
    [
        ("FAIL rate_limit_exceeded slow down", "rate_limit_exceeded None None\n"),
        ("hello", "invalid_output None None\n"),
    ],
)
def test_errors_says_what_went_wrong(run_program, message: str, printed: str) -> None:
    assert run_program("errors.py", message) == printed


def test_the_test_of_a_shop_passes(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(PROGRAMS / "test_shop.py")],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(PROGRAMS)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert "1 passed" in done.stdout, done.stdout + done.stderr
