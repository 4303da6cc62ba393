"""The tool executor: screen, claim, validate, run, record. One for every driver, hosted or remote.

Whatever happens in a tool, its call gets exactly one output: the result, or a short text that is safe to show a model.
The failure in full goes to `ToolOutput.error`, for people.
"""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

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
                        refused.append(self._counted(output, call.name, journal.refusals(call.name) + before))
        held = {output.tool_call_id for output in refused} | for_approval
        free = [call for call in calls if call.name in self._names and call.id not in held]
        first = next(self._groups(free), [])
        starting = [call.id for call in first[: max(1, journal.run.limits.parallel_tools)]]
        return Screening(refused, frozenset(for_approval), starting)

    async def _screen_one(self, call: ToolCall, journal: Journal, for_approval: set[str]) -> ToolOutput | None:
        """Put a call among those that wait for a person; or give the output of one that need not be asked about."""
        tool = self._tools[call.name]
        try:
            with self._context(call, journal) as context, anyio.fail_after(tool.settings.timeout):
                is_needed = await tool.needs_approval(call.arguments, context=context)
            if is_needed and not is_approved(call.decision):
                for_approval.add(call.id)
        except ToolArgumentsError as error:
            return _refused(call, error)
        except Exception as error:  # noqa: BLE001 - whatever an app's function raises
            return self._failed(tool, call, error, f"{tool.name} failed with an internal error.")
        return None

    async def execute(self, calls: Sequence[ToolCall], /, *, journal: Journal) -> Sequence[ToolOutput]:
        if len(calls) == 1:
            return [await self._execute_one(calls[0], journal)]
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
                outputs[call.id] = output = await self._execute_one(call, journal)
                if output.fatal:  # it ends the run, which does not wait for the others
                    group.cancel_scope.cancel()

        async with anyio.create_task_group() as group:
            for _ in range(min(len(calls), max(1, journal.run.limits.parallel_tools))):
                group.start_soon(execute_next)

    async def _execute_one(self, call: ToolCall, journal: Journal) -> ToolOutput:
        tool = self._tools.get(call.name)
        if tool is None or not tool.can_run:
            output = unknown_tool_output(call, self._names)
        elif await journal.claim(call.id, repeatable=tool.settings.idempotent):
            output = await self._call(tool, call, journal)
        else:
            output = await self._reconcile(tool, call, journal)
        output = self._counted(output, call.name, journal.refusals(call.name))  # when those beside it have been told of
        await journal.finish(output)
        return output

    async def _call(self, tool: Tool, call: ToolCall, journal: Journal) -> ToolOutput:
        with self._context(call, journal) as context:

            async def work() -> ToolOutput:
                return await self._called(tool, call, journal, context)

            return await self._host.run_apart(work, left=context.cancel_token.cancel)

    async def _called(self, tool: Tool, call: ToolCall, journal: Journal, context: RunContext[object]) -> ToolOutput:
        try:
            result = await tool.call(call.arguments, context=context, threads=self._threads)
            return output_of(call.id, result)
        except ToolArgumentsError as error:
            return _refused(call, error)
        except (ToolTimeoutError, WorkerThreadsExhausted) as error:
            return self._failed(tool, call, error, str(error))
        except ToolError as error:
            return self._failed(tool, call, error, str(error))
        except ToolResultError as error:
            told = f"{tool.name} gave a result that cannot be shown."
            return ToolOutput(call.id, told, error=_in_full(error), outcome="failed")
        except Exception as error:  # noqa: BLE001 - whatever an app's function raises
            return self._failed(tool, call, error, f"{tool.name} failed with an internal error.")
        except BaseException as error:
            # A tool that raises SystemExit, KeyboardInterrupt or a cancellation of its own must not end the process;
            # a cancellation that is ours goes on.
            if isinstance(error, anyio.get_cancelled_exc_class()) and is_cancelling():
                raise
            told = f"{tool.name} failed with an internal error."
            return ToolOutput(call.id, told, error=_in_full(error), outcome="failed")

    async def _reconcile(self, tool: Tool, call: ToolCall, journal: Journal) -> ToolOutput:
        """What is told of a call that a driver began which went away."""
        error = "unknown: started by a driver that went away"
        if tool.settings.reconcile is not None:
            try:
                with self._context(call, journal) as context:
                    result = await tool.reconcile(call.arguments, context=context, threads=self._threads)
                return output_of(call.id, result)
            except CallHadNoEffect:
                if await journal.claim(call.id, repeatable=True):
                    return await self._call(tool, call, journal)
            except ToolError as said:
                return self._failed(tool, call, said, str(said))
            except BaseException as failure:  # whatever an app's function raises, as in `_called`
                if isinstance(failure, anyio.get_cancelled_exc_class()) and is_cancelling():
                    raise
                error = f"{error}; and its `reconcile` function failed:\n{_in_full(failure)}"
        return ToolOutput(call.id, UNKNOWN_OUTCOME, error=error, outcome="unknown")

    def _counted(self, output: ToolOutput, name: str, before: int) -> ToolOutput:
        """An output that ends the run, if it refuses as many calls in a row as the tool allows."""
        if output.outcome != "refused" or output.cause is None:
            return output
        limit = self._tools[name].settings.max_attempts
        is_last = limit is not None and before + 1 >= limit
        return replace(output, fatal=is_last, cause=output.cause if is_last else None)

    def _failed(self, tool: Tool, call: ToolCall, error: Exception, text: str) -> ToolOutput:
        is_fatal = isinstance(error, tool.settings.fatal)
        cause = error if is_fatal else None
        # A thread that was given up on, or an MCP server that went away, may have done what it was to do.
        may_be_done = getattr(error, "orphaned", False) or getattr(error, "was_under_way", False)
        outcome: CallOutcome = "unknown" if may_be_done else "failed"
        return ToolOutput(call.id, text, error=_in_full(error), outcome=outcome, fatal=is_fatal, cause=cause)

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


def _refused(call: ToolCall, error: ToolArgumentsError) -> ToolOutput:
    return ToolOutput(call.id, str(error), error=str(error), outcome="refused", cause=error)


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
