"""The tool executor: screen, claim, validate, run, record. One for every driver, hosted or remote.

Whatever happens in a tool, its call gets exactly one output: the result, or a short text that is safe to show a model.
The failure in full goes to `ToolOutput.error`, for people.
"""

from __future__ import annotations

import logging
import threading
import time
import traceback
from collections.abc import Awaitable, Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import TypeVar

import anyio
import anyio.from_thread
import anyio.lowlevel
from anyassistant_tools import (
    CallHadNoEffect,
    RunContext,
    Tool,
    ToolArgumentsError,
    ToolError,
    ToolResult,
    ToolResultError,
    ToolTimeoutError,
    WorkerThreads,
    WorkerThreadsExhausted,
)
from anyassistant_tools.results import json_form

from .host_task import HostTask, is_cancelling
from .protocols import Journal, Screening, ToolExecutor, unknown_tool_output
from .types import CallOutcome, Decision, Image, ToolCall, ToolOutput

logger = logging.getLogger("anyassistant")

T = TypeVar("T")

NO_DEPS = "no deps were given: deps= of run() or resume()"
MAY_HAVE_TAKEN_EFFECT = "It may have taken effect."
UNKNOWN_OUTCOME = (
    "The outcome of this call is unknown: it was started, and the process that made it went away. It may have taken "
    "effect. Find out before you call it again."
)


