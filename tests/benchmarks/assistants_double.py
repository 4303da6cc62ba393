"""A loopback double of a service that speaks the Assistants v2 wire and streams.

What a run does is in its assistant's model: `rounds=3,deltas=20,pause=0`, as for `chat_double`; the pause comes before
each event behind the first text delta. It keeps nothing: an assistant's id has its script, a run's too, and all other
ids come from the thread's number, which is put into bytes that were made once. Its objects have all the fields that the
reference has.

Source: OpenAI Assistants v2 reference; the types in `openai.types.beta`.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import AbstractContextManager
from functools import cache
from typing import NamedTuple, Self

from chat_double import TOOL, WORD
from scripted_server import SSE_HEAD, Answer, ScriptedServer, chunk, json_answer, running

NUMBER = "0123456789ABCDEF"
"""Stands for a thread's number where bytes are made; as long as one, so that chunks keep their size."""
NOW = 1_764_000_000


class Script(NamedTuple):
    """What a run does."""

    rounds: int
    deltas: int
    pause: int

    @classmethod
    def of_model(cls, name: str) -> Self:
        return cls(*(int(pair.split("=")[1]) for pair in name.split(",")))

    @classmethod
    def of_id(cls, holder: str) -> Self:
        """That of an assistant or of a run."""
        return cls(*map(int, holder.split("_")[1].split("x")))

    @property
    def assistant_id(self) -> str:
        return f"asst_{self._id}"

    @property
    def run_id(self) -> str:
        return f"run_{self._id}_{NUMBER}"

    @property
    def _id(self) -> str:
        return "x".join(map(str, self))


def running_assistants_double() -> AbstractContextManager[str]:
    """The base URL of a double that runs until the block is left."""
    return running(__file__)


class Double(ScriptedServer):
    """The service."""

    def __init__(self) -> None:
        super().__init__()
        self._threads = 0

    def answer(self, method: str, path: str, body: bytes) -> Answer:
        path, _, query = path.partition("?")
        match path.strip("/").split("/"):
            case ["assistants"]:
                return Answer([json_answer(_assistant(json.loads(body)))])
            case ["threads"]:
                self._threads += 1
                return Answer([_filled(json_answer(_thread()), f"{self._threads:016}")])
            case ["threads", thread_id, "messages"] if method == "POST":
                return Answer(
                    [_filled(json_answer(_message("user", "What is the weather in Oslo?")), _number(thread_id))]
                )
            case ["threads", thread_id, "messages"]:
                run_id = dict(pair.split("=") for pair in query.split("&"))["run_id"]
                return Answer([_filled(_said(Script.of_id(run_id)), _number(thread_id))])
            case ["threads", thread_id, "runs"]:
                return _streamed(Script.of_id(json.loads(body)["assistant_id"]), 0, _number(thread_id))
            case ["threads", thread_id, "runs", run_id, "submit_tool_outputs"]:
                [output] = json.loads(body)["tool_outputs"]
                return _streamed(Script.of_id(run_id), _call_number(output["tool_call_id"]), _number(thread_id))
            case _:
                raise ValueError(f"the double has no {method} {path}")


def _streamed(script: Script, done: int, number: str) -> Answer:
    """The stream that follows on so many calls."""
    if not script.pause:
        return Answer([_filled(_whole(script, done), number)])
    pieces = [_filled(piece, number) for piece in _pieces(script, done)]
    begin = next((at for at, piece in enumerate(pieces) if b"thread.message.delta" in piece), 0) + 1
    return Answer([b"".join(pieces[:begin]), *pieces[begin:]], script.pause / 1_000)


@cache
def _whole(script: Script, done: int) -> bytes:
    return b"".join(_pieces(script, done))


@cache
def _pieces(script: Script, done: int) -> list[bytes]:
    return [SSE_HEAD, *(chunk(event) for event in events(script, done)), b"0\r\n\r\n"]


@cache
def _said(script: Script) -> bytes:
    message = _message("assistant", WORD * script.deltas, script=script)
    page = {"object": "list", "data": [message], "first_id": message["id"], "last_id": message["id"], "has_more": False}
    return json_answer(page)


