"""An MCP server for the tests, made with the official package: `server.py stdio`, or `server.py http`.

By HTTP it prints the port that it listens on, and takes requests from then on. With `legacy` behind it, it speaks the
protocol as it was before 2026: a handshake, sessions, and cancels that are notifications.
"""

import atexit
import base64
import os
import signal
import socket
import sys
import threading
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import NoReturn

import anyio
from mcp import MCPError
from mcp.server import Server, ServerRequestContext
from mcp_types import (
    INTERNAL_ERROR,
    INVALID_PARAMS,
    METHOD_NOT_FOUND,
    AudioContent,
    BlobResourceContents,
    CallToolRequestParams,
    CallToolResult,
    EmbeddedResource,
    ImageContent,
    ListToolsResult,
    PaginatedRequestParams,
    RequestParams,
    ResourceLink,
    TextContent,
    TextResourceContents,
    Tool,
    ToolAnnotations,
)

PAGE = 4
PIXEL = b"\x89PNG\r\n\x1a\n-not-really"
JOURNAL: list[str] = []
"""What happened in this process, for the tool `journal`."""

Context = ServerRequestContext[dict[str, object]]
Arguments = Mapping[str, object]
Body = Callable[[Context, Arguments], Awaitable[CallToolResult]]
BODIES: dict[str, Body] = {}
TOOLS: list[Tool] = []


def tool(
    name: str,
    properties: dict[str, object] | None = None,
    *,
    description: str | None = None,
    title: str | None = None,
    annotations: ToolAnnotations | None = None,
    output_schema: dict[str, object] | None = None,
) -> Callable[[Body], Body]:
    """Offer a function; each of its properties is required."""
    schema: dict[str, object] = {
        "type": "object",
        "properties": properties or {},
        "required": list(properties or {}),
        "additionalProperties": False,
    }

    def offer(body: Body) -> Body:
        BODIES[name] = body
        TOOLS.append(
            Tool(
                name=name,
                title=title,
                description=description,
                input_schema=schema,
                annotations=annotations,
                output_schema=output_schema,
            )
        )
        return body

    return offer


def text(*texts: str) -> CallToolResult:
    return CallToolResult(content=[TextContent(text=each) for each in texts])


INTEGER = {"type": "integer"}
STRING = {"type": "string"}


@tool(
    "add",
    {"a": INTEGER, "b": INTEGER},
    description="Adds two numbers.",
    annotations=ToolAnnotations(read_only_hint=True),
    output_schema={"type": "object", "properties": {"sum": INTEGER}, "required": ["sum"]},
)
async def add(context: Context, arguments: Arguments) -> CallToolResult:
    JOURNAL.append("add was called")
    a, b = arguments["a"], arguments["b"]
    assert isinstance(a, int)
    assert isinstance(b, int)
    return CallToolResult(
        content=[TextContent(text=f"{a} + {b}"), TextContent(text=f"= {a + b}")], structured_content={"sum": a + b}
    )


@tool("journal", title="What happened", annotations=ToolAnnotations(idempotent_hint=True))
async def journal(context: Context, arguments: Arguments) -> CallToolResult:
    return text(*JOURNAL)


@tool("count", {"to": INTEGER}, description="Counts, and tells how far it is.")
async def count(context: Context, arguments: Arguments) -> CallToolResult:
    to = arguments["to"]
    assert isinstance(to, int)
    for number in range(1, to + 1):
        await context.session.report_progress(number, to, f"at {number}")
    return text("counted")


@tool("wait", {"name": STRING}, description="Says that it waits, and waits until it is cancelled.")
async def wait(context: Context, arguments: Arguments) -> CallToolResult:
    await context.session.report_progress(0, None, str(os.getpid()))
    try:
        await anyio.sleep_forever()
    except anyio.get_cancelled_exc_class():
        JOURNAL.append(f"{arguments['name']} was cancelled")
        raise
    raise AssertionError


@tool("fail")
async def fail(context: Context, arguments: Arguments) -> CallToolResult:
    return CallToolResult(content=[TextContent(text="The shop is closed.")], is_error=True)


@tool("fail_silently")
async def fail_silently(context: Context, arguments: Arguments) -> CallToolResult:
    return CallToolResult(content=[], is_error=True)


@tool("break_down")
async def break_down(context: Context, arguments: Arguments) -> CallToolResult:
    raise MCPError(INTERNAL_ERROR, "the disk is full")


