"""The command line on a service, which keeps assistants and threads and finds none of them by metadata."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from .double import KEY, Double
from .test_contract import double_in_a_thread

Chat = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def double() -> Iterator[Double]:
    with double_in_a_thread() as double:
        yield double


@pytest.fixture(params=["false", "true"], ids=["threads of the index", "threads of the service"])
def chat(double: Double, tmp_path: Path, request: pytest.FixtureRequest) -> Chat:
    """What a chat of its own process prints for a message."""
    profile = f'provider = "openai-assistants"\nbase_url = "{double.url}"\napi_key_env = "DOUBLE_KEY"\n'
    more = f"model = 'gpt-4o'\nlist_threads = {request.param}\n"
    (tmp_path / "anyassistant.toml").write_text(f"[profiles.service]\n{profile}{more}")

    def chat(message: str, *options: str) -> list[dict[str, Any]]:
        command = [
            str(Path(sys.executable).with_name("anyassistant")),
            "chat",
            "--provider",
            "service",
            "--json",
            *options,
        ]
        done = subprocess.run(
            [*command, "--tools", "anyassistant.cli.shop:TOOLS", "--deps", '{"name": "ann"}'],
            input=f"{message}\n", cwd=tmp_path, env={"HOME": str(tmp_path), "DOUBLE_KEY": KEY},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    return chat


def test_a_chat_calls_tools_here_and_the_next_one_goes_on_with_its_thread(chat: Chat, double: Double) -> None:
    first = chat("CALL get_shopping_history {}")
    assert first[-1]["event"] == "thread.run.completed"
    assert any("sunglasses" in json.dumps(one) for one in first)
    second = chat("hello again")
    assert second[-1]["data"]["thread_id"] == first[-1]["data"]["thread_id"]
    assert second[-1]["data"]["assistant_id"] == first[-1]["data"]["assistant_id"]
    third = chat("hello", "--new")
    assert third[-1]["data"]["thread_id"] != first[-1]["data"]["thread_id"]
    assert double.paths().count("/assistants") == 1
