"""What a provider leaves behind: nothing."""

from __future__ import annotations

import gc
import os
import threading
import warnings
from collections.abc import Callable, Sequence
from contextlib import aclosing

import anyio

from ...protocols import ChatModel
from ..answers import collect
from ..catalogue import Group
from ..subject import Subject
from ..verdicts import NotApplicable, expect

check = Group("resource clean-up")


@check(
    rule="ChatModel.aclose gives back connections and the like; a second time it does nothing",
    trap="a closed client is closed again, which raises",
)
async def closing_twice_does_no_harm(subject: Subject) -> None:
    subject.require_several()
    model = subject.create_model()
    await _use(model, subject)
    await model.aclose()
    await model.aclose()


@check(
    rule="ChatModel.aclose: also of a model that was never asked",
    trap="what is closed was made by the first request",
)
async def closing_unused_does_no_harm(subject: Subject) -> None:
    subject.require_several()
    await subject.create_model().aclose()


@check(
    rule="ChatModel.aclose ends soon",
    trap="background work is waited for instead of being cancelled",
)
async def closing_is_prompt(subject: Subject) -> None:
    subject.require_several()
    model = subject.create_model()
    await _use(model, subject)
    began = anyio.current_time()
    await model.aclose()
    seconds = anyio.current_time() - began
    limit = subject.patience.prompt
    expect(seconds < limit, f"an end within {limit} s", f"it took {seconds:.1f} s")


@check(
    rule="Structured concurrency: no task outlives the provider",
    trap="`asyncio.create_task` for a reader or a heartbeat that nobody cancels",
)
async def no_task_is_left(subject: Subject) -> None:
    subject.require_several()
    await _use_and_close(subject)
    before = {task.id for task in anyio.get_running_tasks()}
    await _use_and_close(subject)
    await until_gone(subject, lambda: [one.name for one in anyio.get_running_tasks() if one.id not in before], "tasks")


@check(
    rule="A stream that is left early leaves no task behind",
    trap="the task that reads the body goes on until the service is done",
)
async def a_stream_that_is_left_leaves_no_task(subject: Subject) -> None:
    scene = subject.scenarios.long_answer(500)
    async with subject.open() as model:

        async def leave() -> None:
            async with aclosing(model.respond(subject.request(scene))) as deltas:
                async for _ in deltas:
                    break

        await leave()  # what a provider needs for itself is there now
        before = {task.id for task in anyio.get_running_tasks()}
        await leave()
        await until_gone(
            subject, lambda: [one.name for one in anyio.get_running_tasks() if one.id not in before], "tasks"
        )


@check(
    rule="ChatModel.aclose gives back connections and files",
    trap="each request opens a client of its own",
)
async def no_connection_or_file_is_left(subject: Subject) -> None:
    subject.require_several()
    await _use_and_close(subject)  # what stays open for the process's life is open now
    before = open_files()
    for _ in range(3):
        await _use_and_close(subject)
    await until_gone(subject, lambda: sorted(open_files() - before), "files")


@check(
    rule="What is opened is closed by its owner, not by the garbage collector",
    trap="a response is not closed where its stream is left early",
)
async def nothing_is_left_to_the_garbage_collector(subject: Subject) -> None:
    subject.require_several()
    gc.collect()
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always", ResourceWarning)
        await _use_and_close(subject)
        gc.collect()
    told = [str(one.message) for one in seen if issubclass(one.category, ResourceWarning)]
    expect(not told, "no ResourceWarning", told)


@check(
    rule="A process that is done can exit: threads of a provider are daemons, or end with it",
    trap="`ThreadPoolExecutor` without `shutdown`",
)
async def no_thread_holds_up_the_exit(subject: Subject) -> None:
    subject.require_several()
    before = set(threading.enumerate())
    await _use_and_close(subject)
    await until_gone(
        subject, lambda: [one.name for one in threading.enumerate() if one not in before and not one.daemon], "threads"
    )


async def _use(model: ChatModel, subject: Subject) -> None:
    await collect(model.respond(subject.request(subject.scenarios.answer("Hello."))))


async def _use_and_close(subject: Subject) -> None:
    async with subject.open() as model:
        await _use(model, subject)


async def until_gone(subject: Subject, left: Callable[[], Sequence[object]], what: str) -> None:
    """Wait until nothing is left: what is given back may take a moment."""
    deadline = anyio.current_time() + subject.patience.prompt
    while (rest := left()) and anyio.current_time() < deadline:  # noqa: ASYNC110 - nobody tells of it
        await anyio.sleep(0.02)
    expect(not rest, f"no {what} left", rest)


def open_files() -> set[str]:
    """The open files and sockets of this process, by number and target."""
    folder = "/proc/self/fd"
    if not os.path.isdir(folder):
        raise NotApplicable(f"this system does not tell open files in {folder}")
    found: set[str] = set()
    for number in os.listdir(folder):
        try:
            found.add(f"{number} {os.readlink(f'{folder}/{number}')}")
        except OSError:  # the listing's own, closed by now
            continue
    return found
