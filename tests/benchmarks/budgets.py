"""The budgets of DESIGN section 8 that apply here, and what is measured beside them without one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass

import cases_assistants
import cases_processes
import cases_runs
import cases_threads
import cases_tools
from measuring import Comparison

Case = Callable[[int], Iterator[tuple[str, Comparison]] | AsyncIterator[tuple[str, Comparison]]]


@dataclass(frozen=True, slots=True)
class Budget:
    """What something may cost.

    Attributes:
        floor: What it is compared with.
        limit: How many times as much, at most; None where it is only reported.
        is_memory: Whether bytes are measured, not seconds.
    """

    what: str
    floor: str
    limit: float | None = None
    is_memory: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """What is measured together, in a process of its own.

    Attributes:
        rounds: Rounds of a full measurement.
        short: Rounds of one that only watches the budgets.
    """

    case: Case
    rounds: int
    short: int
    budgets: dict[str, Budget]


HAND = "the hand-written loop"
BY_HAND = "`json`, validation and call by hand"

GROUPS: dict[str, Group] = {
    "imports": Group(
        cases_processes.imports,
        31,
        11,
        {
            "import": Budget("`import anyassistant`", "`import pydantic`", 1.3),
            "import_client": Budget(
                "`from anyassistant import AsyncClient`", "`import httpx, anyio, pluggy, pydantic`", 1.6
            ),
        },
    ),
    "first_run": Group(
        cases_processes.first_run,
        21,
        7,
        {
            "first_run_memory": Budget("process start to the end of a first run, in memory", HAND, 2.5),
            "first_run_sqlite": Budget("the same in SQLite", HAND, 4.5),
        },
    ),
    "tool_rounds": Group(
        cases_runs.tool_rounds,
        31,
        11,
        {
            "tool_rounds_memory": Budget("a run of three tool rounds, in memory", HAND, 1.5),
            "tool_rounds_sqlite": Budget("the same in SQLite", HAND),
        },
    ),
    "long_thread": Group(
        cases_runs.long_thread,
        21,
        7,
        {
            "long_thread_memory": Budget("the same run on a thread of 5,000 messages, in memory", HAND, 2.0),
            "long_thread_sqlite": Budget("the same in SQLite", HAND),
        },
    ),
    "deltas": Group(
        cases_runs.deltas,
        21,
        7,
        {
            "deltas_memory": Budget("a streamed text delta, decoded and given to the app, in memory", HAND, 0.8),
            "deltas_sqlite": Budget("the same with the log in SQLite", HAND, 1.5),
        },
    ),
    "assistants_tool_rounds": Group(
        cases_assistants.tool_rounds,
        31,
        11,
        {
            "assistants_tool_rounds_memory": Budget(
                "a run of three tool rounds over the Assistants stream wire, in memory", HAND, 1.3
            ),
            "assistants_tool_rounds_sqlite": Budget("the same in SQLite", HAND),
        },
    ),
    "assistants_deltas": Group(
        cases_assistants.deltas,
        21,
        7,
        {
            "assistants_deltas_memory": Budget("a text delta over that wire, in memory", HAND, 0.8),
            "assistants_deltas_sqlite": Budget("the same with the log in SQLite", HAND, 1.5),
        },
    ),
    "assistants_at_once": Group(
        cases_assistants.at_once,
        7,
        3,
        {
            "assistants_at_once": Budget(
                "200 runs of three tool rounds at once over that wire, a run", "one after the other", 1.6
            ),
            "assistants_at_once_floor": Budget("the same by hand, on one httpx pool", "by hand, one after the other"),
        },
    ),
    "open_runs": Group(
        cases_assistants.open_runs,
        5,
        1,
        {
            "open_run_memory": Budget(
                "memory of a run on that wire while it waits for the service",
                "a stream that the hand-written loop waits for",
                is_memory=True,
            ),
        },
    ),
    "slow_deltas": Group(
        cases_runs.deltas_one_by_one,
        9,
        3,
        {
            "slow_deltas_memory": Budget("a text delta that is waited for (2 ms apart), in memory", HAND),
            "slow_deltas_sqlite": Budget("the same with the log in SQLite", HAND),
        },
    ),
    "blocking": Group(
        cases_runs.blocking,
        21,
        5,
        {"deltas_blocking": Budget("a streamed text delta through `Client`, in memory", "through `AsyncClient`")},
    ),
    "at_once": Group(
        cases_runs.at_once,
        7,
        3,
        {
            "at_once": Budget("200 runs of three tool rounds at once, a run", "one after the other", 1.6),
            "at_once_floor": Budget("the same by hand, on one httpx pool", "by hand, one after the other"),
        },
    ),
    "messages": Group(
        cases_threads.one_more_message,
        31,
        15,
        {
            f"add_{length}_{key}": Budget(
                f"one more message on a thread of {length:,}, {where}", "on a thread of 10", 1.1
            )
            for key, where in (("memory", "in memory"), ("sqlite", "in SQLite"))
            for length in cases_threads.LENGTHS
        },
    ),
    "tools": Group(
        cases_tools.all_cases,
        31,
        11,
        {
            "schema": Budget("the schema of a function", "`TypeAdapter(fn).json_schema()`", 1.1),
            "schemas_nested": Budget(
                "the schemas of 200 functions with nested models, a function", "`TypeAdapter(fn).json_schema()`", 1.1
            ),
            "tool_call": Budget("`tool.call` of a small async function", BY_HAND, 1.5),
            "tool_in_thread": Budget("`tool.call` of a small sync function", "the same by hand in anyio's threads"),
            "call_add_later": Budget("`tool.call` of one that awaits", "the same by hand with `anyio.fail_after`"),
            **{
                key: budget
                for kind, what in (("add", "`add(a: int, b: int)`"), ("order", "a function with a nested model"))
                for key, budget in {
                    f"call_{kind}": Budget(f"a call of {what}, async", BY_HAND, 1.5),
                    f"call_{kind}_inline": Budget("the same, sync and `inline`", BY_HAND),
                    f"call_{kind}_thread": Budget("the same, sync, in a thread", "the same by hand in anyio's threads"),
                    f"call_{kind}_process": Budget(
                        "the same, sync, in a process (what this one spends)", "the same by hand in anyio's processes"
                    ),
                }.items()
            },
        },
    ),
}
