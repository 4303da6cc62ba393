"""Approvals: what becomes of calls for which a run needs somebody's leave."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from getpass import getuser
from typing import Protocol

from ..errors import InvalidRequest
from ..sync import Run
from ..types import PendingCall, RunRecord
from .failures import UsageError
from .follow import Show, follow
from .options import Policy

NOBODY_THERE = "There was nobody to ask: this session is not at a terminal."
NOTHING_IS_APPROVED = "They approve nothing in this session."

_DECIDED_ELSEWHERE = frozenset({"run_not_waiting", "unknown_tool_call", "wrong_answer"})


class Approver(Protocol):
    """Decides."""

    def decide(self, run: Run[str], call: PendingCall, /) -> bool:
        """Approve or reject a call that waits for it. False: it is left as it is, and so is the run.

        Raises:
            InvalidRequest: The run does not wait for it any more: others have decided.
        """
        ...


@dataclass(frozen=True, slots=True)
class ApproveAll(Approver):
    """Approves whatever comes.

    Attributes:
        by: Who wants it so.
    """

    by: str | None

    def decide(self, run: Run[str], call: PendingCall, /) -> bool:
        run.approve(call.id, by=self.by)
        return True


@dataclass(frozen=True, slots=True)
class RejectAll(Approver):
    """Rejects whatever comes.

    Attributes:
        reason: Why, which the model is told.
        by: Who wants it so.
    """

    reason: str
    by: str | None

    def decide(self, run: Run[str], call: PendingCall, /) -> bool:
        run.reject(call.id, self.reason, by=self.by)
        return True


class LeaveAll(Approver):
    """Leaves whatever comes to others."""

    def decide(self, run: Run[str], call: PendingCall, /) -> bool:
        return False


def make_approver(policy: Policy | None, person: Approver | None, *, otherwise: Approver) -> Approver:
    """Who decides.

    Args:
        policy: Ask a person, say yes or no to all, or leave all for later; None where nothing is said.
        person: Asks; None where there is nobody to ask.
        otherwise: Decides where nothing is said and there is nobody to ask.

    Raises:
        UsageError: A person is to be asked, and there is nobody.
    """
    match policy:
        case "yes":
            return ApproveAll(_by("yes"))
        case "no":
            return RejectAll(NOTHING_IS_APPROVED, _by("no"))
        case "later":
            return LeaveAll()
        case "ask" if person is None:
            raise UsageError("--approve ask needs a terminal to ask at, and no --json: give yes, no or later.")
        case "ask" | None:
            return person or otherwise


def _by(policy: Policy) -> str:
    return f"{this_person() or 'somebody'} (--approve {policy})"


def follow_and_decide(
    run: Run[str],
    show: Show,
    approver: Approver,
    take_over: Callable[[], Run[str] | None],
    *,
    after: int = 0,
) -> tuple[RunRecord, int]:
    """Follow a run until it ends, or rests for something that is not decided here.

    Args:
        take_over: Gives the run anew with the tools that are here, where others have decided; None where it has ended.
        after: The number of the last event that was shown already.

    Returns:
        Its record, and the number of the last event.

    Raises:
        KeyboardInterrupt: Ctrl-C while it went on. The run was cancelled.
    """
    while True:
        after = follow(run, show, after=after)
        waiting = waiting_for_approval(run.record)
        try:
            if not waiting or not all(approver.decide(run, call) for call in waiting):
                return run.record, after
        except InvalidRequest as error:
            if error.code not in _DECIDED_ELSEWHERE:
                raise
            run = take_over() or run


def waiting_for_approval(record: RunRecord) -> Sequence[PendingCall]:
    """The calls for which a run waits for an approval."""
    if record.status != "requires_action":
        return ()
    return [call for call in record.pending_calls if call.waits_for == "approval"]


def this_person() -> str | None:
    """The name of whoever uses the command line, as the system has it; None where it has none."""
    try:
        return getuser()
    except (OSError, KeyError, ImportError):
        return None
