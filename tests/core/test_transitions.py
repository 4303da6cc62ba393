"""The run's state machine."""

from __future__ import annotations

from typing import get_args

import pytest
from anyassistant.hosting.transitions import MOVES, IllegalTransition, check_move
from anyassistant.types import TERMINAL, RunStatus

LEGAL = """
queued -> in_progress failed cancelling expired
in_progress -> completed failed incomplete requires_action cancelling expired
requires_action -> queued failed incomplete cancelling expired
cancelling -> cancelled completed failed
"""


def legal() -> set[tuple[str, str]]:
    lines = [line.split(" -> ") for line in LEGAL.strip().splitlines()]
    return {(before, after) for before, afters in lines for after in afters.split()}


@pytest.mark.parametrize("before", get_args(RunStatus))
@pytest.mark.parametrize("after", get_args(RunStatus))
def test_only_the_designs_moves_are_legal(before: RunStatus, after: RunStatus) -> None:
    if (before, after) in legal():
        check_move(before, after)
    else:
        with pytest.raises(IllegalTransition, match=f"{before!r} to {after!r}"):
            check_move(before, after)


def test_an_ended_run_moves_no_more() -> None:
    assert {status for status, moves in MOVES.items() if not moves} == TERMINAL
    assert set(MOVES) == set(get_args(RunStatus))
