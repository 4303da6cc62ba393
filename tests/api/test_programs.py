"""The programs of the public surface run as they stand, on a provider that needs nothing."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAMS = Path(__file__).parent / "programs"
MCP_SERVER = Path(__file__).parents[1] / "tools" / "mcp" / "server.py"


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


def test_tools_of_every_kind_are_called_answered_and_approved(run_program) -> None:
    message = "\n".join(
        [
            'CALL order_item {"item_id": "hat"}',
            "CALL locate {}",
            'CALL add {"a": 2, "b": 3}',
            'CALL shop_confirm_order_item {"order_id": "ord-9"}',
        ]
    )
    printed = run_program("tools.py", message, sys.executable, str(MCP_SERVER), "stdio")
    said, located, added, paid = printed.strip().removeprefix("TOOL RESULT: ").split(" | ")
    assert said == "Item ids look like sg-1."
    assert (located, added) == ('{"city":"Rome"}', "2 + 3\n= 5")
    assert paid.startswith("ann paid ord-1, key run_")


def test_another_process_approves_resumes_and_replays(run_program) -> None:
    thread_id, waits_for = run_program("asked.py").split()
    assert waits_for == "approval"
    asked, answer, *sequences = run_program("other.py", thread_id, "3").splitlines()
    assert asked == 'confirm_order_item {"order_id": "ord-1"}'
    assert answer.startswith("TOOL RESULT: ann paid ord-1, key run_")
    assert int(sequences[0]) == 4
    assert sequences == sorted(sequences, key=int)


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
