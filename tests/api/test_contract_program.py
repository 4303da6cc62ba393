"""A stranger's provider and its test, as API.md has them: recorded from a double of Ollama, replayed without it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from obedient_model import serving
from ollama_double import OllamaProxy

PROGRAMS = Path(__file__).parent / "programs"
BREAKS = {
    "deltas: a call has one finish reason": "Ollama says `stop` with calls, too",
    "parallel tools: unclaimed parallel calls never come": "`parallel_tool_calls` is not claimed",
    "streaming: an unclaimed stream comes in one piece": "`streaming` is not claimed",
    "tools: with the choice none no tool is called": "`tool_choice` is not read",
    "limits: a cut answer ends with length": "`max_completion_tokens` is not read",
    "limits: a run out of tokens is incomplete": "`max_completion_tokens` is not read",
    "usage: the usage of a cut answer is reported": "`max_completion_tokens` is not read",
    "history validity: arguments that are no json are taken": "`from_json` raises",
}
"""What forty lines leave out, and the contract finds."""


def run_tests(folder: Path, *options: str, proxy: str | None = None) -> tuple[set[str], int]:
    """The checks that failed, and how many passed."""
    environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--tb=line", *options],
        cwd=folder,
        env=environment if proxy is None else {**environment, "http_proxy": proxy},
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    failed = re.findall(r"^FAILED .*\[(.*)\]", done.stdout, re.MULTILINE)
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed is not None, done.stdout + done.stderr
    return set(failed), int(passed[1])


def test_it_is_recorded_once_and_then_needs_no_ollama(tmp_path: Path) -> None:
    for name in ("anyassistant_ollama.py", "test_contract.py"):
        shutil.copy(PROGRAMS / name, tmp_path)
    ollama = OllamaProxy()
    with serving(ollama):
        recorded = run_tests(tmp_path, "--record-cassettes", "-rf", proxy=ollama.url)
    asked = ollama.asked
    cassettes = list((tmp_path / "tests" / "cassettes").rglob("*.json"))
    assert asked > 100
    assert len(cassettes) > 90
    assert recorded[0] == BREAKS.keys()
    assert recorded[1] > 110
    assert run_tests(tmp_path, "-rf") == recorded
    assert ollama.asked == asked
