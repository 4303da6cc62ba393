"""The tool executor: claim, validate, run, record. One for every driver, hosted or remote.

Whatever happens in a tool, its call gets exactly one output: the result, or a short text that is safe to show a model.
The failure in full goes to `ToolOutput.error`, for people.
"""

from __future__ import annotations

import traceback
from collections.abc import Mapping, Sequence

import anyio
from anyassistant_tools import (
    Tool,
    ToolArgumentsError,
    ToolError,
    ToolResultError,
    ToolTimeoutError,
    WorkerThreads,
    WorkerThreadsExhausted,
)

from .host_task import is_cancelling
from .protocols import Journal, ToolExecutor, unknown_tool_output
from .types import ToolCall, ToolOutput

UNKNOWN_OUTCOME = (
    "The outcome of this call is unknown: it was started, and the process that made it went away. It may have taken "
    "effect. Find out before you call it again."
)


class BoundTools(ToolExecutor):
    """Calls the tools that an app has bound, several at once up to the run's limit.

    Args:
        tools: By name.
        threads: Where sync tools run.
    """

    def __init__(self, tools: Mapping[str, Tool], threads: WorkerThreads) -> None:
        self._tools = dict(tools)
        self._threads = threads
        self._names = frozenset(self._tools)

    @property
    def names(self) -> frozenset[str]:
        return self._names

    async def execute(self, calls: Sequence[ToolCall], /, *, journal: Journal) -> Sequence[ToolOutput]:
        if len(calls) == 1:
            return [await self._execute_one(calls[0], journal)]
        outputs: dict[str, ToolOutput] = {}
        left = iter(calls)

        async def execute_next() -> None:
            for call in left:  # in order, so that those begin first which were claimed with the turn
                outputs[call.id] = output = await self._execute_one(call, journal)
                if output.fatal:  # it ends the run, which does not wait for the others
                    group.cancel_scope.cancel()

        async with anyio.create_task_group() as group:
            for _ in range(min(len(calls), max(1, journal.run.limits.parallel_tools))):
                group.start_soon(execute_next)
        return [outputs[call.id] for call in calls if call.id in outputs]

    async def _execute_one(self, call: ToolCall, journal: Journal) -> ToolOutput:
        tool = self._tools.get(call.name)
        if tool is None:
            output = unknown_tool_output(call, self._names)
        elif await journal.claim(call.id, repeatable=tool.settings.idempotent):
            output = await self._call(tool, call, journal)
        else:
            output = ToolOutput(call.id, UNKNOWN_OUTCOME, error="unknown: started by a driver that went away")
        await journal.finish(output)
        return output

    async def _call(self, tool: Tool, call: ToolCall, journal: Journal) -> ToolOutput:
        try:
            result = await tool.call(call.arguments, threads=self._threads)
        except (ToolArgumentsError, ToolTimeoutError, WorkerThreadsExhausted) as error:
            return ToolOutput(call.id, str(error), error=str(error))
        except ToolError as error:
            return self._failed(tool, call, error, str(error))
        except ToolResultError as error:
            return ToolOutput(call.id, f"{tool.name} gave a result that cannot be shown.", error=_in_full(error))
        except Exception as error:  # noqa: BLE001 - whatever an app's function raises
            return self._failed(tool, call, error, f"{tool.name} failed with an internal error.")
        except BaseException as error:
            # A tool that raises SystemExit, KeyboardInterrupt or a cancellation of its own must not end the process;
            # a cancellation that is ours goes on.
            if isinstance(error, anyio.get_cancelled_exc_class()) and is_cancelling():
                raise
            return ToolOutput(call.id, f"{tool.name} failed with an internal error.", error=_in_full(error))
        return ToolOutput(call.id, result.content)

    def _failed(self, tool: Tool, call: ToolCall, error: Exception, text: str) -> ToolOutput:
        is_fatal = isinstance(error, tool.settings.fatal)
        return ToolOutput(call.id, text, error=_in_full(error), fatal=is_fatal, cause=error if is_fatal else None)


def _in_full(error: BaseException) -> str:
    return "".join(traceback.format_exception(error)).rstrip()