@tool("refuse")
async def refuse(context: Context, arguments: Arguments) -> CallToolResult:
    raise MCPError(INVALID_PARAMS, "there is no such shop")


@tool("misfit", output_schema={"type": "object", "properties": {"sum": INTEGER}, "required": ["sum"]})
async def misfit(context: Context, arguments: Arguments) -> CallToolResult:
    return CallToolResult(content=[], structured_content={"total": 3})


@tool("data")
async def data(context: Context, arguments: Arguments) -> CallToolResult:
    return CallToolResult(content=[], structured_content={"städte": ["Köln"]})


@tool("picture")
async def picture(context: Context, arguments: Arguments) -> CallToolResult:
    image = ImageContent(data=base64.b64encode(PIXEL).decode(), mime_type="image/png")
    return CallToolResult(content=[TextContent(text="Look:"), image])


@tool("attachments")
async def attachments(context: Context, arguments: Arguments) -> CallToolResult:
    blob = base64.b64encode(b"12345").decode()
    return CallToolResult(
        content=[
            AudioContent(data=blob, mime_type="audio/wav"),
            EmbeddedResource(resource=TextResourceContents(uri="file:///a.txt", text="read me")),
            EmbeddedResource(
                resource=BlobResourceContents(uri="file:///a.zip", blob=blob, mime_type="application/zip")
            ),
            ResourceLink(name="manual", uri="file:///manual.pdf", description="How to."),
        ]
    )


@tool("environment", {"variable": STRING})
async def environment(context: Context, arguments: Arguments) -> CallToolResult:
    return text(os.environ.get(str(arguments["variable"]), "not set"))


@tool("header", {"name": STRING})
async def header(context: Context, arguments: Arguments) -> CallToolResult:
    assert context.request is not None
    return text(context.request.headers.get(str(arguments["name"]), "not sent"))


@tool("process")
async def process(context: Context, arguments: Arguments) -> CallToolResult:
    return text(str(os.getpid()))


@tool("die")
async def die(context: Context, arguments: Arguments) -> CallToolResult:
    print("Traceback (most recent call last):\nMemoryError: no room left", file=sys.stderr, flush=True)
    os._exit(3)


@tool("files.read", description="Its name is not legal for a model.")
async def read_file(context: Context, arguments: Arguments) -> CallToolResult:
    return text("the file")


@tool("files_read")
async def read_file_again(context: Context, arguments: Arguments) -> CallToolResult:
    return text("the other file")


@tool("long_" + "x" * 100)
async def long_name(context: Context, arguments: Arguments) -> CallToolResult:
    return text("long")


async def list_tools(context: Context, params: PaginatedRequestParams | None) -> ListToolsResult:
    start = int(params.cursor) if params is not None and params.cursor is not None else 0
    end = start + PAGE
    return ListToolsResult(tools=TOOLS[start:end], next_cursor=str(end) if end < len(TOOLS) else None)


async def call_tool(context: Context, params: CallToolRequestParams) -> CallToolResult:
    return await BODIES[params.name](context, params.arguments or {})


SERVER = Server("anyassistant-tests", on_list_tools=list_tools, on_call_tool=call_tool)


async def serve_stdio(*, is_legacy: bool) -> None:
    from mcp.server.runner import _serve_legacy_stream
    from mcp.server.stdio import stdio_server

    async with stdio_server() as (inbox, outbox):
        if is_legacy:
            await _serve_legacy_stream(
                SERVER, inbox, outbox, lifespan_state={}, session_id=None, init_options=None, raise_exceptions=False
            )
        else:
            await SERVER.run(inbox, outbox, SERVER.create_initialization_options())


async def refuse_discovery(context: Context, params: RequestParams) -> NoReturn:
    raise MCPError(METHOD_NOT_FOUND, "no such method")


def serve_http(*, is_legacy: bool) -> None:
    import uvicorn

    if is_legacy:
        SERVER.add_request_handler("server/discover", RequestParams, refuse_discovery)
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    config = uvicorn.Config(SERVER.streamable_http_app(), log_level="warning")
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    transport, *options = sys.argv[1:]
    print("the server starts", file=sys.stderr, flush=True)
    if "noise" in options:
        print("this line is not JSON-RPC", flush=True)
    if "broken" in options:
        TOOLS[1].input_schema["properties"] = 5
    if "stubborn" in options:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        atexit.register(threading.Event().wait)
    if transport == "http":
        serve_http(is_legacy="legacy" in options)
    else:
        anyio.run(partial(serve_stdio, is_legacy="legacy" in options))
