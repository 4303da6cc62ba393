"""The wire's stream as events of the protocol."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast, get_args

from anyassistant.types import Event, MessageDeltaEvent, MessageEvent, RunEvent, RunStepDeltaEvent, RunStepEvent
from anyassistant.types.events import MessageEventName, RunEventName, RunStepEventName

from .mapping import message, run_record, run_step
from .wire import Json, WireMessage, WireRun, WireStep


def read_event(name: str, data: object) -> Event | None:
    """An event; None if it is of no kind that is known, or says nothing of a run.

    Raises:
        ValueError: The data is not as the wire has it.
    """
    read = _READERS.get(name)
    if read is None:
        return None
    if not isinstance(data, dict):
        raise ValueError("it is no object")
    return read(cast("Json", data))


def _message_delta(data: Json) -> Event | None:
    delta = data.get("delta")
    if not isinstance(delta, dict) or not isinstance(delta.get("content"), list) or "id" not in data:
        return None  # it tells the role alone
    return MessageDeltaEvent("thread.message.delta", data)


def _step_delta(data: Json) -> Event | None:
    return RunStepDeltaEvent("thread.run.step.delta", data) if "id" in data else None


def _run_reader(name: RunEventName) -> Callable[[Json], Event]:
    return lambda data: RunEvent(name, run_record(WireRun.model_validate(data)))


def _step_reader(name: RunStepEventName) -> Callable[[Json], Event]:
    return lambda data: RunStepEvent(name, run_step(WireStep.model_validate(data)))


def _message_reader(name: MessageEventName) -> Callable[[Json], Event]:
    return lambda data: MessageEvent(name, message(WireMessage.model_validate(data)))


_READERS: Mapping[Any, Callable[[Json], Event | None]] = {
    **{name: _run_reader(name) for name in get_args(RunEventName)},
    **{name: _step_reader(name) for name in get_args(RunStepEventName)},
    **{name: _message_reader(name) for name in get_args(MessageEventName)},
    "thread.run.step.delta": _step_delta,
    "thread.message.delta": _message_delta,
}