def events(script: Script, done: int) -> Iterator[bytes]:
    """The events of the stream that follows on so many calls."""
    for name, data in objects(script, done):
        yield f"event: {name}\ndata: {json.dumps(data, separators=(',', ':'))}\n\n".encode()
    yield b"event: done\ndata: [DONE]\n\n"


def objects(script: Script, done: int) -> Iterator[tuple[str, dict[str, object]]]:
    """The same, as names and objects."""
    if done:
        yield "thread.run.step.completed", _calls_step(script, done - 1, "completed", output="{}")
    else:
        yield "thread.run.created", _run(script, "queued")
    yield "thread.run.queued", _run(script, "queued")
    yield "thread.run.in_progress", _run(script, "in_progress")
    yield from _round(script, done) if done < script.rounds else _spoken(script)


def _round(script: Script, done: int) -> Iterator[tuple[str, dict[str, object]]]:
    begun = _calls_step(script, done, "in_progress", is_empty=True)
    yield "thread.run.step.created", begun
    yield "thread.run.step.in_progress", begun
    first = {"name": TOOL, "arguments": "", "output": None}
    yield "thread.run.step.delta", _step_delta(done, {"id": _call_id(done), "function": first})
    for piece in _argument_pieces(done):
        yield "thread.run.step.delta", _step_delta(done, {"function": {"arguments": piece}})
    yield "thread.run.requires_action", _run(script, "requires_action", call=done)


def _spoken(script: Script) -> Iterator[tuple[str, dict[str, object]]]:
    yield "thread.run.step.created", _message_step(script, "in_progress")
    yield "thread.run.step.in_progress", _message_step(script, "in_progress")
    yield "thread.message.created", _message("assistant", status="in_progress", script=script)
    yield "thread.message.in_progress", _message("assistant", status="in_progress", script=script)
    for at in range(script.deltas):
        value = {"value": WORD, "annotations": []} if at == 0 else {"value": WORD}
        content = [{"index": 0, "type": "text", "text": value}]
        data = {"id": _message_id("assistant"), "object": "thread.message.delta", "delta": {"content": content}}
        yield "thread.message.delta", data
    yield "thread.message.completed", _message("assistant", WORD * script.deltas, script=script)
    yield "thread.run.step.completed", _message_step(script, "completed")
    yield "thread.run.completed", _run(script, "completed")


# Ids


def _filled(made: bytes, number: str) -> bytes:
    return made.replace(NUMBER.encode(), number.encode())


def _number(thread_id: str) -> str:
    return thread_id[-len(NUMBER) :]


def _message_id(role: str) -> str:
    return f"msg_{role[:4]}{NUMBER}"


def _call_id(done: int) -> str:
    return f"call_{done}_{NUMBER}"


def _call_number(call_id: str) -> int:
    """How many calls were made with this one."""
    return int(call_id.split("_")[1]) + 1


# Objects


def _tools() -> list[dict[str, object]]:
    properties = {
        "city": {"description": "Where.", "title": "City", "type": "string"},
        "days": {"description": "For how many days.", "title": "Days", "type": "integer"},
    }
    parameters = {"type": "object", "properties": properties, "required": ["city", "days"]}
    function = {"name": TOOL, "description": "Look up the weather.", "parameters": parameters, "strict": False}
    return [{"type": "function", "function": function}]


def _assistant(body: dict[str, object]) -> dict[str, object]:
    model = str(body["model"])
    return {
        "id": Script.of_model(model).assistant_id,
        "object": "assistant",
        "created_at": NOW,
        "name": body.get("name"),
        "description": None,
        "model": model,
        "instructions": body.get("instructions"),
        "tools": body.get("tools", []),
        "top_p": 1.0,
        "temperature": 1.0,
        "reasoning_effort": None,
        "tool_resources": {},
        "metadata": {},
        "response_format": "auto",
    }


def _thread() -> dict[str, object]:
    return {
        "id": f"thread_{NUMBER}",
        "object": "thread",
        "created_at": NOW,
        "metadata": {},
        "tool_resources": {},
    }


