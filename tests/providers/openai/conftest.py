"""The double, a provider and clients that talk to it; what the double sent is held to the SDK's types afterwards."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import Any

import pytest
from anyassistant import AsyncClient
from anyassistant.hosting import Store
from anyassistant.store.memory import MemoryStore
from anyassistant_openai import Config, OpenAIAssistants
from openai.types import FileDeleted, FileObject, VectorStore, VectorStoreDeleted
from openai.types.beta import Assistant, AssistantDeleted, Thread, ThreadDeleted
from openai.types.beta.threads import Message, MessageDeleted, MessageDeltaEvent, Run
from openai.types.beta.threads.runs import RunStep, RunStepDeltaEvent
from openai.types.vector_stores import VectorStoreFile, VectorStoreFileDeleted

from .double import KEY, Double

SDK_TYPES: dict[str, Any] = {
    "assistant": Assistant,
    "assistant.deleted": AssistantDeleted,
    "thread": Thread,
    "thread.deleted": ThreadDeleted,
    "message": Message,
    "message.deleted": MessageDeleted,
    "run": Run,
    "step": RunStep,
    "file": FileObject,
    "file.deleted": FileDeleted,
    "vector_store": VectorStore,
    "vector_store.deleted": VectorStoreDeleted,
    "vector_store.file": VectorStoreFile,
    "vector_store.file.deleted": VectorStoreFileDeleted,
}


@pytest.fixture(scope="module", params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def double() -> AsyncGenerator[Double, None]:
    async with Double().running() as double:
        yield double
    for kind, wire in double.sent:
        sdk_type(kind).model_validate(wire)


def sdk_type(kind: str) -> Any:
    """The SDK's type of an object, by its kind or its event's name."""
    if kind.startswith("thread.run.step."):
        return RunStepDeltaEvent if kind.endswith(".delta") else RunStep
    if kind == "thread.created":
        return Thread
    if kind.startswith("thread.message.") and kind != "thread.message.deleted":
        return MessageDeltaEvent if kind.endswith(".delta") else Message
    return Run if kind.startswith("thread.run.") else SDK_TYPES[kind]


@pytest.fixture
async def make_provider(double: Double) -> AsyncGenerator[Callable[..., OpenAIAssistants], None]:
    """Makes providers that talk to the double, and closes them; retries are quick to give up."""
    made: list[OpenAIAssistants] = []

    def make(**config: Any) -> OpenAIAssistants:
        settings = {"base_url": double.url, "api_key": KEY, "retry_seconds": 5.0, **config}
        made.append(OpenAIAssistants(Config(**settings)))
        return made[-1]

    yield make
    for provider in made:
        await provider.aclose()


@pytest.fixture
def provider(make_provider: Callable[..., OpenAIAssistants]) -> OpenAIAssistants:
    return make_provider()


@pytest.fixture
def make_store(tmp_path: Path) -> Callable[[], Store]:
    return MemoryStore


@pytest.fixture
def config_file(double: Double, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Writes an `anyassistant.toml` with a profile `service` that points at the double."""
    monkeypatch.setenv("DOUBLE_KEY", KEY)

    def write(**settings: str) -> Path:
        lines = {"base_url": double.url, "api_key_env": "DOUBLE_KEY", "model": "gpt-4o", **settings}
        text = "\n".join(f'{name} = "{value}"' for name, value in lines.items())
        path = tmp_path / "anyassistant.toml"
        path.write_text(f'[profiles.service]\nprovider = "openai-assistants"\n{text}\n', "utf-8")
        return path

    return write


@pytest.fixture
async def client(config_file: Callable[..., Path]) -> AsyncGenerator[AsyncClient, None]:
    async with AsyncClient("service", store=":memory:", config=config_file()) as client:
        yield client
