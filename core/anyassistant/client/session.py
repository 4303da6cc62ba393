"""What an open client consists of: provider, store, host task, worker threads."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from typing import TypeAlias

import anyio
from anyassistant_tools import Tool, ToolLike, Toolset, WorkerThreads

from ..calls import BoundTools
from ..errors import ConfigError
from ..host_task import HostTask
from ..hosting import HostedProvider, Store
from ..protocols import ChatModel, Provider
from ..remote import RemoteProvider
from ..types import HostedTool
from .stores import make_store
from .tools import Toolbox, make_toolbox
from .toolsets import OpenToolsets

Target: TypeAlias = str | ChatModel | Provider | None
SessionProvider: TypeAlias = HostedProvider | RemoteProvider

MAX_TOOL_THREADS = 64
"""Sync tools that run at once in one client, over all its runs."""


class Session:
    """An open client.

    Attributes:
        provider: What keeps assistants, threads and runs.
        store: Where it keeps them.
    """

    def __init__(
        self, provider: SessionProvider, store: Store, host: HostTask, *, toolsets: Sequence[Toolset] = ()
    ) -> None:
        self.provider = provider
        self.store = store
        self._host = host
        self._threads = WorkerThreads("anyassistant-tool", MAX_TOOL_THREADS)
        self._toolsets = OpenToolsets(host)
        self._configured = toolsets

    async def executor(self, tools: Mapping[str, Tool], deps: object) -> BoundTools:
        """What may call these tools and those of the configuration, with what the app gave for their contexts.

        Raises:
            AnyAssistantError: A toolset of the configuration cannot be opened.
        """
        if self._configured:
            tools = {**(await self.toolbox(self._configured)).bound, **tools}
        return BoundTools(tools, self._threads, host=self._host, deps=deps)

    async def toolbox(self, tools: Sequence[ToolLike | HostedTool]) -> Toolbox:
        """Specs and bindings of what an app hands in; toolsets that have to be opened are held open from now on.

        Raises:
            InvalidRequest: Something is no tool, or two have one name.
            ToolDefinitionError: Something cannot become a tool.
            AnyAssistantError: A toolset cannot be opened.
        """
        toolbox = make_toolbox(tools)
        if not toolbox.unopened:
            return toolbox
        opened = {toolset: await self._toolsets.tools_of(toolset) for toolset in dict.fromkeys(toolbox.unopened)}
        return make_toolbox(tools, opened=opened)

    async def complete(self, work: Callable[[], Awaitable[object]]) -> None:
        """Do what must not be left half done, whoever waits for it."""
        await self.provider.complete(work)

    async def aclose(self) -> None:
        """Park what is driven here, and close all."""
        try:
            await self.provider.aclose()
            await self._toolsets.aclose()
        finally:
            await self._host.aclose()
            await self.store.aclose()


SessionGetter: TypeAlias = Callable[[], Awaitable[Session]]


async def open_session(
    target: Target, *, store: str | Store | None, config: str | PathLike[str] | None, lease: float
) -> Session:
    """Put an open client together.

    Raises:
        ConfigError: The target or the configuration cannot be used.
        StoreError: The store cannot be opened.
    """
    host = HostTask()
    opened = make_store(store)
    await opened.open()
    try:
        await host.start()
        made = _find(target, config)
        provider = _make_provider(made, opened, host, lease)
    except BaseException:
        with anyio.CancelScope(shield=True):
            await host.aclose()
            await opened.aclose()
        raise
    return Session(provider, opened, host, toolsets=made.toolsets)


@dataclass(frozen=True, slots=True)
class _Found:
    """What a target stands for.

    Attributes:
        name: The provider's.
        default_model: The model of what names none: of a chat model's runs, of a service's new assistants.
        toolsets: Those of the configuration.
    """

    name: str
    backend: ChatModel | Provider
    default_model: str
    toolsets: Sequence[Toolset] = ()


def _find(target: Target, config: str | PathLike[str] | None) -> _Found:
    if target is None or isinstance(target, str):
        from ..config import resolve

        resolved = resolve(target, path=config)
        manifest = resolved.manifest
        made = manifest.create(resolved.config)
        if not isinstance(made, ChatModel | Provider):
            raise ConfigError(
                f"The manifest of provider {manifest.name!r} makes a {type(made).__name__}, which is neither a "
                "ChatModel nor a Provider."
            )
        default_model = resolved.default_model
        if isinstance(made, Provider):  # its own default is the service's
            default_model = resolved.model or manifest.default_model or ""
        return _Found(manifest.name, made, default_model, resolved.toolsets)
    if isinstance(target, ChatModel):
        return _Found(type(target).__name__, target, type(target).__name__)
    if isinstance(target, Provider):
        return _Found(target.name, target, "")
    raise ConfigError(
        "A client talks to a profile or provider by name, to a ChatModel, or to a Provider, not to "
        f"{type(target).__name__}."
    )


def _make_provider(found: _Found, store: Store, host: HostTask, lease: float) -> SessionProvider:
    if isinstance(found.backend, ChatModel):
        return HostedProvider(
            found.name, found.backend, store, task=host, default_model=found.default_model, lease=lease
        )
    return RemoteProvider(found.backend, store, task=host, lease=lease, default_model=found.default_model)