def _message(role: str, text: str = "", status: str = "completed", script: Script | None = None) -> dict[str, object]:
    """A message; that of a run has its script."""
    content = [{"type": "text", "text": {"value": text, "annotations": []}}] if text else []
    return {
        "id": _message_id(role),
        "object": "thread.message",
        "created_at": NOW,
        "assistant_id": None if script is None else script.assistant_id,
        "thread_id": f"thread_{NUMBER}",
        "run_id": None if script is None else script.run_id,
        "status": status,
        "incomplete_details": None,
        "incomplete_at": None,
        "completed_at": NOW if status == "completed" else None,
        "role": role,
        "content": content,
        "attachments": [],
        "metadata": {},
    }


def _run(script: Script, status: str, call: int | None = None) -> dict[str, object]:
    usage = {"prompt_tokens": 400, "completion_tokens": 80, "total_tokens": 480}
    called = {"name": TOOL, "arguments": "".join(_argument_pieces(call or 0))}
    pending = {"tool_calls": [{"id": _call_id(call or 0), "type": "function", "function": called}]}
    return {
        "id": script.run_id,
        "object": "thread.run",
        "created_at": NOW,
        "assistant_id": script.assistant_id,
        "thread_id": f"thread_{NUMBER}",
        "status": status,
        "started_at": None if status == "queued" else NOW,
        "expires_at": None if status == "completed" else NOW + 600,
        "cancelled_at": None,
        "failed_at": None,
        "completed_at": NOW if status == "completed" else None,
        "required_action": None if call is None else {"type": "submit_tool_outputs", "submit_tool_outputs": pending},
        "last_error": None,
        "model": "double-2025-11-24",
        "instructions": "You tell people the weather. Look it up before you answer.",
        "tools": _tools(),
        "tool_resources": {},
        "metadata": {},
        "temperature": 1.0,
        "top_p": 1.0,
        "reasoning_effort": None,
        "max_completion_tokens": None,
        "max_prompt_tokens": None,
        "truncation_strategy": {"type": "auto", "last_messages": None},
        "incomplete_details": None,
        "usage": usage if status == "completed" else None,
        "response_format": "auto",
        "tool_choice": "auto",
        "parallel_tool_calls": True,
    }


def _calls_step(
    script: Script, done: int, status: str, *, output: str | None = None, is_empty: bool = False
) -> dict[str, object]:
    function = {"name": TOOL, "arguments": "".join(_argument_pieces(done)), "output": output}
    calls = [] if is_empty else [{"id": _call_id(done), "type": "function", "function": function}]
    return _step(script, f"step_{done}_{NUMBER}", status, {"type": "tool_calls", "tool_calls": calls})


def _message_step(script: Script, status: str) -> dict[str, object]:
    details = {"type": "message_creation", "message_creation": {"message_id": _message_id("assistant")}}
    return _step(script, f"step_m_{NUMBER}", status, details)


def _step(script: Script, step_id: str, status: str, details: dict[str, object]) -> dict[str, object]:
    usage = {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}
    return {
        "id": step_id,
        "object": "thread.run.step",
        "created_at": NOW,
        "run_id": script.run_id,
        "assistant_id": script.assistant_id,
        "thread_id": f"thread_{NUMBER}",
        "type": details["type"],
        "status": status,
        "cancelled_at": None,
        "completed_at": NOW if status == "completed" else None,
        "expired_at": None,
        "failed_at": None,
        "last_error": None,
        "step_details": details,
        "metadata": {},
        "usage": usage if status == "completed" else None,
    }


def _step_delta(done: int, call: dict[str, object]) -> dict[str, object]:
    details = {"type": "tool_calls", "tool_calls": [{"index": 0, "type": "function", **call}]}
    return {"id": f"step_{done}_{NUMBER}", "object": "thread.run.step.delta", "delta": {"step_details": details}}


def _argument_pieces(done: int) -> tuple[str, ...]:
    return ('{"', "city", '":"', "Oslo", '","', "days", '":', str(done + 1), "}")


if __name__ == "__main__":
    asyncio.run(Double().run())
