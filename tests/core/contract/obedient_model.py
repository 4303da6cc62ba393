"""A model that does what `LiveScenarios` tells it in words, and a service of it in the wire of Chat Completions.

Ids and times are new for each answer, as those of a real service.
"""

from __future__ import annotations

import json
import re
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import uuid4

KEY = "sk-live-0123456789abcdef"
ORGANISATION = "org-of-the-account"
STORY_SECONDS = 0.002
"""Between two words of a story that nobody hears to its end."""


@dataclass
class Said:
    """What the model gives in one turn."""

    pieces: Iterator[str] = field(default_factory=lambda: iter(()))
    calls: Sequence[tuple[str, Mapping[str, Any]]] = ()


def obey(messages: Sequence[Mapping[str, Any]]) -> Said:
    """What the model says to messages of role and content."""
    last = max((at for at, message in enumerate(messages) if message["role"] == "user"), default=-1)
    told = str(messages[last]["content"]) if last >= 0 else ""
    since = messages[last + 1 :]
    outputs = [str(one["content"]) for one in since if one["role"] == "tool"]
    calls = list(_calls_in(told))
    if told.startswith("Make these tool calls one after another") and len(outputs) < len(calls):
        return Said(calls=[calls[len(outputs)]])
    if outputs:
        return Said(_words(f"The outputs: {', '.join(outputs)}."))
    if calls:
        return Said(calls=calls)
    if exact := re.match(r"Answer with exactly this text and nothing else: (.*)", told, re.DOTALL):
        return Said(_words(exact[1]))
    if numbers := re.match(r"Write the numbers from 1 to (\d+)", told):
        return Said(f"{number} " for number in range(1, int(numbers[1]) + 1))
    if told.startswith("Tell a story"):
        return Said(_story())
    if schema := re.match(r"Answer with a JSON object that fits this schema, and nothing else: (.*)", told, re.DOTALL):
        return Said(_words(json.dumps(_instance(json.loads(schema[1])))))
    return Said(_words("I see."))


def _calls_in(told: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for found in re.finditer(r"\b(\w+) with exactly these arguments: ", told):
        yield found[1], json.JSONDecoder().raw_decode(told, found.end())[0]


def _words(text: str) -> Iterator[str]:
    return iter(re.findall(r"\s*\S+\s*$|\s*\S+", text) or [text])


def _story() -> Iterator[str]:
    while True:
        time.sleep(STORY_SECONDS)
        yield "on "


def _instance(schema: Mapping[str, Any]) -> Any:
    match schema:
        case {"enum": [first, *_]}:
            return first
        case {"type": "object"}:
            return {name: _instance(one) for name, one in schema.get("properties", {}).items()}
        case {"type": "array"}:
            return [_instance(schema.get("items", {}))]
        case {"type": "integer" | "number"}:
            return 7
        case {"type": "boolean"}:
            return True
        case _:
            return "some text"


class LoopbackServer(ThreadingHTTPServer):
    """A service on a port of the loopback device, whose callers may go at any moment."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def handle_error(self, request: object, client_address: object) -> None:
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class ChatService(LoopbackServer):
    """The model behind Chat Completions.

    Source: OpenAI API reference, "Create chat completion".
    """

    def __init__(self, port: int = 0) -> None:
        self.asked = 0
        super().__init__(("127.0.0.1", port), _Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"


@contextmanager
def serving(server: ThreadingHTTPServer) -> Iterator[None]:
    """Has a service run in a thread."""
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    with server:
        thread.start()
        yield
        server.shutdown()
        thread.join()


class StreamingHandler(BaseHTTPRequestHandler):
    """Answers in chunks, until the caller has gone."""

    protocol_version = "HTTP/1.1"

    def stream(self, media_type: str, pieces: Iterator[bytes], **headers: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", media_type)
        self.send_header("Transfer-Encoding", "chunked")
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        try:
            for piece in pieces:
                self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            self.wfile.write(b"0\r\n\r\n")
        except OSError:
            self.close_connection = True

    def send_error_body(self, status: int, message: str) -> None:
        body = json.dumps({"error": {"message": message}}).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        return


class _Handler(StreamingHandler):
    server: ChatService

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.asked += 1
        if self.headers["Authorization"] != f"Bearer {KEY}":
            self.send_error_body(401, "The key is not valid.")
            return
        account = {"Set_Cookie": f"session={uuid4().hex}", "OpenAI_Organization": ORGANISATION}
        self.stream("text/event-stream", self._events(request), X_Request_Id=uuid4().hex, **account)

    def do_GET(self) -> None:
        """The first time the connection breaks, and then there is an answer."""
        self.server.asked += 1
        if self.server.asked == 1:
            self.close_connection = True
            return
        self.stream("application/json", iter([b'"mended"']))

    def _events(self, request: Mapping[str, Any]) -> Iterator[bytes]:
        common = {"id": f"chatcmpl-{uuid4().hex}", "created": int(time.time()), "user": request["user"]}
        said = obey(request["messages"])
        calls = [] if request.get("tool_choice") == "none" else said.calls
        if request.get("parallel_tool_calls") is False:
            calls = calls[:1]
        count, reason, most = 0, "stop", request.get("max_completion_tokens")
        for piece in said.pieces if not said.calls or calls else ["No tool is called."]:
            if count == most:
                reason = "length"
                break
            count += 1
            yield _event(common, {"content": piece})
        for at, (name, arguments) in enumerate(calls):
            count, reason = count + 5, "tool_calls"
            function = {"name": name, "arguments": json.dumps(arguments)}
            yield _event(
                common, {"tool_calls": [{"index": at, "id": f"call_{uuid4().hex[:24]}", "function": function}]}
            )
        prompt = sum(len(str(one["content"]).split()) for one in request["messages"])
        usage = {"prompt_tokens": prompt, "completion_tokens": count}
        yield _event(common, {}, finish_reason=reason)
        yield b"data: %s\n\ndata: [DONE]\n\n" % json.dumps({**common, "choices": [], "usage": usage}).encode()


def _event(common: Mapping[str, Any], delta: Mapping[str, Any], finish_reason: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
    return b"data: %s\n\n" % json.dumps({**common, "choices": [choice]}, ensure_ascii=False).encode()
