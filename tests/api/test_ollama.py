"""The provider of a stranger, as API.md has it, against a loopback double of Ollama."""

import json
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import EntryPoint
from pathlib import Path

import anyio
import pytest
from anyassistant import AsyncClient, Client
from anyassistant.errors import RunFailed
from anyassistant.plugins import Installed, Manifest, Plugins

PROGRAMS = Path(__file__).parent / "programs"


class Ollama(ThreadingHTTPServer):
    """It calls the first tool that it is given, and then says what came of it.

    Source: Ollama API reference, "Generate a chat completion".
    """

    daemon_threads = True

    def __init__(self) -> None:
        self.requests: list[dict[str, object]] = []
        self.heads: list[dict[str, str]] = []
        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Ollama
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.requests.append(request)
        self.server.heads.append(dict(self.headers))
        last = request["messages"][-1]
        if request["model"] == "missing":
            self._send(404, "application/json", json.dumps({"error": "model 'missing' not found"}).encode())
        elif request["tools"] and last["role"] == "user":
            call = {"function": {"name": request["tools"][0]["function"]["name"], "arguments": {"city": "Oslo"}}}
            self._stream({"content": "", "tool_calls": [call]})
        elif last["content"] == "break":
            self._send(200, "application/x-ndjson", b'{"error": "an unknown error was encountered"}\n')
        else:
            self._stream(*({"content": word} for word in ("You ", "said ", last["content"])))

    def _stream(self, *messages: dict[str, object]) -> None:
        lines = [{"model": "m", "message": {"role": "assistant", **message}, "done": False} for message in messages]
        end = {"message": {"content": ""}, "done": True, "done_reason": "stop", "prompt_eval_count": 7, "eval_count": 3}
        body = b"".join(json.dumps(line).encode() + b"\n" for line in [*lines, end])
        self._send(200, "application/x-ndjson", body)

    def _send(self, status: int, media_type: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def ollama() -> Iterator[Ollama]:
    with Ollama() as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture(scope="module")
def manifest() -> Iterator[Manifest]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "path", [str(PROGRAMS), *sys.path])
        point = EntryPoint("ollama-native", "anyassistant_ollama", "anyassistant.providers")
        yield Plugins([Installed("ollama-native", "anyassistant-ollama 0.1", point)]).manifest("ollama-native")


def get_weather(city: str) -> str:
    """Tell the weather.

    Args:
        city: Where.
    """
    return f"It rains in {city}."


def test_a_run_with_a_tool(ollama: Ollama, manifest: Manifest) -> None:
    model = manifest.create(manifest.config(base_url=ollama.url))
    with Client(model, store=":memory:") as client:
        assistant = client.assistants.create(instructions="Be brief.", tools=[get_weather], temperature=0)
        thread = client.threads.create(messages=["How is the weather?"])
        result = thread.run(assistant).result()
    assert result.text == "You said It rains in Oslo."
    assert (result.usage.prompt_tokens, result.usage.completion_tokens) == (14, 6)
    first, second = ollama.requests
    assert first["options"] == {"temperature": 0}
    assert first["messages"][0] == {"role": "system", "content": "Be brief."}
    assert [message["role"] for message in second["messages"]] == ["system", "user", "assistant", "tool"]
    assert ollama.heads[0]["User-Agent"].startswith("anyassistant/")


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_no_connection_outlives_its_event_loop(ollama: Ollama, manifest: Manifest, backend: str) -> None:
    model = manifest.create(manifest.config(base_url=ollama.url))

    async def main() -> str:
        async with AsyncClient(model, store=":memory:") as client:
            thread = await client.threads.create(messages=["hello"])
            return (await thread.run(await client.assistants.create()).result()).text

    assert [anyio.run(main, backend=backend) for _ in range(2)] == ["You said hello"] * 2


@pytest.mark.parametrize(
    ("model_name", "message", "code"),
    [("missing", "hello", "not_found"), ("some", "break", "server_error")],
)
def test_a_fault_of_the_service_fails_the_run(
    ollama: Ollama, manifest: Manifest, model_name: str, message: str, code: str
) -> None:
    with Client(manifest.create(manifest.config(base_url=ollama.url)), store=":memory:") as client:
        thread = client.threads.create(messages=[message])
        with pytest.raises(RunFailed) as caught:
            thread.run(client.assistants.create(model=model_name)).result()
    assert caught.value.code == code
