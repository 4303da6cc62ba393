"""`LiveScenarios` bring a model that does what it is told to all that a working service can do."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from anyassistant.contract import SUITE, Cannot, LiveScenarios, Report, ScriptedCall, checks_of
from anyassistant.contract.runner import run_check
from anyassistant.contract.subjects import subject_of
from anyassistant.http import WireConfig
from chat_completions import ChatCompletions
from obedient_model import KEY, ChatService, obey, serving

CALLS = [ScriptedCall("get_weather", {"city": "Paris"}), ScriptedCall("get_time", {"city": "Grüße, 你好"})]
CANNOT = {
    "nobody can tell a live model how long to take",
    "a live service cannot be told to fail",
    "a live model cannot be relied on to refuse",
    "a live model cannot be relied on to say what it was given",
    "a live model cannot be relied on to call a tool that it was not offered",
    "a live model cannot be told to give a `provider_state`",
}


@pytest.fixture(scope="module")
def report() -> Iterator[Report]:
    service = ChatService()
    with serving(service):
        config = WireConfig(base_url=service.url, api_key=KEY)
        subject = subject_of(lambda: ChatCompletions(config), scenarios=LiveScenarios(to_the_letter=True))
        yield Report("obedient", SUITE, [run_check(one, subject, loops=["asyncio"]) for one in checks_of()])


def test_an_obedient_model_holds_to_the_contract(report: Report) -> None:
    assert [str(one) for one in report.failures] == []
    passed = [one for one in report.results if one.result == "passed"]
    assert len(passed) > 140
    groups = {one.group for one in passed}
    assert {"tools", "parallel tools", "structured output", "cancellation", "limits", "concurrency"} <= groups


def test_what_cannot_be_brought_about_says_why(report: Report) -> None:
    assert {one.reason for one in report.results if one.result == "not_applicable"} > CANNOT


def test_what_a_model_is_told_is_all_that_it_needs() -> None:
    live = LiveScenarios()
    wanted = [(call.name, dict(call.arguments)) for call in CALLS]
    told = {"role": "user", "content": live.call(*CALLS).message}
    assert obey([told]).calls == wanted
    told = {"role": "user", "content": live.call_in_rounds(*CALLS).message}
    outputs = [{"role": "tool", "content": "sunny"}] * 2
    assert [obey([told, *outputs[:at]]).calls for at in range(3)] == [wanted[:1], wanted[1:], ()]
    told = {"role": "user", "content": live.answer("Say this:\n  and this.").message}
    assert "".join(obey([told]).pieces) == "Say this:\n  and this."


def test_an_answer_is_foretold_only_by_a_model_that_keeps_to_the_letter() -> None:
    assert LiveScenarios().answer("Hello.").answer is None
    assert LiveScenarios(to_the_letter=True).answer("Hello.").answer == "Hello."
    assert (LiveScenarios().crowd, LiveScenarios(crowd=9).crowd) == (4, 9)


def test_a_service_cannot_be_told_to_fail() -> None:
    with pytest.raises(Cannot, match="cannot be told to fail"):
        LiveScenarios().fail("rate_limit_exceeded", "slow down")
