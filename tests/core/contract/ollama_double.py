"""A double of Ollama, as a proxy: it answers for `http://localhost:11434`, whether something listens there or not."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from obedient_model import LoopbackServer, StreamingHandler, obey

CHAT = "http://localhost:11434/api/chat"


class OllamaProxy(LoopbackServer):
    """The obedient model behind Ollama's `/api/chat`.

    Source: Ollama API reference, "Generate a chat completion".
    """

    def __init__(self) -> None:
        self.asked = 0
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(StreamingHandler):
    server: OllamaProxy

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.asked += 1
        if self.path != CHAT:
            self.send_error_body(404, f"{self.path} is not here")
            return
        self.stream("application/x-ndjson", _lines(request))


def _lines(request: Mapping[str, Any]) -> Iterator[bytes]:
    said = obey(request["messages"])
    words = 0
    for piece in said.pieces:
        words += 1
        yield _line({"content": piece})
    if said.calls:
        functions = [{"function": {"name": name, "arguments": arguments}} for name, arguments in said.calls]
        yield _line({"content": "", "tool_calls": functions})
    prompt = sum(len(str(one["content"]).split()) for one in request["messages"])
    counts = {"prompt_eval_count": prompt, "eval_count": words + 5 * len(said.calls)}
    yield _line({"content": ""}, done=True, done_reason="stop", **counts)


def _line(message: Mapping[str, Any], **end: Any) -> bytes:
    line = {"model": "m", "message": {"role": "assistant", **message}, "done": False, **end}
    return json.dumps(line, ensure_ascii=False).encode() + b"\n"
