"""A full backend on cassettes: threads that are made alike, and runs that are polled, side by side."""

from __future__ import annotations

from pathlib import Path

import pytest
from anyassistant.contract import Cassettes, EchoScenarios, checks_of
from anyassistant.contract.runner import run_check
from anyassistant.contract.subject import Subject
from anyassistant.contract.subjects import subject_of
from anyassistant.pytest_plugin import RECORD_VARIABLE
from anyassistant_openai import Config, OpenAIAssistants
from anyio.from_thread import start_blocking_portal
from pydantic import SecretStr

from .double import KEY, Double

CHECKS = [
    "concurrency: a crowd of threads is answered",
    "cancellation: a run is cancelled while it rests",
    "tools: calls in several rounds are made in order",
    "streaming: a replay tells the same",
]


def make_subject(folder: Path, url: str, key: str) -> Subject:
    return subject_of(
        lambda: OpenAIAssistants(Config(base_url=url, api_key=SecretStr(key))),
        scenarios=Cassettes(folder, scenarios=EchoScenarios()),
        model="gpt-4o",
        secrets=[key],
    )


@pytest.mark.parametrize("id", CHECKS)
def test_a_check_passes_again_without_the_service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, id: str) -> None:
    [one] = [one for one in checks_of() if one.id == id]
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(Double().running()) as double:
        url = double.url
        with monkeypatch.context() as patch:
            patch.setenv(RECORD_VARIABLE, "1")
            recorded = run_check(one, make_subject(tmp_path, url, KEY))
    assert recorded.result == "passed", str(recorded)
    for _ in range(2):
        replayed = run_check(one, make_subject(tmp_path, url, "no-key-is-needed"))
        assert replayed.result == "passed", str(replayed)
    [file] = tmp_path.rglob("*.json")
    assert KEY not in file.read_text("utf-8")
