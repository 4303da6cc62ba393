"""Toolsets: tools that go together, under one name."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from functools import cached_property
from typing import TypeAlias

from typing_extensions import Unpack

from anyassistant_tools.around import Around, refuse_uncallable_around
from anyassistant_tools.errors import ToolDefinitionError
from anyassistant_tools.narrowing import is_json_object
from anyassistant_tools.options import CALL_OPTIONS, CallOptions, refuse_unknown_option
from anyassistant_tools.tools import Tool

Change: TypeAlias = Callable[[Sequence[Tool]], Sequence[Tool]]


class Toolset:
    """A named group of tools. It is not changed: `filter`, `prefix`, `rename`, `configure` and `wrap` give another.

    Args:
        name: What people call it.
        tools: Typed functions, Tools, other toolsets, or wire dicts; each tool has a name of its own.

    Attributes:
        name: What people call it.

    Raises:
        ToolDefinitionError: Something is no tool, two have one name, or there is no list of tools.
    """

    name: str

    def __init__(self, name: str, tools: Iterable[ToolLike]) -> None:
        if isinstance(tools, str | bytes | Mapping) or not isinstance(tools, Iterable):
            raise ToolDefinitionError(
                f"Toolset {name!r} takes a list of tools, not {type(tools).__name__}: Toolset({name!r}, [...])."
            )
        self.name = name
        self._parts = [to_part(item, f"tools[{index}] of toolset {name!r}") for index, item in enumerate(tools)]
        self._change: Change = _unchanged
        if not self.needs_opening:
            _ = self.tools  # two of one name are refused here

    @property
    def needs_opening(self) -> bool:
        """Whether its tools are known only while it is open, as those of an MCP server."""
        return any(isinstance(part, Toolset) and part.needs_opening for part in self._parts)

    @cached_property
    def tools(self) -> Sequence[Tool]:
        """Its tools, those of toolsets in it included.

        Raises:
            ToolDefinitionError: It has to be opened first.
        """
        if self.needs_opening:
            raise ToolDefinitionError(
                f"The tools of {self.name!r} are known only while it is open: give it to an assistant, whose client "
                "opens it, or use `async with toolset.open() as tools`."
            )
        return self.tools_from({})

    @property
    def sources(self) -> Sequence[Toolset]:
        """The toolsets behind it whose tools are known only while they are open; perhaps itself."""
        if not self.needs_opening:
            return []
        return [source for part in self._parts if isinstance(part, Toolset) for source in part.sources] or [self]

    def tools_from(self, opened: Mapping[Toolset, Sequence[Tool]]) -> Sequence[Tool]:
        """Its tools, given those of all its sources; for whoever keeps sources open for many toolsets.

        Raises:
            ToolDefinitionError: Two tools have one name, or one that is named does not exist.
        """
        if self in opened:
            return opened[self]
        found: list[Tool] = []
        for part in self._parts:
            found += part.tools_from(opened) if isinstance(part, Toolset) else [part]
        return self._named_apart(self._change(found))

    def open(self) -> AbstractAsyncContextManager[Sequence[Tool]]:
        """Its tools, for as long as it is open. Each opening has connections of its own.

        A toolset whose tools come from elsewhere overrides this and `needs_opening`.

        Raises:
            ToolDefinitionError: Two tools have one name, or one that is named does not exist.
        """
        return self._open_sources()

    @asynccontextmanager
    async def _open_sources(self) -> AsyncGenerator[Sequence[Tool], None]:
        async with AsyncExitStack() as stack:
            sources = dict.fromkeys(self.sources)
            opened = {source: await stack.enter_async_context(source.open()) for source in sources}
            yield self.tools_from(opened)

    def filter(self, *names: str) -> Toolset:
        """Only the tools of these names, in its own order.

        Raises:
            ToolDefinitionError: It has no tool of such a name; of one that has to be opened, when it is.
        """

        def change(tools: Sequence[Tool]) -> Sequence[Tool]:
            self._refuse_unknown(names, tools)
            return [tool for tool in tools if tool.name in names]

        return self._changed(change)

    def prefix(self, prefix: str) -> Toolset:
        """Its tools with a prefix to their names: `shop_` makes `order` to `shop_order`."""
        return self._changed(lambda tools: [tool.changed(name=prefix + tool.name) for tool in tools])

    def rename(self, names: Mapping[str, str]) -> Toolset:
        """Its tools, some of them under other names.

        Args:
            names: The new name by the old one.

        Raises:
            ToolDefinitionError: As for `filter`; or a new name is not legal, or taken.
        """

        def change(tools: Sequence[Tool]) -> Sequence[Tool]:
            self._refuse_unknown(names, tools)
            return [tool.changed(name=names[tool.name]) if tool.name in names else tool for tool in tools]

        return self._changed(change)

    def configure(self, **options: Unpack[CallOptions]) -> Toolset:
        """Its tools, all of them with these options.

        Raises:
            ToolDefinitionError: An option does not exist or cannot be; `name` and `description` are each tool's own.
        """
        for option in options:
            if option in ("name", "description"):
                raise ToolDefinitionError(
                    f"configure takes no `{option}`, since each tool has its own: see `rename` and `Tool.changed`."
                )
            refuse_unknown_option(option, CALL_OPTIONS, of="configure")
        return self._changed(lambda tools: [tool.changed(**options) for tool in tools])

    def wrap(self, around: Around) -> Toolset:
        """Its tools, with something done around each call: a log line, a cache, another try.

        Args:
            around: `async def around(tool, arguments, proceed)`, which gives the `ToolResult`; `await proceed()` makes
                the call. `arguments` is the text as the model wrote it, not yet validated.

        Raises:
            ToolDefinitionError: `around` is no function.
        """
        refuse_uncallable_around(around)  # of a toolset that has to be opened too
        return self._changed(lambda tools: [tool.wrapped(around) for tool in tools])

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}>"

    def _changed(self, change: Change) -> Toolset:
        return _Changed(self, change)

    def _refuse_unknown(self, names: Iterable[str], tools: Sequence[Tool]) -> None:
        known = [tool.name for tool in tools]
        for name in names:
            if name not in known:
                raise ToolDefinitionError(f"Toolset {self.name!r} has no tool {name!r} (it has: {', '.join(known)}).")

    def _named_apart(self, tools: Sequence[Tool]) -> Sequence[Tool]:
        seen: set[str] = set()
        for tool in tools:
            if tool.name in seen:
                raise ToolDefinitionError(
                    f"Two tools of toolset {self.name!r} have the name {tool.name!r}: a model could not tell them "
                    "apart. Use `prefix` or `rename`.",
                    tool=tool.name,
                )
            seen.add(tool.name)
        return tools


class _Changed(Toolset):
    """Another toolset's tools, changed."""

    def __init__(self, source: Toolset, change: Change) -> None:
        self.name = source.name
        self._parts = [source]
        self._change = change
        if not source.needs_opening:
            _ = self.tools

    def __repr__(self) -> str:
        return f"<Toolset {self.name}>"  # people know no other class of it


