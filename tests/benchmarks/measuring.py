"""Two ways to do the same work, measured one after the other in many rounds, by the CPU time of this process.

The machine may be busy with other things: both sides of a round meet the same weather, so each round gives one ratio,
and the median of these counts. Every second round goes the other way round.
"""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass
from statistics import median, quantiles

Work = Callable[[], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Comparison:
    """What was measured.

    Attributes:
        floor: Median CPU seconds of what it is compared with, per unit.
        ours: The same of ours.
        ratio: Median of the rounds' ratios.
        low: Their lower quartile.
        high: Their upper quartile.
    """

    floor: float
    ours: float
    ratio: float
    low: float
    high: float
    rounds: int

    @classmethod
    def of(cls, floor: Sequence[float], ours: Sequence[float], *, units: int = 1) -> Comparison:
        ratios = [one / other for one, other in zip(ours, floor, strict=True)]
        low, _, high = quantiles(ratios, n=4, method="inclusive") if len(ratios) > 1 else (ratios[0],) * 3
        return cls(median(floor) / units, median(ours) / units, median(ratios), low, high, len(ratios))

    def to_dict(self) -> dict[str, float]:
        return asdict(self)


async def compare(floor: Work, ours: Work, *, rounds: int, units: int = 1) -> Comparison:
    """Measure both in turn, after a round that does not count.

    Args:
        units: How many runs, deltas, ... one round has, for times per unit.
    """
    spent: tuple[list[float], list[float]] = ([], [])
    for number in range(-1, rounds):
        for side in (0, 1) if number % 2 else (1, 0):
            gc.collect()
            begin = time.process_time()
            await (floor, ours)[side]()
            if number >= 0:
                spent[side].append(time.process_time() - begin)
    return Comparison.of(*spent, units=units)


def compare_processes(floor: Sequence[str], ours: Sequence[str], *, rounds: int) -> Comparison:
    """The same of whole processes: the interpreter is given these arguments."""
    spent: tuple[list[float], list[float]] = ([], [])
    for number in range(-1, rounds):
        for side in (0, 1) if number % 2 else (1, 0):
            seconds = cpu_seconds((floor, ours)[side])
            if number >= 0:
                spent[side].append(seconds)
    return Comparison.of(*spent)


def cpu_seconds(arguments: Sequence[str]) -> float:
    """CPU seconds, user and system, of an interpreter with these arguments, from its start to its end."""
    process = subprocess.Popen([sys.executable, *arguments])
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise subprocess.CalledProcessError(process.returncode, process.args)
    return usage.ru_utime + usage.ru_stime
