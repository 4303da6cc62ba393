"""`openai-assistants` holds to the contract, as a full backend: behind the double that speaks the wire is `echo`."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

import pytest
from anyassistant.contract import EchoScenarios, ProviderContract, Scene
from anyassistant.types import PageQuery
from anyassistant_openai import Config, OpenAIAssistants
from anyio.from_thread import start_blocking_portal
from pydantic import SecretStr

from .double import KEY, Double, error
from .loopback import Answer, Request, Stream

REPORT = Path(__file__).parents[3] / ".contract" / "openai-assistants.json"
FAILING = "FAILING "
SEARCHING = "SEARCH YOUR FILES"


class OverloadedDouble(Double):
    """A service that does at the beginning of a run what the thread's last message says: it refuses it, in words and in
    headers, or has its own tool search."""

    async def _route(self, request: Request) -> Answer | Stream:
        match = re.fullmatch("/v1/threads/([^/]+)/runs", request.path)
        if match is not None and request.method == "POST":
            thread = await self.provider.get_thread(match[1])
            self.hosted_calls = []
            for message in (await thread.list_messages(PageQuery(limit=1))).data:
                if message.text == SEARCHING:
                    self.hosted_calls = [{"id": "call_search", "type": "file_search", "file_search": {"results": []}}]
                if message.text.startswith(FAILING):
                    return _refusal(json.loads(message.text.removeprefix(FAILING)))
        return await super()._route(request)


def _refusal(told: dict[str, str]) -> Answer:
    answer = error(429, told["message"], code=told["code"])
    return Answer(answer.body, 429, {"retry-after": told["retry_after"], "x-request-id": told["request_id"]})


class WireScenarios(EchoScenarios):
    """What `echo` can be brought to do behind the wire, and what a service refuses before it asks a model."""

    least_tokens = 256  # the wire's

    def use_hosted_tool(self) -> Scene:
        return Scene(SEARCHING)

    def fail(
        self, code: str, message: str, *, retry_after: float | None = None, request_id: str | None = None
    ) -> Scene:
        if retry_after is None or request_id is None:
            return super().fail(code, message)
        told = {"code": code, "message": message, "retry_after": f"{retry_after:g}", "request_id": request_id}
        return Scene(FAILING + json.dumps(told))


@contextmanager
def double_in_a_thread() -> Iterator[Double]:
    """A double on an event loop of its own: the checks run on several, one after another."""
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(OverloadedDouble().running()) as double:
        yield double


class TestOpenAIAssistants(ProviderContract):
    report = REPORT
    scenarios = WireScenarios()
    model = "gpt-4o"
    config = Config(base_url="http://127.0.0.1:1/v1", api_key=SecretStr(KEY))
    secrets = (KEY,)

    double: ClassVar[Double]

    @pytest.fixture(autouse=True, scope="class")
    @classmethod
    def _service(cls) -> Iterator[None]:
        with double_in_a_thread() as cls.double:
            yield

    def create_provider(self) -> OpenAIAssistants:
        return OpenAIAssistants(Config(base_url=self.double.url, api_key=SecretStr(KEY), retry_seconds=1.0))


def test_it_is_checked_by_the_name_of_a_profile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOUBLE_KEY", KEY)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--pyargs", "anyassistant.contract"]
    options = ["--provider", "service", "--config", "anyassistant.toml", "-k", "backend and (threads or runs)"]
    with double_in_a_thread() as double:
        profile = f'provider = "openai-assistants"\nbase_url = "{double.url}"\napi_key_env = "DOUBLE_KEY"\n'
        (tmp_path / "anyassistant.toml").write_text(f"[profiles.service]\n{profile}model = 'gpt-4o'\n")
        done = subprocess.run([*command, *options], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed is not None
    assert int(passed[1]) >= 20
