"""Assistants, as an app holds them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

from anyassistant_tools import Tool, ToolLike
from typing_extensions import Unpack

from .. import protocols
from ..errors import InvalidRequest
from ..types import AssistantRecord, HostedTool, Page, PageQuery
from .handle import Handle
from .options import AssistantOptions
from .paginator import AsyncPaginator
from .requests import assistant_params, page_query
from .session import SessionGetter
from .tools import Toolbox, to_specs


class AsyncAssistant(Handle):
    """An assistant, with the callables that are bound to it here."""

    def __init__(
        self, session: SessionGetter, backend: protocols.Assistant, bound: Mapping[str, Tool], own: Toolbox
    ) -> None:
        self._session = session
        self._backend = backend
        self._bound = dict(bound)
        self._own = {spec.name: spec for spec in own.specs}
        self._own_hosted = own.hosted

    @property
    def id(self) -> str:
        """The assistant's id (`asst_...`)."""
        return self.record.id

    @property
    def name(self) -> str | None:
        """The assistant's name, as last seen; it need not be unique."""
        return self.record.name

    @property
    def record(self) -> AssistantRecord:
        """The assistant as last seen."""
        return self._backend.record

    def register_function(self, fn: ToolLike, /) -> None:
        """Bind a function: runs of this handle offer it to the model and call it. Local; the record stays as it is.

        Args:
            fn: A typed function, a Tool, or a Toolset that need not be opened.

        Raises:
            InvalidRequest: Another function is bound under that name.
            ToolDefinitionError: It cannot become a tool, or has to be opened: give it to `assistants.get` instead.
        """
        specs = to_specs(fn, "fn")
        for spec, _ in specs:
            if spec.name in self._bound:
                raise InvalidRequest(
                    f"A function {spec.name!r} is bound already: give one of them another name.",
                    param="fn",
                    code="duplicate_tool_name",
                )
        for spec, tool in specs:
            self._own[spec.name] = spec
            if tool is not None:
                self._bound[spec.name] = tool

    async def update(self, **changes: Unpack[AssistantOptions]) -> Self:
        """Change what is given, and leave the rest.

        Raises:
            InvalidRequest: As `assistants.create`.
            NotFound: It was deleted.
        """
        toolbox = await (await self._session()).toolbox(changes["tools"]) if "tools" in changes else None
        options: dict[str, Any] = {**_options_of(self.record), **changes}
        params = assistant_params(options, toolbox or Toolbox(self.record.tools, self.record.hosted_tools))
        await self._backend.update(params)
        if toolbox is not None:
            self._bound = dict(toolbox.bound)
            self._own = {}
            self._own_hosted = ()
        return self

    async def delete(self) -> None:
        """Delete it. Threads and runs stay: a run has its assistant's settings of its own."""
        await self._backend.delete()

    def _tools_of_run(self) -> Toolbox | None:
        """The tools of a run where they differ from the record's; None where they do not."""
        specs = {spec.name: spec for spec in self.record.tools}
        merged = {**specs, **self._own}
        hosted = [*self.record.hosted_tools, *(one for one in self._own_hosted if one not in self.record.hosted_tools)]
        if merged == specs and len(hosted) == len(self.record.hosted_tools):
            return None
        return Toolbox(tuple(merged.values()), hosted)


class AsyncAssistants(Handle):
    """`client.assistants`."""

    def __init__(self, session: SessionGetter) -> None:
        self._session = session

    async def create(self, **options: Unpack[AssistantOptions]) -> AsyncAssistant:
        """Make an assistant.

        Raises:
            InvalidRequest: Something is not as the reference has it; nothing was written.
            ToolDefinitionError: A function cannot become a tool.
            UnsupportedCapability: The provider takes no tools, or has none of its own.
            AnyAssistantError: A toolset cannot be opened.
        """
        session = await self._session()
        toolbox = await session.toolbox(options.get("tools", ()))
        params = assistant_params(options, toolbox)
        backend = await session.provider.create_assistant(params)
        return AsyncAssistant(self._session, backend, toolbox.bound, Toolbox())

    async def get(self, assistant_id: str, /, *, tools: Sequence[ToolLike | HostedTool] = ()) -> AsyncAssistant:
        """An assistant by id, with callables bound to it.

        Raises:
            NotFound: There is none.
        """
        session = await self._session()
        toolbox = await session.toolbox(tools)
        backend = await session.provider.get_assistant(assistant_id)
        return AsyncAssistant(self._session, backend, toolbox.bound, toolbox)

    def list(self, *, metadata: Mapping[str, str] | None = None) -> AsyncPaginator[AsyncAssistant]:
        """All assistants, the newest first; with `metadata`, those which carry these pairs."""

        async def fetch(query: PageQuery) -> Page[AsyncAssistant]:
            page = await (await self._session()).provider.list_assistants(query)
            return Page([AsyncAssistant(self._session, one, {}, Toolbox()) for one in page.data], page.has_more)

        return AsyncPaginator(fetch, page_query(metadata=metadata), lambda one: one.id)

    async def update(self, assistant_id: str, /, **changes: Unpack[AssistantOptions]) -> AsyncAssistant:
        """Change what is given, and leave the rest."""
        return await (await self.get(assistant_id)).update(**changes)

    async def delete(self, assistant_id: str, /) -> None:
        """Delete an assistant. Threads and runs stay."""
        await (await self.get(assistant_id)).delete()


def _options_of(record: AssistantRecord) -> dict[str, Any]:
    fields = (
        "name", "description", "instructions", "model", "tool_resources", "temperature", "top_p", "response_format",
        "metadata",
    )  # fmt: skip
    return {name: getattr(record, name) for name in fields}
