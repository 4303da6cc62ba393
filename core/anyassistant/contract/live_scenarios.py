"""The scenarios of a real model, which does what it is told in words."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from .scenarios import Scenarios, Scene, ScriptedCall
from .verdicts import Cannot


class LiveScenarios(Scenarios):
    """Drives a model that follows instructions. What a working service cannot be told to do does not apply.

    Args:
        to_the_letter: Whether the model repeats a text without changing it. Then its answers are compared with what it
            was told to say; else only with each other.
        crowd: How many threads are run at once: a service counts requests, and bills them.
    """

    def __init__(self, *, to_the_letter: bool = False, crowd: int = 4) -> None:
        self.crowd = crowd
        self._to_the_letter = to_the_letter

    def answer(self, text: str) -> Scene:
        message = f"Answer with exactly this text and nothing else: {text}"
        return Scene(message, text if self._to_the_letter else None)

    def long_answer(self, pieces: int) -> Scene:
        return Scene(
            f"Write the numbers from 1 to {pieces} as digits, separated by spaces. "
            "Leave none out, do not stop early, and write nothing else."
        )

    def stay_busy(self) -> Scene:
        return Scene("Tell a story of at least 3,000 words. Begin at once, and do not stop early.")

    def wait(self, seconds: float) -> Scene:
        raise Cannot("nobody can tell a live model how long to take")

    def call(self, *calls: ScriptedCall) -> Scene:
        match calls:
            case [call]:
                return Scene(
                    f"Call the tool {_spelt(call)}. When you have its output, answer with the output, in a few words."
                )
            case _:
                return Scene(
                    "Make all of these tool calls at once, in parallel, in one turn:\n"
                    f"{_listed(calls)}\n"
                    "When you have all outputs, answer with them, in a few words."
                )

    def call_in_rounds(self, *calls: ScriptedCall) -> Scene:
        return Scene(
            "Make these tool calls one after another, never two in one turn. Make each one, even if it was made "
            "before, and wait for its output before you make the next:\n"
            f"{_listed(calls)}\n"
            "When you have all outputs, answer with them, in a few words."
        )

    def call_unknown(self, call: ScriptedCall) -> Scene:
        raise Cannot("a live model cannot be relied on to call a tool that it was not offered")

    def answer_in_json(self, schema: Mapping[str, object]) -> Scene:
        return Scene(f"Answer with a JSON object that fits this schema, and nothing else: {_json(schema)}")

    def fail(
        self, code: str, message: str, *, retry_after: float | None = None, request_id: str | None = None
    ) -> Scene:
        raise Cannot("a live service cannot be told to fail")

    def refuse(self) -> Scene:
        raise Cannot("a live model cannot be relied on to refuse")

    def give_state(self) -> Scene:
        raise Cannot("a live model cannot be told to give a `provider_state`")

    def report(self) -> Scene:
        raise Cannot("a live model cannot be relied on to say what it was given")


def _listed(calls: Sequence[ScriptedCall]) -> str:
    return "\n".join(f"{number}. {_spelt(call)}" for number, call in enumerate(calls, 1))


def _spelt(call: ScriptedCall) -> str:
    return f"{call.name} with exactly these arguments: {_json(call.arguments)}"


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
