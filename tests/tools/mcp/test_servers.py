"""How servers are started and reached, what is said of those that are not, and what is left of them afterwards."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from subprocess import Popen
from typing import Any

import anyio
import anyio.to_thread
import mcp.client.stdio
import pytest
from anyassistant_tools import AnyAssistantError, RunContext, Tool, ToolDefinitionError, given_schema
from anyassistant_tools.given_schema import check_schema
from anyassistant_tools.mcp import MCPNotInstalledError, MCPServerError, MCPToolset, connection
from anyassistant_tools.mcp.attempt import NotInTime
from anyassistant_tools.mcp.stdio import StdioServer

# httpx2 and mcp close the stream of an answer and leave its generators to the garbage collector, which trio reports.
pytestmark = pytest.mark.filterwarnings("ignore:Async generator '(httpx2|httpcore2|mcp):ResourceWarning")

MakeStdio = Callable[..., MCPToolset]

SERVER = str(Path(__file__).with_name("server.py"))


async def failure_of_opening(toolset: MCPToolset) -> str:
    """What the error says, which has no secret in it or behind it."""
    with pytest.raises(MCPServerError) as caught:
        async with toolset.open():
            pass
    assert "sesame" not in "".join(traceback.format_exception(caught.value))
    assert str(caught.value).startswith(f"The MCP server {toolset.name} ")
    return str(caught.value)


async def call(toolset: MCPToolset, tool: str, arguments: str = "") -> str:
    async with toolset.filter(tool).open() as (only,):
        return (await only.call(arguments)).content


def test_nothing_is_imported_or_started_before_it_is_opened() -> None:
    program = (
        "import sys; from anyassistant_tools.mcp import MCPToolset; MCPToolset.stdio('no-such-program'); "
        "sys.exit(str({'mcp', 'httpx2', 'jsonschema', 'asyncio'} & set(sys.modules) or ''))"
    )
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False).stderr == "\n"


def test_its_tools_are_not_known_before_it_is_opened(make_stdio: MakeStdio) -> None:
    toolset = make_stdio()
    assert toolset.needs_opening
    with pytest.raises(ToolDefinitionError, match="open"):
        _ = toolset.tools


def test_no_secret_is_shown() -> None:
    by_stdio = MCPToolset.stdio("uvx", "mcp-server", "--key", "sesame", env={"KEY": "sesame"})
    by_http = MCPToolset.http("https://ann:sesame@example.org:8080/mcp?key=sesame", headers={"Authorization": "sesame"})
    assert repr(by_stdio) == "<MCPToolset uvx mcp-server ...>"
    assert repr(by_http) == "<MCPToolset https://example.org:8080/mcp>"


def test_it_may_have_a_name() -> None:
    assert MCPToolset.stdio("uvx", "mcp-server", name="clock").name == "clock"


async def test_a_program_that_is_missing_is_named() -> None:
    said = await failure_of_opening(MCPToolset.stdio("no-such-program", env={"KEY": "sesame"}))
    assert "no program 'no-such-program' was found: install it" in said


async def test_a_folder_that_is_missing_is_named(make_stdio: MakeStdio) -> None:
    assert "there is no folder '/no/such'" in await failure_of_opening(make_stdio(cwd="/no/such"))


async def test_a_server_that_ends_at_once_is_quoted() -> None:
    program = "import sys; print('\\n'.join(f'line {n}' for n in range(100)), file=sys.stderr); sys.exit('no licence')"
    said = await failure_of_opening(MCPToolset.stdio(sys.executable, "-c", program, env={"KEY": "sesame"}))
    assert "ended. The last that it wrote to its stderr:\n  line 91\n" in said
    assert said.endswith("line 99\n  no licence")


async def test_a_server_that_ends_silently_is_said_to() -> None:
    said = await failure_of_opening(MCPToolset.stdio(sys.executable, "-c", "pass"))
    assert "ended. It wrote nothing to its stderr. Run its command yourself: " in said
    assert said.endswith("its stdout carries MCP messages alone.")


async def test_a_server_that_does_not_answer_is_given_up_on() -> None:
    silent = MCPToolset.stdio(sys.executable, "-c", "import sys; sys.stdin.read()", timeout=0.3)
    assert (await failure_of_opening(silent)).endswith(
        "did not answer within 0.3 s: give it more by `timeout=`, and see that its stdout carries MCP messages alone. "
        "It wrote nothing to its stderr."
    )


async def test_one_that_did_not_answer_is_quoted() -> None:
    program = "import sys; print('no licence', file=sys.stderr, flush=True); print('hello', flush=True); input()"
    attempt = StdioServer(sys.executable, ("-c", program), None, None).attempt()
    async with attempt.transport() as (messages, _):
        await messages.receive()
    said = (await attempt.explain(NotInTime(2))).predicate
    assert said.startswith(
        "did not answer within 2 s: give it more by `timeout=`, and see that its stdout carries MCP "
    )
    assert "messages alone. The last that it wrote to its stderr:\n  no licence" in said


async def test_one_by_http_that_does_not_answer_is_given_up_on() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/mcp"
        said = await failure_of_opening(MCPToolset.http(url, timeout=0.3))
    assert said.endswith("within 0.3 s: give it more by `timeout=`, and see that its URL is that of an MCP server.")


async def test_a_command_that_has_its_arguments_in_it_is_told_so() -> None:
    said = await failure_of_opening(MCPToolset.stdio("no-such-program server.py"))
    assert "no program 'no-such-program server.py' was found: give its arguments apart, or give its path" in said


@pytest.mark.parametrize(
    ("parts", "kind"),
    [
        ((["python", "x.py", "--key", "sesame"],), "list"),
        (("python", Path("x.py")), "PosixPath"),
        ((None,), "NoneType"),
    ],
)
def test_a_command_that_is_no_text_is_refused_when_it_is_made(parts: Any, kind: str) -> None:
    expected = r"takes the program and then its arguments, each a text, as in stdio\('python', 'server.py'\): not a "
    with pytest.raises(ToolDefinitionError, match=f"{expected}{kind}.$"):
        MCPToolset.stdio(*parts)


async def test_nobody_listening_is_said() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    toolset = MCPToolset.http(f"http://127.0.0.1:{port}/mcp", headers={"Authorization": "sesame"})
    assert "cannot be reached" in await failure_of_opening(toolset)


async def test_a_wrong_path_is_said(url: str) -> None:
    said = await failure_of_opening(MCPToolset.http(url + "/nowhere", headers={"Authorization": "sesame"}))
    assert "answered with HTTP 404 Not Found (Not Found): check the path of its URL" in said


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("127.0.0.1:9/mcp", "127.0.0.1:9/mcp"),
        ("localhost:9/mcp", "localhost:9/mcp"),
        ("ann:sesame@example.org/mcp?key=sesame", "example.org/mcp"),
        ("ftp://example.org/mcp", "ftp://example.org/mcp"),
        ("http:///mcp", "http:///mcp"),
        ("http://127.0.0.1:99999999/mcp", "http://127.0.0.1:99999999/mcp"),
        ("http://[::1/mcp", "http://[::1/mcp"),
        ("", ""),
    ],
)
def test_what_is_no_url_is_refused_when_it_is_made(url: str, shown: str) -> None:
    with pytest.raises(ToolDefinitionError) as caught:
        MCPToolset.http(url)
    assert str(caught.value).endswith(f"with http:// or https://: {shown!r} is none.")
    with pytest.raises(ToolDefinitionError, match="is a text, not a NoneType"):
        MCPToolset.http(None)  # type: ignore[arg-type]


class Forbidding(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.send_error(401)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def forbidding_url() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Forbidding) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/mcp"
        server.shutdown()
        thread.join()


async def test_a_refusal_names_the_status_and_the_headers_but_not_what_is_in_them(forbidding_url: str) -> None:
    said = await failure_of_opening(MCPToolset.http(forbidding_url, headers={"Authorization": "Bearer sesame"}))
    assert said.endswith("HTTP 401 Unauthorized (Server returned an error response): check the headers.")


class Lingering(BaseHTTPRequestHandler):
    """A server of the old protocol that does not answer when it is told to end a session."""

    protocol_version = "HTTP/1.1"
    may_end = threading.Event()

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        match asked["method"]:
            case "initialize":
                version = asked["params"]["protocolVersion"]
                server = {"name": "lingering", "version": "1"}
                self.answer(asked, result={"protocolVersion": version, "capabilities": {}, "serverInfo": server})
            case "tools/list":
                self.answer(asked, result={"tools": [{"name": "ping", "inputSchema": {"type": "object"}}]})
            case "notifications/initialized":
                self.send_response(202)
                self.send_header("Content-Length", "0")
                self.end_headers()
            case _:
                self.answer(asked, error={"code": -32601, "message": "unknown"})

    def do_GET(self) -> None:
        self.send_error(405)

    def do_DELETE(self) -> None:
        self.may_end.wait()
        self.send_error(500)

    def answer(self, asked: dict[str, object], **said: object) -> None:
        body = json.dumps({"jsonrpc": "2.0", "id": asked["id"], **said}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Mcp-Session-Id", "1")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def lingering_url() -> Iterator[str]:
    Lingering.may_end = threading.Event()
    with ThreadingHTTPServer(("127.0.0.1", 0), Lingering) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/mcp"
        Lingering.may_end.set()
        server.shutdown()
        thread.join()


async def test_a_server_that_does_not_end_its_session_is_left_all_the_same(
    lingering_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "CLOSE_SECONDS", 0.1)
    tasks = len(anyio.get_running_tasks())
    with anyio.fail_after(10):
        async with MCPToolset.http(lingering_url).open() as tools:
            assert [tool.name for tool in tools] == ["ping"]
    assert len(anyio.get_running_tasks()) == tasks


async def test_the_schemas_of_its_tools_are_not_checked_on_the_event_loop(
    monkeypatch: pytest.MonkeyPatch, make_stdio: MakeStdio
) -> None:
    checkers: set[int] = set()

    def check(schema: Mapping[str, object], tool: str) -> dict[str, object]:
        checkers.add(threading.get_ident())
        return check_schema(schema, tool)

    monkeypatch.setattr(given_schema, "check_schema", check)
    async with make_stdio().open():
        assert len(checkers) == 1
        assert threading.get_ident() not in checkers


async def test_the_package_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch, make_stdio: MakeStdio) -> None:
    for module in ("mcp", "mcp.client.stdio"):
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MCPNotInstalledError, match=r"pip install 'anyassistant-tools\[mcp\]'") as caught:
        async with make_stdio().open():
            pass
    assert isinstance(caught.value, ImportError)
    assert isinstance(caught.value, AnyAssistantError)


async def test_a_tool_whose_schema_is_none_is_named(make_stdio: MakeStdio) -> None:
    with pytest.raises(ToolDefinitionError, match="journal"):
        async with make_stdio("broken").open():
            pass


async def test_headers_are_sent(url: str) -> None:
    toolset = MCPToolset.http(url, headers={"X-Shop": "sesame"})
    assert await call(toolset, "header", '{"name": "x-shop"}') == "sesame"


async def test_the_environment_that_is_given_is_passed_and_the_apps_own_is_not(
    monkeypatch: pytest.MonkeyPatch, make_stdio: MakeStdio
) -> None:
    monkeypatch.setenv("APP_KEY", "sesame")
    async with make_stdio(env={"SHOP": "Köln"}).filter("environment").open() as (environment,):
        assert (await environment.call('{"variable": "SHOP"}')).content == "Köln"
        assert (await environment.call('{"variable": "APP_KEY"}')).content == "not set"


async def test_what_a_server_writes_to_its_stderr_stays_off_the_terminal(
    capfd: pytest.CaptureFixture[str], make_stdio: MakeStdio
) -> None:
    await call(make_stdio(), "journal")
    assert capfd.readouterr() == ("", "")


def test_noise_on_the_stdout_of_a_server_stays_off_the_terminal(make_stdio: MakeStdio) -> None:
    program = (
        "import sys, anyio; from anyassistant_tools.mcp import MCPToolset\n"
        "async def main():\n"
        f"    async with MCPToolset.stdio(sys.executable, {SERVER!r}, 'stdio', 'noise').open() as tools:\n"
        "        print(len(tools))\n"
        "anyio.run(main)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("19\n", "")


async def test_it_can_be_filtered_prefixed_renamed_and_configured(url: str) -> None:
    derived = (
        MCPToolset.http(url).filter("add", "journal").rename({"journal": "log"}).prefix("test_").configure(timeout=7)
    )
    assert derived.needs_opening
    async with derived.open() as tools:
        assert [tool.name for tool in tools] == ["test_add", "test_log"]
        assert tools[0].settings.timeout == 7
        assert (await tools[0].call('{"a": 1, "b": 2}')).value == {"sum": 3}


async def test_two_openings_at_once_are_independent(make_stdio: MakeStdio) -> None:
    toolset = make_stdio().filter("add")
    async with toolset.open() as outer:
        async with toolset.open() as inner:
            add = inner[0].call
            assert (await add('{"a": 1, "b": 2}')).value == {"sum": 3}
        assert (await outer[0].call('{"a": 1, "b": 2}')).value == {"sum": 3}
        with pytest.raises(MCPServerError, match="is closed"):
            await add('{"a": 1, "b": 2}')


@pytest.mark.parametrize("transport", ["stdio", "http"])
async def test_leaving_fails_the_calls_under_way(transport: str, url: str, make_stdio: MakeStdio) -> None:
    toolset = make_stdio() if transport == "stdio" else MCPToolset.http(url)
    is_waiting = anyio.Event()
    context = RunContext(on_progress=lambda _: is_waiting.set())

    async def wait(tool: Tool) -> None:
        with pytest.raises(MCPServerError, match="is closed"):
            await tool.call('{"name": "left alone"}', context=context)

    async with anyio.create_task_group() as tasks, toolset.open() as tools:
        tasks.start_soon(partial(wait, next(tool for tool in tools if tool.name == "wait")))
        await is_waiting.wait()


async def call_and_kill(wait: Tool) -> str:
    """Kill the server in the middle of a call; what is said of the call."""

    def kill(progress: object) -> None:
        assert isinstance(progress, dict)
        os.kill(int(progress["message"]), signal.SIGKILL)

    with pytest.raises(MCPServerError) as caught:
        await wait.call('{"name": "unlucky"}', context=RunContext(on_progress=kill))
    assert caught.value.may_have_taken_effect
    assert str(caught.value).endswith("The call of wait was under way: it may or may not have taken effect.")
    return str(caught.value)


async def test_a_server_that_is_killed_fails_the_call_and_is_started_anew_by_the_next(make_stdio: MakeStdio) -> None:
    async with make_stdio().filter("add", "journal", "wait").open() as (add, journal, wait):
        await add.call('{"a": 1, "b": 2}')
        assert "ended. The last that it wrote to its stderr:\n  the server starts" in await call_and_kill(wait)
        assert (await journal.call("")).content == ""
        assert (await add.call('{"a": 1, "b": 2}')).value == {"sum": 3}


async def test_a_server_that_dies_is_quoted(make_stdio: MakeStdio) -> None:
    with pytest.raises(MCPServerError, match="MemoryError: no room left"):
        await call(make_stdio(), "die")


async def test_a_server_by_http_that_is_killed_fails_its_calls_and_not_the_app(
    own_http_server: tuple[str, Popen[str]],
) -> None:
    url, _ = own_http_server
    async with MCPToolset.http(url).filter("add", "wait").open() as (add, wait):
        assert "went away" in await call_and_kill(wait)
        with pytest.raises(MCPServerError):  # a connection that was kept may be tried first, and be lost
            await add.call('{"a": 1, "b": 2}')
        with pytest.raises(MCPServerError, match="cannot be reached") as caught:
            await add.call('{"a": 1, "b": 2}')
        assert not caught.value.may_have_taken_effect


async def test_a_tool_is_refused_on_another_event_loop(make_stdio: MakeStdio) -> None:
    async with make_stdio().filter("add").open() as (add,):
        with pytest.raises(MCPServerError, match="another event loop"):
            await anyio.to_thread.run_sync(anyio.run, lambda: add.call('{"a": 1, "b": 2}'))


async def test_an_error_of_the_apps_own_passes_as_it_is(make_stdio: MakeStdio) -> None:
    with pytest.raises(KeyError, match="mine"):
        async with make_stdio().open():
            raise KeyError("mine")


def is_running(process: str) -> bool:
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize("ending", ["leaving", "error", "cancel"])
async def test_nothing_is_left_of_a_server(ending: str, make_stdio: MakeStdio) -> None:
    pid = ""
    tasks = len(anyio.get_running_tasks())
    with anyio.CancelScope() as scope:
        try:
            async with make_stdio().filter("process").open() as (process,):
                pid = (await process.call("")).content
                assert is_running(pid)
                if ending == "error":
                    raise KeyError
                if ending == "cancel":
                    scope.cancel()
                    await anyio.sleep_forever()
        except KeyError:
            pass
    assert not is_running(pid)
    assert len(anyio.get_running_tasks()) == tasks
    for thread in threading.enumerate():
        if thread.name == "mcp-stderr":
            thread.join(10)
            assert not thread.is_alive()


async def test_a_cancel_while_it_starts_leaves_nothing() -> None:
    tasks = len(anyio.get_running_tasks())
    with anyio.move_on_after(0.2):
        async with MCPToolset.stdio(sys.executable, "-c", "import sys; sys.stdin.read()").open():
            pass
    assert len(anyio.get_running_tasks()) == tasks


async def test_a_server_that_will_not_end_is_killed(monkeypatch: pytest.MonkeyPatch, make_stdio: MakeStdio) -> None:
    monkeypatch.setattr(mcp.client.stdio, "PROCESS_TERMINATION_TIMEOUT", 0.1)
    monkeypatch.setattr(mcp.client.stdio, "FORCE_KILL_TIMEOUT", 0.1)
    pid = await call(make_stdio("stubborn"), "process")
    assert not is_running(pid)
