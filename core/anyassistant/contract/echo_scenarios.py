"""The scenarios of a model that follows the contract of `echo`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from .scenarios import Scenarios, Scene, ScriptedCall
from .verdicts import Cannot


class EchoScenarios(Scenarios):
    """Drives what does as `anyassistant.echo` does: the provider `echo`, and doubles of services that follow it."""

    def answer(self, text: str) -> Scene:
        return Scene(text, f"ECHO: {text}")

    def long_answer(self, pieces: int) -> Scene:
        return Scene(f"TOKENS {pieces}", "tok " * pieces)

    def wait(self, seconds: float) -> Scene:
        text = f"SLEEP {seconds}"
        return Scene(text, f"ECHO: {text}")

    def call(self, *calls: ScriptedCall) -> Scene:
        return Scene("\n".join(f"CALL {_spelt(call)}" for call in calls))

    def call_in_rounds(self, *calls: ScriptedCall) -> Scene:
        return Scene("\nTHEN\n".join(f"CALL {_spelt(call)}" for call in calls))

    def call_unknown(self, call: ScriptedCall) -> Scene:
        return Scene(f"CALL! {_spelt(call)}")

    def answer_to_outputs(self, outputs: Sequence[str]) -> str | None:
        return "TOOL RESULT: " + " | ".join(outputs)

    def answer_in_json(self, schema: Mapping[str, object]) -> Scene:
        return Scene("REQUEST")

    def fail(
        self, code: str, message: str, *, retry_after: float | None = None, request_id: str | None = None
    ) -> Scene:
        if retry_after is not None or request_id is not None:
            raise Cannot("`echo` fails with a code and a message alone, without `retry_after` and `request_id`")
        return Scene(f"FAIL {code} {message}")

    def report(self) -> Scene:
        return Scene("REQUEST")

    def read_report(self, answer: str) -> Mapping[str, object]:
        report: Mapping[str, object] = json.loads(answer)
        return report


def _spelt(call: ScriptedCall) -> str:
    return f"{call.name} {json.dumps(call.arguments, ensure_ascii=False)}"
