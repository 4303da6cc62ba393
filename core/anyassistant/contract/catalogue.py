"""Checks: named, grouped, each with the rule that it holds a provider to and the suite that introduced it."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import TypeAlias, cast

from .subject import Subject

AsyncCheck: TypeAlias = Callable[[Subject], Awaitable[None]]
SyncCheck: TypeAlias = Callable[[Subject], None]

SUITE = "1"
"""The newest suite. What a suite checks never changes; a new check comes with a new suite."""


@dataclass(frozen=True, slots=True)
class Check:
    """One check.

    Attributes:
        name: What has to hold, as an identifier; unique within its group.
        group: What it is about.
        rule: The rule that a failure breaks, and where it is written.
        trap: Where authors usually go wrong.
        since: The suite that introduced it.
        function: Runs it: async functions on an event loop, others outside of any.
    """

    name: str
    group: str
    rule: str
    trap: str
    since: str
    function: AsyncCheck | SyncCheck

    @property
    def id(self) -> str:
        """The name with its group, as tests and reports show it."""
        return f"{self.group}: {self.name}"

    @property
    def is_async(self) -> bool:
        """Whether it runs on an event loop."""
        return inspect.iscoroutinefunction(self.function)


@dataclass(frozen=True, slots=True)
class Group:
    """Makes checks of one group: `check = Group("streaming")`, then `@check(rule=..., trap=...)` above a function."""

    name: str

    def __call__(self, *, rule: str, trap: str, since: str = "1") -> Callable[[AsyncCheck | SyncCheck], Check]:
        """A decorator that makes a check of a function, named as it is."""

        def make(function: AsyncCheck | SyncCheck) -> Check:
            name = cast("str", getattr(function, "__name__", ""))
            return Check(name.replace("_", " "), self.name, rule, trap, since, function)

        return make


def checks_of(suite: str = SUITE) -> Sequence[Check]:
    """The checks of a suite, group by group.

    Raises:
        ValueError: There is no such suite.
    """
    if not suite.isdecimal() or not 1 <= int(suite) <= int(SUITE):
        raise ValueError(f"there is no suite {suite!r}: the newest is {SUITE!r}")
    from .checks import MODULES

    return [one for module in MODULES for one in _checks_in(module) if int(one.since) <= int(suite)]


def _checks_in(module: ModuleType) -> list[Check]:
    return [value for value in vars(module).values() if isinstance(value, Check)]