class BoundTools(ToolExecutor):
    """Calls the tools that an app has bound, several at once up to the run's limit.

    Args:
        tools: By name.
        threads: Where sync tools run.
        host: In whose tasks they are called: one that heeds no cancellation must not keep its run from ending.
        deps: What the app gave for its tools' contexts.
    """

    def __init__(
        self, tools: Mapping[str, Tool], threads: WorkerThreads, *, host: HostTask, deps: object = None
    ) -> None:
        self._tools = dict(tools)
        self._threads = threads
        self._host = host
        self._deps = deps
        self._names = frozenset(name for name, tool in tools.items() if tool.can_run)
        self._screened = frozenset(
            name for name, tool in tools.items() if tool.settings.requires_approval is not False or not tool.can_run
        )

    @property
    def names(self) -> frozenset[str]:
        return self._names

    async def screen(self, calls: Sequence[ToolCall], /, *, journal: Journal) -> Screening:
        refused: list[ToolOutput] = []
        for_approval: set[str] = set()
        names = {call.id: call.name for call in calls}
        if not self._screened.isdisjoint(call.name for call in calls):
            for call in calls:
                if call.name in self._screened:
                    output = await self._screen_one(call, journal, for_approval)
                    if output is not None:
                        before = sum(
                            one.outcome == "refused" and names[one.tool_call_id] == call.name for one in refused
                        )
                        refused.append(self._counted(output, call.name, journal, before))
        held = {output.tool_call_id for output in refused} | for_approval
        free = [call for call in calls if call.name in self._names and call.id not in held]
        first = next(self._groups(free), [])
        starting = [call.id for call in first[: max(1, journal.run.limits.parallel_tools)]]
        return Screening(refused, frozenset(for_approval), starting)

    async def _screen_one(self, call: ToolCall, journal: Journal, for_approval: set[str]) -> ToolOutput | None:
        """Put a call among those that wait for a person; or give the output of one that need not be asked about."""
        tool = self._tools[call.name]

        async def ask(context: RunContext[object]) -> bool:
            try:
                return await tool.needs_approval(call.arguments, context=context, threads=self._threads)
            except ToolTimeoutError as error:  # not of the call, which is not made: no effect is to be feared
                raise TimeoutError(f"Whether {tool.name} needs approval was not said in time.") from error

        is_needed = await self._apart(call, journal, ask, partial(self._failure, tool, call))
        if isinstance(is_needed, ToolOutput):
            return is_needed
        if is_needed and not is_approved(call.decision):
            for_approval.add(call.id)
        return None

    async def execute(self, calls: Sequence[ToolCall], /, *, journal: Journal) -> Sequence[ToolOutput]:
        if len(calls) == 1:
            output = await self._execute_one(calls[0], journal)
            return [] if output is None else [output]
        outputs: dict[str, ToolOutput] = {}
        for group in self._groups(calls):
            await self._execute_group(group, journal, outputs)
            if any(output.fatal for output in outputs.values()):
                break
        return [outputs[call.id] for call in calls if call.id in outputs]

    def _groups(self, calls: Sequence[ToolCall]) -> Iterator[list[ToolCall]]:
        """Calls that may run beside each other: one of a sequential tool has no other beside it."""
        group: list[ToolCall] = []
        for call in calls:
            tool = self._tools.get(call.name)
            if tool is None or not tool.settings.sequential:
                group.append(call)
                continue
            if group:
                yield group
            yield [call]
            group = []
        if group:
            yield group

    async def _execute_group(self, calls: list[ToolCall], journal: Journal, outputs: dict[str, ToolOutput]) -> None:
        left = iter(calls)

        async def execute_next() -> None:
            for call in left:  # in order, so that those begin first which were claimed with the turn
                output = await self._execute_one(call, journal)
                if output is None:
                    continue
                outputs[call.id] = output
                if output.fatal:  # it ends the run, which does not wait for the others
                    group.cancel_scope.cancel()

        async with anyio.create_task_group() as group:
            for _ in range(min(len(calls), max(1, journal.run.limits.parallel_tools))):
                group.start_soon(execute_next)

    async def _execute_one(self, call: ToolCall, journal: Journal) -> ToolOutput | None:
        """The output of a call; none where its approval was over before those in front of it had ended."""
        if call.decision is not None and not is_approved(call.decision) and call.id not in journal.started:
            return None
        tool = self._tools.get(call.name)
        if tool is None or not tool.can_run:
            output = unknown_tool_output(call, self._names)
        elif await journal.claim(call.id, repeatable=tool.settings.idempotent):
            output = await self._call(tool, call, journal)
        else:
            output = await self._reconcile(tool, call, journal)
        output = self._counted(output, call.name, journal)  # when those beside it have been told of
        await journal.finish(output)
        return output

    async def _call(self, tool: Tool, call: ToolCall, journal: Journal) -> ToolOutput:
        async def work(context: RunContext[object]) -> ToolOutput:
            return output_of(call.id, await tool.call(call.arguments, context=context, threads=self._threads))

        return await self._apart(call, journal, work, partial(self._failure, tool, call))

    async def _reconcile(self, tool: Tool, call: ToolCall, journal: Journal) -> ToolOutput:
        """What is told of a call that a driver began which went away."""
        if tool.settings.reconcile is None:
            return _unknown(call)

        async def find_out(context: RunContext[object]) -> ToolOutput | None:
            try:
                result = await tool.reconcile(call.arguments, context=context, threads=self._threads)
            except CallHadNoEffect:
                return None
            return output_of(call.id, result)

        def failed(error: BaseException) -> ToolOutput:
            return self._failure(tool, call, error) if isinstance(error, ToolError) else _unknown(call, error)

        found = await self._apart(call, journal, find_out, failed)
        if found is not None:
            return found
        is_ours = await journal.claim(call.id, repeatable=True)
        return await self._call(tool, call, journal) if is_ours else _unknown(call)

    async def _apart(
        self,
        call: ToolCall,
        journal: Journal,
        work: Callable[[RunContext[object]], Awaitable[T]],
        failed: Callable[[BaseException], ToolOutput],
    ) -> T | ToolOutput:
        """What an app's function gives, in a task of its own; or the output that stands for its failure.

        A function that raises SystemExit, KeyboardInterrupt or a cancellation of its own must not end the process.
        """
        with self._context(call, journal) as context:
            try:
                return await self._host.run_apart(partial(work, context))
            except BaseException as error:
                # Asked here and not in the function's task, of which a cancel may be its own.
                if isinstance(error, anyio.get_cancelled_exc_class()) and is_cancelling():
                    raise
                return failed(error)

    def _failure(self, tool: Tool, call: ToolCall, error: BaseException) -> ToolOutput:
        """The output of a call that raised something; a model reads what was meant for it."""
        in_full = _in_full(error)
        match error:
            case ToolArgumentsError():
                return ToolOutput(call.id, str(error), error=str(error), outcome="refused", cause=error)
            case ToolResultError():
                told = f"{tool.name} gave a result that cannot be shown."
                return ToolOutput(call.id, told, error=in_full, outcome="failed")
            case ToolError() | ToolTimeoutError() | WorkerThreadsExhausted():
                told = str(error)
            case _:
                told = f"{tool.name} failed with an internal error."
                logger.info("%s failed in call %s", tool.name, call.id, exc_info=error)
                if self._deps is None and tool.takes_context:
                    in_full = f"{NO_DEPS}\n{in_full}"
        cause = error if isinstance(error, tool.settings.fatal) else None
        outcome: CallOutcome = "failed"
        if getattr(error, "may_have_taken_effect", False):  # of a time-out, a process or a server that went away
            outcome, told = "unknown", f"{told} {MAY_HAVE_TAKEN_EFFECT}"
        return ToolOutput(call.id, told, error=in_full, outcome=outcome, fatal=cause is not None, cause=cause)

    def _counted(self, output: ToolOutput, name: str, journal: Journal, untold: int = 0) -> ToolOutput:
        """An output that ends the run, if it refuses as many calls in a row as the tool allows.

        Args:
            output: Any output.
            name: The tool's.
            journal: Where the refusals before it are.
            untold: How many of them are not there yet.
        """
        if output.outcome != "refused" or output.cause is None:
            return output
        limit = self._tools[name].settings.max_attempts
        if limit is None or journal.refusals(name) + untold + 1 < limit:  # it looks through all turns of the run
            return replace(output, cause=None)
        return replace(output, fatal=True)

    @contextmanager
    def _context(self, call: ToolCall, journal: Journal) -> Generator[RunContext[object], None, None]:
        """What a tool is told, for as long as somebody waits: what a call left behind tells readers nothing."""
        run = journal.run
        here, token = threading.get_ident(), anyio.lowlevel.current_token()

        def tell(progress: object) -> None:
            context.cancel_token.check()  # from a thread it may come too late
            journal.progress(call.id, progress)

        def report(progress: object) -> None:
            if threading.get_ident() == here:
                tell(progress)
            else:
                anyio.from_thread.run_sync(tell, progress, token=token)

        context = RunContext[object](
            deps=self._deps,
            run_id=run.id,
            thread_id=run.thread_id,
            assistant_id=run.assistant_id,
            call_id=call.id,
            idempotency_key=f"{run.id}:{call.id}",
            on_progress=report,
        )
        try:
            yield context
        finally:
            context.cancel_token.cancel()


