"""What cannot be asked for is refused before anything is written or sent."""

from __future__ import annotations

from typing import Any

from ...errors import InvalidRequest
from ..catalogue import Group
from ..kit_tools import get_weather
from ..subject import Subject
from ..verdicts import Unmet, expect_equal

check = Group("validation errors")


@check(
    rule='Assistants v2 reference, "temperature": from 0 to 2',
    trap="the client refuses it before a provider is asked: a failure is a fault of anyassistant's",
)
async def a_temperature_out_of_range_is_refused(subject: Subject) -> None:
    await _expect_refused(subject, "temperature", temperature=2.5)


@check(
    rule='Assistants v2 reference, "top_p": from 0 to 1',
    trap="the client refuses it before a provider is asked: a failure is a fault of anyassistant's",
)
async def a_top_p_out_of_range_is_refused(subject: Subject) -> None:
    await _expect_refused(subject, "top_p", top_p=1.5)


@check(
    rule="RunOptions.max_completion_tokens: 1 or more",
    trap="the client refuses it before a provider is asked: a failure is a fault of anyassistant's",
)
async def a_budget_of_0_is_refused(subject: Subject) -> None:
    await _expect_refused(subject, "max_completion_tokens", max_completion_tokens=0)


@check(
    rule="RunOptions: what means nothing is refused",
    trap="the client refuses it before a provider is asked: a failure is a fault of anyassistant's",
)
async def an_unknown_option_is_refused(subject: Subject) -> None:
    await _expect_refused(subject, "temprature", temprature=1)


@check(
    rule="tool_choice names a tool of the run",
    trap="a backend leaves out a `tool_choice` that it does not find; hosting validates for a model",
)
async def a_choice_of_no_tool_is_refused(subject: Subject) -> None:
    choice = {"type": "function", "function": {"name": "no_such_tool"}}
    await _expect_refused(subject, "tool_choice", tool_choice=choice)


@check(
    rule="Two tools of one name cannot be told apart",
    trap="the client refuses it before a provider is asked: a failure is a fault of anyassistant's",
)
async def two_tools_of_one_name_are_refused(subject: Subject) -> None:
    await _expect_refused(subject, "tools[1]", tools=[get_weather, get_weather])


@check(
    rule="A request that was refused leaves the thread as it was",
    trap="a backend adds the messages of the request before it refuses the run; the client validates first",
)
async def a_refused_run_leaves_the_thread_free(subject: Subject) -> None:
    scene = subject.scenarios.answer("Hello.")
    async with subject.talk(scene.message) as talk:
        try:
            await talk.run(tool_choice={"type": "function", "function": {"name": "no_such_tool"}}).start()
        except InvalidRequest:
            result = await talk.result()
            expect_equal(result.run.status, "completed", "the status of the next run")
            return
    raise Unmet("InvalidRequest", "a run")


async def _expect_refused(subject: Subject, param: str, **options: Any) -> None:
    async with subject.talk("Hello.") as talk:
        try:
            await talk.run(**options).start()
        except InvalidRequest as error:
            expect_equal(error.param, param, "the parameter that is named")
            listed = [one.id async for one in talk.client.runs.list()]
            expect_equal(listed, [], "the runs that exist")
            return
    raise Unmet("InvalidRequest", "a run")
