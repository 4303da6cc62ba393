"""The tool executor by itself: what it asks of the journal of a run."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Collection

import pytest
from anyassistant import RunContext, Tool
from anyassistant.calls import BoundTools
from anyassistant.host_task import HostTask
from anyassistant.protocols import Journal
from anyassistant.types import RunRecord, ToolCall, ToolOutput
from anyassistant_tools import WorkerThreads


class NotingJournal(Journal):
    """Takes every claim, and notes of which tools the refusals were asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    @property
    def run(self) -> RunRecord:
        return RunRecord("run_1", "thread_1", "asst_1", "in_progress", "echo")

    @property
    def started(self) -> Collection[str]:
        return ()

    async def claim(self, call_id: str, /, *, repeatable: bool) -> bool:
        return True

    def progress(self, call_id: str, data: object, /) -> None:
        return

    def refusals(self, name: str, /) -> int:
        self.asked.append(name)
        return 0

    async def finish(self, output: ToolOutput, /) -> None:
        return


@pytest.fixture
async def host() -> AsyncGenerator[HostTask, None]:
    host = HostTask()
    await host.start()
    yield host
    await host.aclose()


async def takes(number: int) -> int:
    """Take a number."""
    return number


async def fails(number: int) -> int:
    """Fail."""
    raise KeyError("what only people read")


async def test_what_a_tool_raised_unexpectedly_is_logged_in_full(
    host: HostTask, caplog: pytest.LogCaptureFixture
) -> None:
    tools = BoundTools({"fails": Tool.from_callable(fails)}, WorkerThreads("tools", 1), host=host)
    with caplog.at_level(logging.INFO, logger="anyassistant"):
        await tools.execute([ToolCall("call_1", "fails", '{"number": 1}')], journal=NotingJournal())
        await tools.execute([ToolCall("call_2", "fails", "{}")], journal=NotingJournal())
    [record] = caplog.records
    assert (record.levelname, record.getMessage()) == ("INFO", "fails failed in call call_1")
    assert "in fails\n" in caplog.text
    assert "what only people read" in caplog.text


async def needs_deps(context: RunContext[str]) -> str:
    """Use the deps."""
    return context.deps.upper()


@pytest.mark.parametrize(
    ("tool", "deps", "is_said"), [(needs_deps, None, True), (needs_deps, 1, False), (fails, 1, False)]
)
async def test_a_tool_that_fails_without_deps_has_that_in_its_error(host: HostTask, tool, deps, is_said) -> None:
    tools = BoundTools({"one": Tool.from_callable(tool, name="one")}, WorkerThreads("tools", 1), host=host, deps=deps)
    arguments = '{"number": 1}' if tool is fails else "{}"
    [output] = await tools.execute([ToolCall("call_1", "one", arguments)], journal=NotingJournal())
    assert output.error is not None
    assert ("no deps were given: deps= of run() or resume()" in output.error) == is_said
    assert output.error.splitlines()[-1].startswith(("AttributeError", "KeyError"))


async def test_the_turns_of_a_run_are_looked_through_only_for_a_refusal_that_may_be_the_last(host: HostTask) -> None:
    free, bounded = Tool.from_callable(takes), Tool.from_callable(takes, name="bounded", max_attempts=2)
    tools = BoundTools({tool.name: tool for tool in (free, bounded)}, WorkerThreads("tools", 1), host=host)
    journal = NotingJournal()
    calls = [
        ToolCall(f"call_{name}_{index}", name, arguments)
        for name in ("takes", "bounded")
        for index, arguments in enumerate(['{"number": 1}', "{}"])
    ]
    outputs = await tools.execute(calls, journal=journal)
    assert [output.outcome for output in outputs] == ["succeeded", "refused"] * 2
    assert journal.asked == ["bounded"]