ToolLike: TypeAlias = Callable[..., object] | Tool | Toolset | Mapping[str, object]
"""What an assistant's `tools` may contain: a callable, a `Tool`, a `Toolset`, or a wire dict, which the caller runs."""


def to_part(item: object, where: str) -> Tool | Toolset:
    """Give the tool or the toolset that something stands for.

    Args:
        item: What was handed in as one.
        where: Where, for the error.

    Raises:
        ToolDefinitionError: It is none.
    """
    if isinstance(item, Tool | Toolset):
        return item
    if isinstance(item, Mapping):
        return _from_wire(item, where)
    if callable(item):
        return Tool.from_callable(item)
    raise ToolDefinitionError(
        f"{where} is {type(item).__name__}: a tool is a typed function, a Tool, a Toolset, or a wire dict."
    )


def _from_wire(item: Mapping[str, object], where: str) -> Tool:
    """A tool of `{"type": "function", "function": {...}}`. Source: OpenAI Assistants v2 reference, `tools`."""
    function = item.get("function")
    if item.get("type") != "function" or not is_json_object(function) or not isinstance(function.get("name"), str):
        raise ToolDefinitionError(
            f'{where} is no tool of the wire: {{"type": "function", "function": {{"name": ..., "parameters": ...}}}}.'
        )
    parameters = function.get("parameters") or {"type": "object", "properties": {}}
    if not is_json_object(parameters):
        raise ToolDefinitionError(f"{where}: `parameters` is a JSON Schema.", tool=str(function["name"]))
    return Tool.from_schema(str(function["name"]), str(function.get("description") or ""), parameters)


def _unchanged(tools: Sequence[Tool]) -> Sequence[Tool]:
    return tools
