"""A real model, told in words what to do and recorded: llama.cpp with the weights of SmolLM2-135M, over HTTP.

A model this small obeys little; what counts is that replaying gives what it really said.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import anyio
import pytest
from anyassistant.contract import Cassettes, Result, checks_of
from anyassistant.contract.cassettes.file import path_of
from anyassistant.contract.runner import run_check
from anyassistant.contract.subject import Subject
from anyassistant.contract.subjects import subject_of
from anyassistant.http import WireConfig
from anyassistant.pytest_plugin import RECORD_VARIABLE
from anyassistant_local.llama import LlamaOptions
from anyassistant_local.loading import ModelKeeper
from anyassistant_local.weights import DEFAULT_MODEL, find_weights
from chat_completions import ChatCompletions

KEY = "sk-of-the-llama-server-0123456789"
OBEYED = [
    "deltas: an answer has one finish reason",
    "structured output: an answer fits its schema",
    "streaming: a claimed stream comes in pieces",
    "streaming: a replay tells the same",
    "usage: the usage of a cut answer is reported",
    "cancellation: closing a stream ends it promptly",
    "cancellation: a call that is cancelled ends promptly",
    "cancellation: a run that is cancelled keeps what was said",
    "cancellation: a cancelled run ends with its events",
    "concurrency: a crowd of threads is answered",
    "concurrency: closing a stream leaves another",
]
TOO_HARD = [
    "tools: a call has its name and arguments",
    "parallel tools: two calls of one turn are told apart",
]


@dataclass
class Recorded:
    """What came of the checks on the real model, which is gone."""

    folder: Path
    url: str
    results: Mapping[str, Result]


def make_subject(folder: Path, url: str, key: str) -> Subject:
    return subject_of(
        lambda: ChatCompletions(WireConfig(base_url=url, api_key=key)),
        scenarios=Cassettes(folder),
        model=DEFAULT_MODEL,
        secrets=[key],
    )


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    folder = tmp_path_factory.mktemp("cassettes")
    options = LlamaOptions(find_weights(DEFAULT_MODEL), threads=1, context_tokens=2048, key=KEY)
    keeper = ModelKeeper(options)
    client = anyio.run(keeper.client)
    url = f"http://{client._host}:{client._port}/v1"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(RECORD_VARIABLE, "1")
        chosen = [one for one in checks_of() if one.id in {*OBEYED, *TOO_HARD}]
        results = {
            one.id: run_check(one, make_subject(folder, url, KEY), loops=["asyncio"] if one.id in TOO_HARD else None)
            for one in chosen
        }
    keeper.release()
    return Recorded(folder, url, results)


@pytest.mark.parametrize("id", OBEYED)
def test_what_it_obeyed_passes_again_without_it(recorded: Recorded, id: str) -> None:
    assert recorded.results[id].result == "passed", str(recorded.results[id])
    [one] = [one for one in checks_of() if one.id == id]
    again = run_check(one, make_subject(recorded.folder, recorded.url, "no-key-is-needed"))
    assert again.result == "passed", str(again)


@pytest.mark.parametrize("id", TOO_HARD)
def test_what_it_did_not_obey_fails_the_same_way(recorded: Recorded, id: str) -> None:
    before = recorded.results[id]
    [one] = [one for one in checks_of() if one.id == id]
    again = run_check(one, make_subject(recorded.folder, recorded.url, "no-key-is-needed"))
    assert (again.result, again.reason) == (before.result, before.reason)


def test_the_cassettes_have_what_it_said_and_no_key(recorded: Recorded) -> None:
    text = path_of(recorded.folder, "deltas: an answer has one finish reason").read_text("utf-8")
    answer = json.loads(text)["exchanges"][0]["answer"]
    assert "chat.completion.chunk" in "".join(answer["pieces"])
    for file in recorded.folder.rglob("*.json"):
        assert KEY not in file.read_text("utf-8")
