"""What came of the checks: versioned JSON for programs, a table for a README."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Literal, TypeAlias

SCHEMA = "anyassistant.contract.report/1"

Outcome: TypeAlias = Literal["passed", "failed", "not_applicable"]


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one check.

    Attributes:
        reason: What was expected and what came, or why the check does not apply; empty where it passed.
        seconds: How long it took.
        rule: The rule that a failure breaks.
        trap: Where authors usually go wrong.
        since: The suite that introduced the check.
    """

    name: str
    group: str
    result: Outcome
    reason: str
    seconds: float
    rule: str
    trap: str
    since: str

    def __str__(self) -> str:
        """All that an author needs to know."""
        if self.result != "failed":
            return f"{self.group}: {self.name}: {self.result}{f', {self.reason}' if self.reason else ''}"
        return f"{self.group}: {self.name}\n{self.reason}\nrule: {self.rule}\noften: {self.trap}"


@dataclass(frozen=True, slots=True)
class Count:
    """How many checks of a group ended in which way."""

    group: str
    passed: int
    failed: int
    not_applicable: int

    @property
    def checks(self) -> int:
        return self.passed + self.failed + self.not_applicable


@dataclass(frozen=True, slots=True)
class Report:
    """What came of a suite.

    Attributes:
        provider: Its name.
        suite: The suite that was run.
        results: One for each check, in the order of the suite.
    """

    provider: str
    suite: str
    results: Sequence[Result]

    @property
    def failures(self) -> Sequence[Result]:
        """The checks that failed; none where the provider holds to the contract."""
        return [one for one in self.results if one.result == "failed"]

    @property
    def counts(self) -> Sequence[Count]:
        """The results by group."""
        groups = dict.fromkeys(one.group for one in self.results)
        return [_count(group, [one for one in self.results if one.group == group]) for group in groups]

    def to_json(self) -> str:
        """The report as JSON: `schema`, `suite`, `provider`, `counts`, and `results` with a row for each check."""
        from pydantic_core import to_json

        total = _count("all", self.results)
        counts = {"passed": total.passed, "failed": total.failed, "not_applicable": total.not_applicable}
        rows = [asdict(one) | {"seconds": round(one.seconds, 4)} for one in self.results]
        wire = {
            "schema": SCHEMA, "suite": self.suite, "provider": self.provider, "counts": counts, "results": rows,
        }  # fmt: skip
        return to_json(wire, indent=2).decode()

    def to_markdown(self) -> str:
        """A table with a row for each group, and below it why checks do not apply and what failed."""
        lines = [
            f"Contract suite {self.suite}, provider `{self.provider}`.",
            "",
            "| group | passed | failed | not applicable |",
            "|---|---|---|---|",
            *(_row(one) for one in [*self.counts, _count("**all**", self.results)]),
        ]
        for outcome, heading in (("failed", "Failed"), ("not_applicable", "Not applicable")):
            told = [f"- {one.group}: {one.name}: {_flat(one.reason)}" for one in self.results if one.result == outcome]
            lines += ["", f"{heading}:", "", *told] if told else []
        return "\n".join(lines) + "\n"


def _count(group: str, results: Sequence[Result]) -> Count:
    outcomes = [one.result for one in results]
    return Count(group, outcomes.count("passed"), outcomes.count("failed"), outcomes.count("not_applicable"))


def _row(count: Count) -> str:
    return f"| {count.group} | {count.passed} | {count.failed} | {count.not_applicable} |"


def _flat(text: str) -> str:
    return " ".join(text.split())