def _unknown(call: ToolCall, failure: BaseException | None = None) -> ToolOutput:
    """The output of a call that was begun, with what kept the tool's own function from finding out what came of it."""
    error = "unknown: started by a driver that went away"
    if failure is not None:
        error = f"{error}; and its `reconcile` function failed:\n{_in_full(failure)}"
    return ToolOutput(call.id, UNKNOWN_OUTCOME, error=error, outcome="unknown")


def is_approved(decision: Decision | None) -> bool:
    """Whether a call may be made now by what a person decided."""
    if decision is None or not decision.approved:
        return False
    return decision.expires_at is None or time.time() < decision.expires_at


def output_of(call_id: str, result: ToolResult) -> ToolOutput:
    """A tool's result as the output of a call."""
    images = [Image.from_bytes(bytes(image), media_type=media_type_of(image)) for image in result.images]
    kept = json_form(dict(result.metadata)) if result.metadata else {}  # so that it is the same from every store
    return ToolOutput(call_id, result.content, metadata=kept if isinstance(kept, dict) else {}, images=images)


def media_type_of(image: bytes) -> str:
    """The media type of an encoded image, by its first bytes; PNG where they tell nothing."""
    if image.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if image.startswith(b"GIF8"):
        return "image/gif"
    if image[:4] == b"RIFF" and image[8:12] == b"WEBP":
        return "image/webp"
    return "image/png"


def _in_full(error: BaseException) -> str:
    return "".join(traceback.format_exception(error)).rstrip()
