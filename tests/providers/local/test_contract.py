"""The embedded model holds to the contract of a provider, as far as a model this small can be told what to do."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from anyassistant.contract import Cannot, ProviderContract, Scenarios, Scene, ScriptedCall
from anyassistant_local import Config, LocalModel
from anyassistant_local.engine import Engine

REPORT = Path(__file__).parents[3] / ".contract" / "local.json"
QUESTIONS = {
    "get_weather": "How is the weather in {city}?",
    "get_time": "What time is it in {city}?",
}


class SmallModelScenarios(Scenarios):
    """What 135 million parameters can be brought to do: to talk, to call one plain tool, to fill in a form."""

    crowd = 4

    def answer(self, text: str) -> Scene:
        return Scene("Yes or no?")  # which it answers in a word

    def long_answer(self, pieces: int) -> Scene:
        return Scene("Tell me a long story.")

    def stay_busy(self) -> Scene:
        return Scene("Tell me a long story.")

    def call(self, *calls: ScriptedCall) -> Scene:
        match calls:
            case [ScriptedCall(name, {"city": "Paris" | "Rome" as city})] if name in QUESTIONS:
                return Scene(QUESTIONS[name].format(city=city))
            case [_]:
                raise Cannot("the embedded model calls plain tools alone, with what was said")
            case _:
                raise Cannot("the embedded model makes one call a turn")

    def answer_in_json(self, schema: Mapping[str, object]) -> Scene:
        raise Cannot("the embedded model may go on with a text of its answer for longer than it is allowed")


class TestLocal(ProviderContract):
    report = REPORT
    scenarios = SmallModelScenarios()
    loops = ("asyncio",)  # what it says is the same on both; `test_concurrency.py` uses it on both

    @pytest.fixture(autouse=True)
    def _loaded(self, engine: Engine) -> None:
        """The weights stay loaded between the checks."""

    def create_provider(self) -> LocalModel:
        return LocalModel(Config(context_tokens=1536))  # a prompt that fills it takes 6 s instead of 20
