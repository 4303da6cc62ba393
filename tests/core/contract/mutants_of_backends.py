"""Full backends that are wrong in one point each."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import replace
from typing import Any, TypeAlias, TypeVar

import anyio
from anyassistant import protocols as p
from anyassistant.contract import Patience
from anyassistant.contract.subject import Announced
from anyassistant.echo import Config
from anyassistant.errors import InvalidRequest, NotFound, ProviderError, ThreadBusy
from anyassistant.hosting.host import NO_TOOLS
from anyassistant.types import (
    Event,
    Image,
    MessageDeltaEvent,
    MessageEvent,
    Page,
    PageQuery,
    RunEvent,
    RunStepEvent,
    ToolOutput,
    Usage,
)
from anyassistant.types.events import message_delta
from mutant import Mutant
from mutants_of_hosts import ECHO, nothing
from reference_backend import PlainBackend, PlainRun, PlainThread, ReferenceBackend, WireBackend, WireRun
from reference_model import KEY, Reference

Methods: TypeAlias = dict[str, Any]
T = TypeVar("T")

QUICK = Patience(check=1.5, prompt=0.3)


def wrong(
    check: str,
    what: str,
    *,
    base: type[ReferenceBackend] = ReferenceBackend,
    provider: Methods | None = None,
    thread: Methods | None = None,
    run: Methods | None = None,
    **fields: Any,
) -> Mutant:
    """A backend of which some methods are others."""
    run_type = type("WrongRun", (base.run_type,), run or {})
    thread_type = type("WrongThread", (base.thread_type,), thread or {})
    kind = type("Wrong", (base,), {**(provider or {}), "run_type": run_type, "thread_type": thread_type})
    return Mutant(f"{check}", what, kind, patience=fields.pop("patience", QUICK), **fields)


# What a mutant does instead of one method. `before` changes what is asked, `after` what is given.


def before(name: str, change: Callable[[Any], Any]) -> Methods:
    """The first argument of a method is another."""

    async def method(self: Any, first: Any, /, **options: Any) -> Any:
        return await getattr(super(type(self), self), name)(change(first), **options)

    return {name: method}


def after(name: str, change: Callable[[Any], Any]) -> Methods:
    """What a method gives is another."""

    async def method(self: Any, *arguments: Any, **options: Any) -> Any:
        return change(await getattr(super(type(self), self), name)(*arguments, **options))

    return {name: method}


def instead(name: str, raised: type[Exception], by: Callable[[], Exception]) -> Methods:
    """An error of a method is another."""

    async def method(self: Any, *arguments: Any, **options: Any) -> Any:
        try:
            return await getattr(super(type(self), self), name)(*arguments, **options)
        except raised as error:
            raise by() from error

    return {name: method}


def without(name: str, raised: type[Exception]) -> Methods:
    """A method does nothing where it has to refuse."""

    async def method(self: Any, *arguments: Any, **options: Any) -> None:
        try:
            await getattr(super(type(self), self), name)(*arguments, **options)
        except raised:
            return

    return {name: method}


async def idle(self: object, *arguments: object, **options: object) -> None:
    return


def field(**changes: Any) -> Callable[[Any], Any]:
    """Something with a record that has other fields."""

    def change(made: Any) -> Any:
        made.record = replace(made.record, **changes)
        return made

    return change


def seen(**changes: Any) -> Methods:
    """A run whose record has other fields whenever it is looked at."""

    async def refresh(self: Any) -> Any:
        self.record = replace(await super(type(self), self).refresh(), **changes)
        return self.record

    return {"refresh": refresh}


def params(**changes: Any) -> Methods:
    """A run that is asked to be another."""
    return before("create_run", lambda wanted: replace(wanted, **changes))


def page(**changes: Any) -> Callable[[Any], Any]:
    return lambda given: replace(given, **changes)


def query(name: str, **changes: Any) -> Methods:
    """A list that is asked for another page."""
    return before(name, lambda wanted: replace(wanted, **changes))


def told(change: Callable[[Event], list[Event]]) -> Methods:
    """Other events."""

    async def events(self: Any, *, after: int = 0) -> AsyncGenerator[Event, None]:
        async with aclosing(super(type(self), self).events(after=after)) as inner:
            async for event in inner:
                for one in change(event):
                    yield one

    return {"events": events}


def dropped(is_dropped: Callable[[Event], bool]) -> Methods:
    return told(lambda event: [] if is_dropped(event) else [event])


def no_error() -> Exception:
    return ProviderError("The service answered 404.", code="not_found")


def refusal() -> Exception:
    return InvalidRequest("The thread is busy.", param="thread_id", code="invalid_value")


def is_terminal(event: Event) -> bool:
    return isinstance(event, RunEvent) and not event.data.is_open


WITHOUT_BEGINNING = dropped(lambda event: event.event == "thread.run.in_progress")
TWICE = told(lambda event: [event, event] if isinstance(event, MessageDeltaEvent) else [event])
STRIPPED = told(
    lambda event: (
        [message_delta(str(event.data["id"]), event.text.strip(), event.sequence)]
        if isinstance(event, MessageDeltaEvent)
        else [event]
    )
)
EMPTY_OUTPUTS = before("submit_tool_outputs", lambda outputs: [replace(one, output="") for one in outputs])


def assistants_with(name: str, method: Callable[..., Awaitable[object]]) -> Methods:
    """Assistants of which one method is another."""

    def change(made: Any) -> Any:
        setattr(made, name, lambda *arguments: method(made, getattr(type(made), name), *arguments))
        return made

    return after("create_assistant", change)


async def keep_as_it_is(made: Any, update: Any, wanted: p.AssistantParams) -> Any:
    return made.record


async def add_tools(made: Any, update: Any, wanted: p.AssistantParams) -> Any:
    return await update(made, replace(wanted, tools=[*made.record.tools, *wanted.tools]))


async def keep(made: Any, delete: Any) -> None:
    return


def anywhere(name: str) -> Methods:
    """What is looked up by its id alone, in all threads."""

    async def method(self: Any, id: str, /, **options: Any) -> Any:
        try:
            return await getattr(super(type(self), self), name)(id, **options)
        except NotFound:
            every = await (await self._provider.inner()).list_threads(PageQuery(limit=100))
            for thread in every.data:
                try:
                    return await getattr(thread, name)(id)
                except NotFound:
                    continue
            raise

    return {name: method}


async def merge(self: Any, metadata: Any, /) -> Any:
    return await super(type(self), self).update({**self.record.metadata, **metadata})


async def merge_message(self: Any, id: str, metadata: Any, /) -> Any:
    known = (await self.get_message(id)).metadata
    return await super(type(self), self).update_message(id, {**known, **metadata})


class Hides:
    """Deleted messages are left out of lists alone."""

    hidden: frozenset[str] = frozenset()

    @classmethod
    def methods(cls) -> Methods:
        async def delete(self: Any, id: str, /) -> None:
            type(self).hidden = self.hidden | {id}

        async def get(self: Any, id: str, /) -> Any:
            if id in self.hidden:
                raise NotFound("It is hidden.", param="message_id", code="not_found")
            return await super(type(self), self).get_message(id)

        async def listed(self: Any, query: PageQuery, /) -> Any:
            given = await super(type(self), self).list_messages(query)
            return Page([one for one in given.data if one.id not in self.hidden], given.has_more)

        return {"hidden": cls.hidden, "delete_message": delete, "get_message": get, "list_messages": listed}


def locked_after(status: str) -> Methods:
    """A thread that stays locked behind a run that ended so."""

    async def create_message(self: Any, wanted: Any, /) -> Any:
        newest = (await self.list_runs(PageQuery(limit=1))).data
        if newest and newest[0].record.status == status:
            raise ThreadBusy("Still busy.", thread_id=self.record.id, run_id=newest[0].record.id)
        return await super(type(self), self).create_message(wanted)

    return {"create_message": create_message}


async def undriven(self: Any, wanted: Any, /, *, executor: object, follow: bool) -> p.Run:
    made: p.Run = self._provider.run_type(
        self._provider, await self._inner.create_run(wanted, executor=None, follow=follow)
    )
    return made


async def left_alone(self: Any, id: str, /, *, executor: object = None) -> p.Run:
    found: p.Run = self._provider.run_type(self._provider, await self._inner.get_run(id))
    return found


async def not_kept(self: Any) -> Any:
    kept = self.record
    fresh = await super(type(self), self).refresh()
    self.record = kept
    return fresh


def renamed(given: Page[Any]) -> Page[Any]:
    return replace(given, data=[replace(one, id=f"{one.id}_{time.perf_counter_ns()}") for one in given.data])


def without_outputs(given: Page[Any]) -> Page[Any]:
    return replace(
        given,
        data=[replace(one, tool_calls=[replace(call, output=None) for call in one.tool_calls]) for one in given.data],
    )


async def ends_with_its_reader(self: Any, *, after: int = 0) -> AsyncGenerator[Event, None]:
    try:
        async with aclosing(super(type(self), self).events(after=after)) as inner:
            async for event in inner:
                yield event
    except GeneratorExit:
        await self.cancel()
        raise


async def from_the_start(self: Any, *, after: int = 0) -> AsyncGenerator[Event, None]:
    async with aclosing(super(type(self), self).events(after=0)) as inner:
        async for event in inner:
            yield event


async def never_ends(self: Any, *, after: int = 0) -> AsyncGenerator[Event, None]:
    async with aclosing(super(type(self), self).events(after=after)) as inner:
        async for event in inner:
            if not is_terminal(event):
                yield event
    await anyio.sleep_forever()


async def never_begins(self: Any, *, after: int = 0) -> AsyncGenerator[Event, None]:
    await anyio.sleep_forever()
    yield  # it is a generator all the same


async def once_only(self: Any) -> None:
    if getattr(self, "is_closed", False):
        raise RuntimeError("it is closed")
    self.is_closed = True


async def take_time(self: object) -> None:
    await anyio.sleep(0.5)


async def by_place(self: Any, outputs: Any, /, *, follow: bool) -> None:
    calls = self.record.pending_calls
    by_order = [ToolOutput(call.id, one.output) for call, one in zip(calls, outputs, strict=True)]
    await super(type(self), self).submit_tool_outputs(by_order, follow=follow)


async def the_known_alone(self: Any, outputs: Any, /, *, follow: bool) -> None:
    known = {call.id for call in self.record.pending_calls}
    if any(one.tool_call_id in known for one in outputs):
        await super(type(self), self).submit_tool_outputs(outputs, follow=follow)


def first_ids(record: Any) -> Any:
    calls = [replace(call, id=f"call_{at}") for at, call in enumerate(record.pending_calls)]
    return replace(record, pending_calls=tuple(calls))


async def refresh_with_first_ids(self: Any) -> Any:
    self.record = first_ids(await super(type(self), self).refresh())
    return self.record


async def submit_with_first_ids(self: Any, outputs: Any, /, *, follow: bool) -> None:
    calls = self._inner.record.pending_calls
    theirs = [ToolOutput(calls[int(one.tool_call_id[5:])].id, one.output) for one in outputs]
    await super(type(self), self).submit_tool_outputs(theirs, follow=follow)


def only_by_its_maker(found: Any) -> Any:
    async def submit_tool_outputs(outputs: object, /, *, follow: bool) -> None:
        raise ProviderError("This object did not begin the run.", code="no_stream")

    found.submit_tool_outputs = submit_tool_outputs
    return found


async def refuse_ended(self: Any) -> None:
    if not (await self.refresh()).is_open:
        raise InvalidRequest("It has ended.", param="run_id", code="invalid_value")
    await super(type(self), self).cancel()


async def refuse_cancelling(self: Any) -> None:
    if getattr(self, "is_cancelled", False):
        raise InvalidRequest("It is being cancelled.", param="run_id", code="invalid_value")
    self.is_cancelled = True
    await super(type(self), self).cancel()


async def approve_by_output(self: Any, decisions: Any, /) -> None:
    await self.submit_tool_outputs([ToolOutput(id, "approved") for id in decisions], follow=False)


async def blind(self: Any, wanted: p.ThreadParams, /) -> Any:
    messages = [
        replace(one, content=[part for part in one.content if not isinstance(part, Image)]) for one in wanted.messages
    ]
    return await super(type(self), self).create_thread(replace(wanted, messages=messages))


class Leaks:
    tasks: list[object] = []  # noqa: RUF012 - shared on purpose

    @staticmethod
    async def events(self: Any, *, after: int = 0) -> AsyncGenerator[Event, None]:
        loop = asyncio.get_running_loop()
        Leaks.tasks.append(loop.create_task(asyncio.sleep(3)))
        async with aclosing(super(type(self), self).events(after=after)) as inner:
            async for event in inner:
                yield event


class Shares(ReferenceBackend):
    """A pool at class level."""

    is_open = False

    def __init__(self) -> None:
        super().__init__()
        Shares.is_open = True

    async def aclose(self) -> None:
        Shares.is_open = False
        await super().aclose()

    async def inner(self) -> Any:
        if not Shares.is_open:
            raise ProviderError("The pool is closed.", code="connection_error")
        return await super().inner()


class SharesThread(ReferenceBackend.thread_type):
    async def create_run(self, wanted: Any, /, **options: Any) -> p.Run:
        await self._provider.inner()
        return await super().create_run(wanted, **options)


Shares.thread_type = SharesThread


async def empty_page(self: object, wanted: object, /) -> Page[object]:
    return Page([])


async def follows_not(self: Any, wanted: Any, /, *, executor: object, follow: bool) -> p.Run:
    if follow:
        raise InvalidRequest("It cannot stream.", param="stream", code="unsupported_parameter")
    made: p.Run = await PlainThread.create_run(self, wanted, executor=None, follow=False)
    return made


async def plain_refresh(self: Any) -> Any:
    self.record = replace(await PlainRun.refresh(self), usage=Usage(0, 0))
    return self.record


def plain_with(**methods: Any) -> Methods:
    """A thread of a plain backend whose runs have other methods."""
    kind = type("WrongPlainRun", (PlainRun,), methods)

    async def create_run(self: Any, wanted: Any, /, *, executor: object, follow: bool) -> Any:
        return kind(self._provider, await self._inner.create_run(wanted, executor=NO_TOOLS, follow=False))

    async def get_run(self: Any, id: str, /, *, executor: object = None) -> Any:
        return kind(self._provider, await self._inner.get_run(id, executor=NO_TOOLS))

    return {"create_run": create_run, "get_run": get_run}


def wire_with(**methods: Any) -> Methods:
    """A thread whose runs have other methods."""
    kind = type("WrongWireRun", (WireRun,), methods)

    async def get_run(self: Any, id: str, /, *, executor: object = None) -> Any:
        return kind(self._provider, await self._inner.get_run(id, executor=NO_TOOLS))

    return {"get_run": get_run}


SOON = Patience(check=0.8, prompt=0.3)

ASSISTANTS = [
    wrong(
        "an assistant is found by its id", "without its metadata", provider=after("get_assistant", field(metadata={}))
    ),
    wrong("an unknown assistant is not found", "another error", provider=instead("get_assistant", NotFound, no_error)),
    wrong("assistants are listed in both orders", "one order", provider=query("list_assistants", order="desc")),
    wrong(
        "pages of assistants follow one another",
        "each page is the last",
        provider=after("list_assistants", page(has_more=False)),
    ),
    wrong(
        "an update replaces what an assistant is",
        "nothing is changed",
        provider=assistants_with("update", keep_as_it_is),
    ),
    wrong("an update replaces the tools", "they are added", provider=assistants_with("update", add_tools)),
    wrong("a deleted assistant is gone", "it stays", provider=assistants_with("delete", keep)),
]
THREADS = [
    wrong("a thread is found by its id", "without its metadata", provider=after("get_thread", field(metadata={}))),
    wrong("an unknown thread is not found", "another error", provider=instead("get_thread", NotFound, no_error)),
    wrong(
        "a thread begins with all its messages",
        "so many alone",
        provider=before("create_thread", lambda wanted: replace(wanted, messages=wanted.messages[:32])),
    ),
    wrong("an update replaces the metadata", "it adds to them", thread={"update": merge}),
    wrong("a deleted thread is gone", "it stays", thread={"delete": idle}),
    wrong(
        "threads are listed in both orders",
        "each page is the last",
        provider=after("list_threads", page(has_more=False)),
    ),
    wrong(
        "unclaimed lists of threads are refused",
        "an empty page",
        base=WireBackend,
        provider={"list_threads": empty_page},
    ),
]
MESSAGES = [
    wrong(
        "a message is found by its id",
        "without its metadata",
        thread=after("get_message", lambda one: replace(one, metadata={})),
    ),
    wrong("an unknown message is not found", "another error", thread=instead("get_message", NotFound, no_error)),
    wrong("a message of another thread is not found", "ids alone count", thread=anywhere("get_message")),
    wrong("messages are listed in both orders", "one order", thread=query("list_messages", order="asc")),
    wrong(
        "pages of messages are the list", "each page is the last", thread=after("list_messages", page(has_more=False))
    ),
    wrong("a page ends before its cursor", "it is dropped", thread=query("list_messages", before=None)),
    wrong("messages of a run are listed alone", "it is dropped", thread=query("list_messages", run_id=None)),
    wrong(
        "an answer names where it comes from",
        "no run",
        thread=after(
            "list_messages", lambda given: replace(given, data=[replace(one, run_id=None) for one in given.data])
        ),
    ),
    wrong(
        "a message is refused while a run is open",
        "another error",
        thread=instead("create_message", ThreadBusy, refusal),
    ),
    wrong("an update replaces a messages metadata", "it adds to them", thread={"update_message": merge_message}),
    wrong("a deleted message is gone", "it stays", thread={"delete_message": idle}),
    wrong("a deleted message is not seen by the model", "it is hidden", thread=Hides.methods()),
]
RUNS = [
    wrong("a run that nobody follows completes", "nobody drives it", thread={"create_run": undriven}, patience=SOON),
    wrong("a run names its assistant and its thread", "no metadata", thread=after("create_run", field(metadata={}))),
    wrong("a run is found by its id", "without its usage", thread=after("get_run", field(usage=None))),
    wrong("an unknown run is not found", "another error", thread=instead("get_run", NotFound, no_error)),
    wrong("a run of another thread is not found", "ids alone count", thread=anywhere("get_run")),
    wrong("runs are listed in both orders", "one order", thread=query("list_runs", order="desc")),
    wrong("a second run is refused", "another error", thread=instead("create_run", ThreadBusy, refusal)),
    wrong("a run that has ended frees its thread", "a failed one does not", thread=locked_after("failed")),
    wrong("a refresh becomes the record", "it is given alone", run={"refresh": not_kept}),
    wrong(
        "a run of an unknown assistant is refused", "another error", thread=instead("create_run", NotFound, no_error)
    ),
    wrong(
        "an assistants settings hold for its runs",
        "a default of its own",
        thread=before("create_run", lambda wanted: replace(wanted, temperature=wanted.temperature or 1.0)),
    ),
    wrong("a runs settings are instead of the assistants", "dropped", thread=params(instructions=None)),
    wrong("a runs model is asked", "dropped", thread=params(model=None)),
    wrong(
        "a runs tools are instead of the assistants",
        "none is taken for not given",
        thread=before("create_run", lambda wanted: replace(wanted, tools=wanted.tools or None)),
    ),
    wrong("additional instructions are added", "dropped", thread=params(additional_instructions=None)),
    wrong("additional messages are kept", "dropped", thread=params(additional_messages=())),
    wrong("a run that failed has a code", "no error", run=seen(last_error=None)),
    wrong("claimed usage is told", "none", run=seen(usage=None)),
    wrong("a run has its times", "in milliseconds", run=seen(created_at=1_700_000_000_000)),
    wrong("an answer is one step", "new ids each time", run=after("list_steps", renamed)),
]
EVENTS = [
    wrong("statuses follow the state machine", "one is left out", run=WITHOUT_BEGINNING),
    wrong("the last event is the run as read later", "it is left out", run=dropped(is_terminal)),
    wrong("the deltas are the stored message", "stripped", run=STRIPPED),
    wrong(
        "each message begins and ends once",
        "twice",
        run=told(lambda event: [event, event] if isinstance(event, MessageEvent) else [event]),
    ),
    wrong(
        "the told steps are the listed ones",
        "their end is left out",
        run=dropped(lambda one: isinstance(one, RunStepEvent) and one.data.status != "in_progress"),
    ),
    wrong("a failure is told", "it is left out", run=dropped(is_terminal)),
    wrong("a reader who leaves does not end the run", "it does", run={"events": ends_with_its_reader}),
    wrong("a stream that is never read does not hold up the run", "closed once alone", run={"aclose": once_only}),
    wrong("claimed events are replayed by number", "from the start", run={"events": from_the_start}),
    wrong(
        "unclaimed replays end at once", "they are waited for", base=WireBackend, thread=wire_with(events=never_begins)
    ),
    wrong(
        "without streaming follow does no harm", "it is refused", base=PlainBackend, thread={"create_run": follows_not}
    ),
]
OUTPUTS = [
    wrong("a run that pauses names its calls", "none", run=seen(pending_calls=())),
    wrong("a run rests until it has outputs", "others see none", thread=after("get_run", field(pending_calls=()))),
    wrong("a stream ends where the run pauses", "it stays open", run={"events": never_ends}),
    wrong("outputs lead to an answer", "empty outputs", run=EMPTY_OUTPUTS),
    wrong("outputs are followed to the end", "from the start", run={"events": from_the_start}),
    wrong("several outputs go in at once", "by their place", run={"submit_tool_outputs": by_place}),
    wrong("calls are a step with their outputs", "without", run=after("list_steps", without_outputs)),
    wrong("an output of an unknown call is refused", "ignored", run={"submit_tool_outputs": the_known_alone}),
    wrong("outputs of a run that has ended are refused", "ignored", run=without("submit_tool_outputs", InvalidRequest)),
    wrong("outputs of a run that goes on are refused", "ignored", run=without("submit_tool_outputs", InvalidRequest)),
    wrong(
        "calls of several rounds have ids of their own",
        "counted anew",
        run={"refresh": refresh_with_first_ids, "submit_tool_outputs": submit_with_first_ids},
    ),
    wrong("another process gives the outputs", "its maker alone", thread=after("get_run", only_by_its_maker)),
]
CANCELLATION = [
    wrong("a run that goes on is cancelled", "nothing happens", run={"cancel": idle}),
    wrong("a run that rests is cancelled", "nothing happens", run={"cancel": idle}),
    wrong("a run that has ended stays as it is", "it is refused", run={"cancel": refuse_ended}),
    wrong("cancelling twice does no harm", "it is refused", run={"cancel": refuse_cancelling}),
    wrong("a cancellation is known to others at once", "nothing happens", run={"cancel": idle}),
    wrong("a cancelled run frees its thread", "it does not", thread=locked_after("cancelled")),
    wrong("a stream ends with a cancelled run", "it stays open", run={"events": never_ends}),
    wrong("an unclaimed cancellation is refused", "ignored", base=PlainBackend, thread=plain_with(cancel=idle)),
    wrong(
        "an unclaimed cancellation is refused by the client",
        "it is not",
        base=PlainBackend,
        thread=plain_with(cancel=idle),
        patches={"anyassistant.remote.host.RemoteHost.check_cancel": nothing},
    ),
]
CAPABILITIES = [
    wrong("it is named as it is registered", "otherwise", announced=Announced(ECHO, Config())),
    wrong("unclaimed tools are refused", "left out", base=PlainBackend, thread=params(tools=None)),
    wrong("an unclaimed schema is refused", "left out", base=PlainBackend, thread=params(response_format=None)),
    wrong("unclaimed images are refused", "left out", base=PlainBackend, provider={"create_thread": blind}),
    wrong("unclaimed usage is not told", "zeros", base=PlainBackend, thread=plain_with(refresh=plain_refresh)),
    wrong(
        "unclaimed parallel calls never come",
        "they do",
        base=WireBackend,
        provider={"make_model": lambda self: Reference()},
    ),
    wrong("a decision that nobody waits for is refused", "it is an output", run={"decide": approve_by_output}),
]
CLOSING = [
    wrong("an open stream is closed with its provider", "a task reads on", run={"events": Leaks.events}),
    wrong("a run goes on when its client has gone", "it does not", thread={"get_run": left_alone}, patience=SOON),
    Mutant("closing one leaves another", "a pool is shared", Shares, patience=QUICK),
    wrong("objects do not show secrets", "a thread does", thread={"__repr__": lambda self: f"Thread({KEY})"}),
]
GROUPS = {
    "backend assistants": ASSISTANTS,
    "backend threads": THREADS,
    "backend messages": MESSAGES,
    "backend runs": RUNS,
    "backend events": EVENTS,
    "backend tool outputs": OUTPUTS,
    "backend cancellation": CANCELLATION,
    "backend capabilities": CAPABILITIES,
    "backend closing": CLOSING,
}

ASKED_BY_RUNS = [
    wrong("model requests: a temperature of 0 arrives", "0 is taken for absent", thread=params(temperature=None)),
    wrong("model requests: the instructions arrive", "dropped", thread=params(instructions=None)),
    wrong("model requests: each tool choice arrives", "dropped", thread=params(tool_choice="auto")),
    wrong("deltas: the pieces are the answer", "twice", run=TWICE),
    wrong("deltas: a call has one finish reason", "no calls", run=seen(pending_calls=(), status="completed")),
    wrong("capabilities: claims are capabilities", "a dictionary", provider={"capabilities_of": idle}),
    wrong("tools: an output leads to an answer", "empty outputs", run=EMPTY_OUTPUTS),
    wrong("parallel tools: all outputs reach the model in order", "empty outputs", run=EMPTY_OUTPUTS),
    wrong("structured output: an answer fits its schema", "each piece twice", run=TWICE),
    wrong("streaming: white space is kept", "stripped", run=STRIPPED),
    wrong("usage: the usage of an answer is reported", "none", run=seen(usage=None)),
    wrong("errors: a failure keeps its code", "no code", run=seen(last_error=None)),
    wrong("cancellation: closing a stream ends it promptly", "its end is waited for", run={"aclose": take_time}),
    wrong("concurrency: two streams of a model do not mix", "twice", run=TWICE),
    wrong("resource clean-up: a stream that is left leaves no task", "one reads on", run={"events": Leaks.events}),
    wrong("asyncio and trio: it runs on trio", "asyncio alone", run={"events": Leaks.events}),
    wrong("secrets: a provider does not show them", "it does", provider={"__repr__": lambda self: f"Backend({KEY})"}),
    wrong(
        "assistants: an assistant comes back as it was made",
        "another name",
        provider=after("get_assistant", field(name="Other")),
    ),
    wrong("threads: a deleted thread is not found", "it stays", thread={"delete": idle}),
    wrong("messages: additional messages are sent", "dropped", thread=params(additional_messages=())),
    wrong(
        "ordering and paging: messages are listed the newest first where asked",
        "one order",
        thread=query("list_messages", order="asc"),
    ),
    wrong(
        "run lifecycle: a run has its times and its model",
        "in milliseconds",
        run=told(
            lambda event: (
                [replace(event, data=replace(event.data, created_at=1_700_000_000_000))]
                if isinstance(event, RunEvent)
                else [event]
            )
        ),
    ),
    wrong("limits: a cut answer ends with length", "dropped", thread=params(max_completion_tokens=None)),
    wrong("thread lock: a failed run frees its thread", "it does not", thread=locked_after("failed")),
    wrong(
        "resume: a run that rests goes on in another client",
        "its maker alone",
        thread=after("get_run", only_by_its_maker),
    ),
    wrong("history validity: a thread goes on after a failure", "it is locked", thread=locked_after("failed")),
    wrong(
        "metadata: metadata come back as given",
        "dropped",
        provider=before("create_thread", lambda one: replace(one, metadata={})),
    ),
    wrong("Unicode and large content: a long answer is whole", "stripped", run=STRIPPED),
]

MUTANTS = [
    *(replace(one, check=f"{group}: {one.check}") for group, mutants in GROUPS.items() for one in mutants),
    *ASKED_BY_RUNS,
]
