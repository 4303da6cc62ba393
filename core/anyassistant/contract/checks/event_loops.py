"""asyncio and trio, one loop after another, and none that is held up."""

from __future__ import annotations

import anyio

from ...protocols import ChatModel
from ..answers import Answer, collect
from ..catalogue import Group
from ..runner import event_loops
from ..scenarios import Scene
from ..subject import Subject
from ..verdicts import NotApplicable, expect, expect_equal

check = Group("asyncio and trio")

HELD_UP = 0.35
"""Seconds after which a loop counts as held up."""


@check(
    rule="Async code uses anyio alone: it runs on asyncio",
    trap="a library that knows trio alone",
)
def it_runs_on_asyncio(subject: Subject) -> None:
    _ask_on(subject, "asyncio")


@check(
    rule="Async code uses anyio alone: it runs on trio",
    trap="`asyncio.sleep`, `asyncio.Lock`, or a vendor's SDK that knows asyncio alone",
)
def it_runs_on_trio(subject: Subject) -> None:
    if "trio" not in event_loops():
        raise NotApplicable("trio is not installed here: pip install trio")
    _ask_on(subject, "trio")


@check(
    rule="The contract, event loops: no object is bound to the event loop it was made in",
    trap="a client or a lock at module level, which belongs to the first loop",
)
def several_loops_one_after_another_are_served(subject: Subject) -> None:
    subject.require_several()
    for loop in [*event_loops(), *event_loops()]:
        _ask_on(subject, loop)


@check(
    rule="The contract, event loops: a provider can be made outside of any event loop",
    trap="`anyio.Lock()`, `asyncio.Event()` or an HTTP client that is made in the constructor and looks for a loop",
)
def it_is_made_outside_of_a_loop(subject: Subject) -> None:
    subject.require_several()
    scene = subject.scenarios.answer("Made outside.")
    for loop in event_loops():
        model = subject.create_model()
        answer = anyio.run(_ask, model, subject, scene, backend=loop)
        expect_equal(answer.finish_reasons, ["stop"], "the finish reasons")


@check(
    rule="ChatModel.respond must not block the event loop: what waits is awaited, what computes goes to a thread",
    trap="`time.sleep`, `requests`, or a blocking client of the service",
)
async def the_event_loop_is_not_blocked(subject: Subject) -> None:
    scene = subject.scenarios.long_answer(50)
    shortest = min([await _longest_pause(subject, scene) for _ in range(3)])  # the machine may be busy, too
    expect(shortest < HELD_UP, f"a loop that is never held up for {HELD_UP} s", f"{shortest:.2f} s each time")


async def _longest_pause(subject: Subject, scene: Scene) -> float:
    """How long the loop was held up at most while the model answered, in seconds."""
    longest = 0.0
    async with subject.open() as model, anyio.create_task_group() as group:

        async def watch() -> None:
            nonlocal longest
            while True:
                began = anyio.current_time()
                await anyio.sleep(0.01)
                longest = max(longest, anyio.current_time() - began)

        group.start_soon(watch)
        await anyio.lowlevel.checkpoint()
        await collect(model.respond(subject.request(scene, max_completion_tokens=subject.tokens(50))))
        await anyio.sleep(0.02)
        group.cancel_scope.cancel()
    return longest


def _ask_on(subject: Subject, loop: str) -> None:
    scene = subject.scenarios.answer("Hello.")

    async def ask() -> Answer:
        async with subject.open() as model:
            return await collect(model.respond(subject.request(scene)))

    answer = anyio.run(ask, backend=loop)
    expect_equal(answer.finish_reasons, ["stop"], "the finish reasons")
    expect(scene.answer in (None, answer.text), f"the answer {scene.answer!r}", answer.text)


async def _ask(model: ChatModel, subject: Subject, scene: Scene) -> Answer:
    try:
        return await collect(model.respond(subject.request(scene)))
    finally:
        await model.aclose()
