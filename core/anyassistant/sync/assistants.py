"""Assistants, blocking."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Self

from anyassistant_tools import ToolLike
from typing_extensions import Unpack

from ..client import AssistantOptions, AsyncAssistant, AsyncAssistants
from ..client.handle import Handle
from ..types import AssistantRecord, HostedTool
from .paginator import Paginator
from .portal import Portal


class Assistant(Handle):
    """An assistant, with the callables that are bound to it here: `AsyncAssistant`, blocking."""

    def __init__(self, portal: Portal, inner: AsyncAssistant) -> None:
        self._portal = portal
        self._inner = inner

    @property
    def id(self) -> str:
        """The assistant's id (`asst_...`)."""
        return self._inner.id

    @property
    def name(self) -> str | None:
        """The assistant's name, as last seen; it need not be unique."""
        return self._inner.name

    @property
    def record(self) -> AssistantRecord:
        """The assistant as last seen."""
        return self._inner.record

    def register_function(self, fn: ToolLike, /) -> None:
        """Bind a function; see `AsyncAssistant.register_function`."""
        self._inner.register_function(fn)

    def update(self, **changes: Unpack[AssistantOptions]) -> Self:
        """Change what is given, and leave the rest."""
        self._portal.call(partial(self._inner.update, **changes))
        return self

    def delete(self) -> None:
        """Delete it. Threads and runs stay."""
        self._portal.call(self._inner.delete)


class Assistants(Handle):
    """`client.assistants`."""

    def __init__(self, portal: Portal, inner: AsyncAssistants) -> None:
        self._portal = portal
        self._inner = inner

    def create(self, **options: Unpack[AssistantOptions]) -> Assistant:
        """Make an assistant; see `AsyncAssistants.create`."""
        return self._wrap(self._portal.call(partial(self._inner.create, **options)))

    def get(self, assistant_id: str, /, *, tools: Sequence[ToolLike | HostedTool] = ()) -> Assistant:
        """An assistant by id, with callables bound to it."""
        return self._wrap(self._portal.call(partial(self._inner.get, assistant_id, tools=tools)))

    def list(self, *, metadata: Mapping[str, str] | None = None) -> Paginator[Assistant]:
        """All assistants, the newest first; with `metadata`, those which carry these pairs."""
        return Paginator(self._portal, self._inner.list(metadata=metadata), self._wrap)

    def update(self, assistant_id: str, /, **changes: Unpack[AssistantOptions]) -> Assistant:
        """Change what is given, and leave the rest."""
        return self._wrap(self._portal.call(partial(self._inner.update, assistant_id, **changes)))

    def delete(self, assistant_id: str, /) -> None:
        """Delete an assistant. Threads and runs stay."""
        self._portal.call(partial(self._inner.delete, assistant_id))

    def _wrap(self, inner: AsyncAssistant) -> Assistant:
        return Assistant(self._portal, inner)
