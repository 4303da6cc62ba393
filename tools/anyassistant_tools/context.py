"""What a tool may know of the run that calls it, and how it tells how far it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic

from typing_extensions import TypeVar

from anyassistant_tools.errors import ToolCancelled

Deps_co = TypeVar("Deps_co", covariant=True, default=None)


class CancelToken:
    """Whether anybody still waits for a call. A tool in a thread, which nobody can stop, asks it and stops itself.

    It is cancelled when the call overran its time-out or its run was cancelled; in a run also once the call has ended,
    for what it left behind. Any thread may ask.
    """

    __slots__ = ("_cancelled", "_outer")

    def __init__(self, outer: CancelToken | None = None) -> None:
        self._cancelled = False  # one flag that is set once needs no lock
        self._outer = outer

    @property
    def is_cancelled(self) -> bool:
        """Whether the call was given up on."""
        return self._cancelled or (self._outer is not None and self._outer.is_cancelled)

    def check(self) -> None:
        """Go on only while somebody waits for the call.

        Raises:
            ToolCancelled: Nobody does any more.
        """
        if self.is_cancelled:
            raise ToolCancelled("The call was given up on: nobody waits for its result.")

    def cancel(self) -> None:
        """Say that nobody waits any more; for whoever makes the call."""
        self._cancelled = True


class RunContext(Generic[Deps_co]):
    """What a tool is told beside its arguments: a parameter annotated `RunContext[Deps]` gets it, and no model sees it.

    Without a run (in a test, on the command line) make one of what the tool uses: `RunContext(deps="ann")`.

    Attributes:
        run_id: The run; empty where there is none.
        thread_id: Its thread.
        assistant_id: Its assistant.
        call_id: The tool call, unique for ever.
        idempotency_key: The same for every try of this call, also in another process after a crash, and for no other
            call: give it to a service that must not do a thing twice.
        cancel_token: Whether anybody still waits.

    Args:
        on_progress: What gets the JSON form of what is emitted, in the thread in which it is.
    """

    __slots__ = (
        "_deps",
        "_on_progress",
        "assistant_id",
        "call_id",
        "cancel_token",
        "idempotency_key",
        "run_id",
        "thread_id",
    )

    def __init__(
        self,
        *,
        deps: Deps_co = None,  # type: ignore[assignment]  # as the default of its type says
        run_id: str = "",
        thread_id: str = "",
        assistant_id: str = "",
        call_id: str = "",
        idempotency_key: str = "",
        on_progress: Callable[[object], None] | None = None,
    ) -> None:
        self._deps = deps
        self.run_id = run_id
        self.thread_id = thread_id
        self.assistant_id = assistant_id
        self.call_id = call_id
        self.idempotency_key = idempotency_key
        self.cancel_token = CancelToken()
        self._on_progress = on_progress

    def __reduce__(self) -> tuple[Callable[..., RunContext[object]], tuple[object, ...]]:
        """Go into the process of a tool with `isolate="process"`, from which nothing can be emitted."""
        ids = (self.run_id, self.thread_id, self.assistant_id, self.call_id, self.idempotency_key)
        return _in_process, (self._deps, *ids)

    @property
    def deps(self) -> Deps_co:
        """What the app gave as `deps=` when it began or resumed the run."""
        return self._deps

    def emit(self, progress: object) -> None:
        """Tell the run's readers how far the call is; from any thread.

        Args:
            progress: Anything that has a JSON form, as a result has to have.

        Raises:
            ToolResultError: It has none.
            ToolCancelled: Nobody waits for the call any more.
        """
        from anyassistant_tools.results import json_form

        self.cancel_token.check()
        told = json_form(progress)
        if self._on_progress is not None:
            self._on_progress(told)

    def for_one_try(self) -> RunContext[Deps_co]:
        """The same with a cancel token of its own, which its try's time-out cancels, and not those of other tries."""
        one: RunContext[Deps_co] = RunContext(
            deps=self._deps,
            run_id=self.run_id,
            thread_id=self.thread_id,
            assistant_id=self.assistant_id,
            call_id=self.call_id,
            idempotency_key=self.idempotency_key,
            on_progress=self._on_progress,
        )
        one.cancel_token = CancelToken(self.cancel_token)
        return one


def _in_process(
    deps: object, run_id: str, thread_id: str, assistant_id: str, call_id: str, idempotency_key: str
) -> RunContext[object]:
    return RunContext(
        deps=deps,
        run_id=run_id,
        thread_id=thread_id,
        assistant_id=assistant_id,
        call_id=call_id,
        idempotency_key=idempotency_key,
        on_progress=_cannot_emit,
    )


def _cannot_emit(_: object) -> None:
    raise RuntimeError("A tool in a process of its own cannot emit progress: leave `isolate` at 'thread'.")
