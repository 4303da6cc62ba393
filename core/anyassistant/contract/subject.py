"""What a check has in hand: the provider, the scenarios, and ways to ask the one by the other."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import anyio
from pydantic import BaseModel
from typing_extensions import Unpack

from ..client import AssistantOptions, AsyncAssistant, AsyncClient, AsyncRun, AsyncThread, RunOptions
from ..hosting import Store
from ..plugins import Manifest
from ..protocols import (
    AssistantParams,
    Capabilities,
    ChatModel,
    ModelMessage,
    ModelRequest,
    Provider,
    ThreadParams,
    UserMessage,
)
from ..types import Content, RunResult, Text
from .answers import Answer, collect
from .asked_by_run import CLOSE_SECONDS, AskedByRun
from .conversation import Conversation, said
from .scenarios import Scenarios, Scene
from .verdicts import NotApplicable, Unmet

NO_BACKEND = "a chat model has no assistants, threads and runs of its own: hosting keeps them"


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a provider may take, in seconds.

    Attributes:
        check: For a whole check, on one event loop.
        prompt: For what must happen at once, such as heeding a cancellation.
    """

    check: float = 60.0
    prompt: float = 5.0


@dataclass(frozen=True, slots=True)
class Announced:
    """The provider as a plugin.

    Attributes:
        settings: A config of it that can be used, or why there is none.
    """

    manifest: Manifest
    settings: BaseModel | str


@dataclass(frozen=True, slots=True)
class Talk:
    """An assistant and a thread of an open client."""

    client: AsyncClient
    assistant: AsyncAssistant
    thread: AsyncThread

    def run(self, **options: Unpack[RunOptions]) -> AsyncRun[str]:
        """A run, not begun."""
        return self.thread.run(self.assistant, **options)

    async def result(self, **options: Unpack[RunOptions]) -> RunResult[str]:
        """The outcome of a run."""
        return await self.run(**options).result()

    async def say(self, content: Content, **options: Unpack[RunOptions]) -> RunResult[str]:
        """The outcome of a run after another message."""
        await self.thread.add(content)
        return await self.result(**options)


