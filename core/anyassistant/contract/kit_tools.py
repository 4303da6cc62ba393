"""The tools that the checks offer: plain enough for any model, and what calls of them give."""

from __future__ import annotations

from ..types import ToolCall, ToolSpec
from .answers import AnsweredCall
from .scenarios import ScriptedCall
from .verdicts import Unmet

WEATHER = ToolSpec(
    "get_weather",
    "Get the current weather for a city.",
    {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
        "additionalProperties": False,
    },
)
TIME = ToolSpec(
    "get_time",
    "Get the current time in a city.",
    {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
        "additionalProperties": False,
    },
)
IN_PARIS = ScriptedCall("get_weather", {"city": "Paris"})
IN_ROME = ScriptedCall("get_weather", {"city": "Rome"})
TIME_IN_PARIS = ScriptedCall("get_time", {"city": "Paris"})


async def get_weather(city: str) -> str:
    """Get the current weather for a city."""
    return f"sunny in {city}"


def get_time(city: str) -> str:
    """Get the current time in a city."""
    return f"noon in {city}"


def as_called(call: AnsweredCall, *, id: str = "call_kit") -> ToolCall:
    """A call as the history of the next request has it: with the provider's id, or ours where it gave none."""
    return ToolCall(call.id or id, call.name, call.arguments)


def expect_call(call: AnsweredCall, wanted: ScriptedCall) -> None:
    """Go on where this call was made.

    Raises:
        Unmet: Another was.
    """
    if (call.name, call.values) != (wanted.name, dict(wanted.arguments)):
        raise Unmet(f"the call {wanted.name} {dict(wanted.arguments)}", f"{call.name} {call.arguments}")
