"""From the tools that an MCP server lists to tools of ours."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

from anyassistant_tools.context import RunContext
from anyassistant_tools.errors import ToolCancelled
from anyassistant_tools.mcp.results import to_tool_result
from anyassistant_tools.naming import MAX_NAME_LENGTH
from anyassistant_tools.tools import Tool

if TYPE_CHECKING:
    import mcp_types

    from anyassistant_tools.mcp.connection import Connection
    from anyassistant_tools.schema_call import SchemaCall

_ILLEGAL_CHARACTER = re.compile(r"[^a-zA-Z0-9_-]")

DIGEST_LENGTH = 8


def make_tools(connection: Connection) -> list[Tool]:
    """Give the tools that a server offered, which call it through this connection.

    Raises:
        ToolDefinitionError: The schema of one is none.
    """
    by_name = {tool.name: tool for tool in connection.tools}  # a list that changes between two pages has one twice
    names = legal_names(by_name)
    return [_make_tool(tool, names[tool.name], connection) for tool in by_name.values()]


def legal_names(names: Iterable[str]) -> Mapping[str, str]:
    """Give each of a server's names one that every provider takes.

    A legal one stays. In another, each illegal character becomes `_`; where that is too long, or another tool has it,
    it ends in a digest of the server's name, which is the same in every process and whatever the order.

    Args:
        names: The server's names, each once.
    """
    nearest = {name: _ILLEGAL_CHARACTER.sub("_", name) for name in names}
    count = Counter(nearest.values())
    legal: dict[str, str] = {}
    for name, near in nearest.items():
        is_its_own = near == name or count[near] == 1
        legal[name] = near if is_its_own and 0 < len(near) <= MAX_NAME_LENGTH else _with_digest(name, near)
    return legal


def _with_digest(name: str, near: str) -> str:
    digest = hashlib.sha256(name.encode()).hexdigest()[:DIGEST_LENGTH]
    return f"{near[: MAX_NAME_LENGTH - DIGEST_LENGTH - 1]}_{digest}"


def _make_tool(offered: mcp_types.Tool, name: str, connection: Connection) -> Tool:
    hints = offered.annotations
    title = offered.title or (hints and hints.title)
    is_idempotent = hints is not None and bool(hints.read_only_hint or hints.idempotent_hint)
    return Tool.from_schema(
        name,
        offered.description or title or "",
        offered.input_schema,
        call=_make_call(offered.name, connection),
        idempotent=is_idempotent,
    )


def _make_call(name: str, connection: Connection) -> SchemaCall:
    async def call(arguments: dict[str, object], context: RunContext[object] | None) -> object:
        def emit(progress: float, total: float | None, message: str | None) -> None:
            if context is not None:
                with suppress(ToolCancelled):  # it crossed the cancel on its way
                    context.emit({"progress": progress, "total": total, "message": message})

        return to_tool_result(await connection.call(name, arguments, emit))

    return call