class Subject:
    """A provider that is checked.

    Args:
        create: Makes a new one; what it makes is held to be a ChatModel, or a Provider: a full backend. What one
            object of a backend has made, another one finds.
        name: Its name, for reports.
        scenarios: How its model is brought to do what a check needs.
        model: The name of the model that is asked.
        announced: The plugin that it comes from, or why that is not known.
        secrets: What must never be shown.
        is_single: `create` gives the same object each time: there is only one.
        make_store: Makes the stores of the clients.
    """

    def __init__(
        self,
        create: Callable[[], object],
        *,
        name: str,
        scenarios: Scenarios,
        model: str,
        announced: Announced | str,
        secrets: Sequence[str] = (),
        patience: Patience | None = None,
        is_single: bool = False,
        make_store: Callable[[], Store | str] = lambda: ":memory:",
    ) -> None:
        self.name = name
        self.scenarios = scenarios
        self.model = model
        self.secrets = secrets
        self.patience = patience or Patience()
        self.make_store = make_store
        self._create = create
        self._announced = announced
        self._is_single = is_single
        self._claims: Capabilities | None = None
        self._is_backend: bool | None = None

    @property
    def announced(self) -> Announced:
        """The provider as a plugin.

        Raises:
            NotApplicable: It is not known as one.
        """
        if isinstance(self._announced, str):
            raise NotApplicable(self._announced)
        return self._announced

    @property
    def settings(self) -> BaseModel:
        """A config that can be used.

        Raises:
            NotApplicable: There is none.
        """
        settings = self.announced.settings
        if isinstance(settings, str):
            raise NotApplicable(settings)
        return settings

    def create(self) -> ChatModel | Provider:
        """A new provider, which the caller closes."""
        made = self._create()
        if not isinstance(made, ChatModel | Provider):
            raise Unmet("a ChatModel or a Provider from `create_provider`", f"a {type(made).__name__}")
        self._is_backend = isinstance(made, Provider)
        return made

    def create_model(self) -> ChatModel:
        """A new provider, which the caller closes; a full backend is asked by runs."""
        made = self.create()
        return made if isinstance(made, ChatModel) else AskedByRun(made)

    def require_several(self) -> None:
        """Go on where providers can be made, and closed, as often as one likes.

        Raises:
            NotApplicable: There is one object alone.
        """
        if self._is_single:
            raise NotApplicable("one provider was given: give a function that makes new ones")

    async def is_backend(self) -> bool:
        """Whether it is a full backend."""
        if self._is_backend is None:
            async with self.open():
                pass
        return bool(self._is_backend)

    async def require_chat_model(self, why: str) -> None:
        """Go on where it is a ChatModel.

        Raises:
            NotApplicable: It is a full backend, which the check cannot be about.
        """
        if await self.is_backend():
            raise NotApplicable(why)

    @asynccontextmanager
    async def backend(self) -> AsyncGenerator[Provider, None]:
        """A full backend, closed on leaving.

        Raises:
            NotApplicable: It is a ChatModel.
        """
        if not await self.is_backend():
            raise NotApplicable(NO_BACKEND)
        provider = self.create()
        assert isinstance(provider, Provider)  # as it was before
        try:
            yield provider
        finally:
            with anyio.move_on_after(CLOSE_SECONDS, shield=True):
                await provider.aclose()

    @asynccontextmanager
    async def conversation(self, *messages: str, **assistant: Any) -> AsyncGenerator[Conversation, None]:
        """A full backend with an assistant, and a thread that begins with these messages of the user.

        Raises:
            NotApplicable: It is a ChatModel.
        """
        async with self.backend() as provider:
            yield await self.converse(provider, *messages, **assistant)

    async def converse(self, provider: Provider, *messages: str, **assistant: Any) -> Conversation:
        """An assistant of a backend, and a thread that begins with these messages of the user."""
        params = AssistantParams(**{"model": self.model, **assistant})
        made = await provider.create_assistant(params)
        thread = await provider.create_thread(ThreadParams([said(one) for one in messages]))
        return Conversation(provider, made, thread)

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[ChatModel, None]:
        """A provider, closed on leaving; a full backend is asked by runs."""
        model = self.create_model()
        try:
            yield model
        finally:
            with anyio.move_on_after(CLOSE_SECONDS, shield=True):
                await model.aclose()

    @asynccontextmanager
    async def client(self, *, store: Store | str | None = None) -> AsyncGenerator[AsyncClient, None]:
        """A client that talks to a provider of its own."""
        async with AsyncClient(self.create(), store=self.make_store() if store is None else store) as client:
            yield client

    @asynccontextmanager
    async def talk(self, *messages: Content, **options: Unpack[AssistantOptions]) -> AsyncGenerator[Talk, None]:
        """A client with an assistant, and a thread that begins with these messages."""
        async with self.client() as client:
            yield await self.begin(client, *messages, **options)

    async def begin(self, client: AsyncClient, *messages: Content, **options: Unpack[AssistantOptions]) -> Talk:
        """An assistant and a thread that begins with these messages."""
        made: AssistantOptions = {"model": self.model, **options}
        assistant = await client.assistants.create(**made)
        return Talk(client, assistant, await client.threads.create(messages=messages))

    def tokens(self, count: int) -> int:
        """So many tokens, or the least that the backend can be bound to, if that is more."""
        return max(count, self.scenarios.least_tokens)

    def request(self, *messages: str | Scene | ModelMessage, **settings: Any) -> ModelRequest:
        """A request; texts and scenes in it are the user's."""
        return ModelRequest(
            run_id="run_contract", model=self.model, messages=[_message(one) for one in messages], **settings
        )

    async def ask(self, *messages: str | Scene | ModelMessage, **settings: Any) -> Answer:
        """What a provider of its own gives to one request."""
        async with self.open() as model:
            return await collect(model.respond(self.request(*messages, **settings)))

    async def reported(self, *earlier: ModelMessage, **settings: Any) -> Reported:
        """What reached the model, as it says itself."""
        scene = self.scenarios.report()
        answer = await self.ask(*earlier, scene, **settings)
        return self.read_report(answer.text)

    async def received(self, *messages: str | Scene | ModelMessage, **settings: Any) -> ModelRequest:
        """What reached the service of a chat model, as a double read it.

        Raises:
            NotApplicable: It is a full backend, or the scenarios have no double that could show it.
        """
        await self.require_chat_model("a full backend keeps what was said itself")
        before = len(self.scenarios.received())  # where that cannot be shown, nothing is asked in vain
        await self.ask(*messages, **settings)
        received = self.scenarios.received()[before:]
        if not received:
            raise Unmet("a request at the service", "none")
        return received[-1]

    def read_report(self, text: str) -> Reported:
        """What a model says that it was given."""
        return Reported(self.scenarios, text)

    async def claims(self) -> Capabilities:
        """What the model claims."""
        if self._claims is None:
            async with self.open() as model:
                self._claims = await model.capabilities_of(self.model)
        return self._claims

    async def require(self, *capabilities: str) -> None:
        """Go on where the model claims all of these.

        Raises:
            NotApplicable: It does not.
        """
        for name in capabilities:
            if not getattr(await self.claims(), name):
                raise NotApplicable(f"`{name}` is not claimed")

    async def require_backend(self, *capabilities: str) -> None:
        """Go on where it is a full backend that claims all of these.

        Raises:
            NotApplicable: It is a ChatModel, or does not claim them.
        """
        if not await self.is_backend():
            raise NotApplicable(NO_BACKEND)
        await self.require(*capabilities)

    async def require_streaming_backend(self, *capabilities: str) -> None:
        """Go on where it is a full backend that streams, and claims all of these.

        Raises:
            NotApplicable: It is a ChatModel, or does not claim them.
        """
        await self.require_backend("streaming", *capabilities)

    async def require_cancel(self) -> None:
        """Go on where runs can be cancelled: those of a chat model always can, as hosting does it.

        Raises:
            NotApplicable: It is a backend that does not claim it.
        """
        if await self.is_backend():
            await self.require("cancel")

    async def require_lack(self, capability: str) -> None:
        """Go on where the model does not claim this.

        Raises:
            NotApplicable: It does.
        """
        if getattr(await self.claims(), capability):
            raise NotApplicable(f"`{capability}` is claimed")


class Reported:
    """What a model says that it was given, field by field."""

    def __init__(self, scenarios: Scenarios, text: str) -> None:
        try:
            self._fields = scenarios.read_report(text)
        except ValueError as error:
            raise Unmet("a report of what the model was given", f"{text[:200]!r} ({error})") from None
        self._by = type(scenarios).__name__

    def __getitem__(self, name: str) -> object:
        """A field of the request.

        Raises:
            NotApplicable: The report does not show it.
        """
        if name not in self._fields:
            raise NotApplicable(f"the report that {self._by} reads does not show `{name}`")
        return self._fields[name]


def exactly(scene: Scene) -> str:
    """The answer of a scene.

    Raises:
        NotApplicable: It cannot be foretold.
    """
    if scene.answer is None:
        raise NotApplicable("what the model answers cannot be foretold to the letter")
    return scene.answer


def _message(one: str | Scene | ModelMessage) -> ModelMessage:
    if isinstance(one, Scene):
        return UserMessage([Text(one.message)])
    return UserMessage([Text(one)]) if isinstance(one, str) else one
