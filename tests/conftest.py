"""The run of the providers' contracts writes `docs/contract-results.md`, once each has a whole report.

It is done by pytest's own process behind all workers, which reads this file alone and none in the folders below.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
REPORTS = ROOT / ".contract"
PAGE = ROOT / "docs" / "contract-results.md"
PROVIDERS = ("echo", "local", "openai-assistants")

Row = Mapping[str, Any]


@pytest.hookimpl(trylast=True)  # behind the reports
def pytest_sessionfinish(session: pytest.Session) -> None:
    if hasattr(session.config, "workerinput"):
        return
    files = [REPORTS / f"{name}.json" for name in PROVIDERS]
    if not all(file.exists() for file in files):
        return
    reports = {name: json.loads(file.read_text("utf-8")) for name, file in zip(PROVIDERS, files, strict=True)}
    page = write_page({name: report["results"] for name, report in reports.items()})
    if not PAGE.exists() or PAGE.read_text("utf-8") != page:
        PAGE.write_text(page, "utf-8")


def write_page(results: Mapping[str, Sequence[Row]]) -> str:
    first, *_ = results.values()
    groups = dict.fromkeys(row["group"] for row in first)
    lines = [
        "# Contract results",
        "",
        "How many checks of suite 1 each provider of ours passes, group by group. Those that do not apply are counted",
        "apart, with their reasons below; what the groups are about is in [The contract](contract.md). This page is",
        "written by `uv run pytest tests/providers`.",
        "",
        "| group | checks | " + " | ".join(f"`{name}` passed | not applicable" for name in results) + " |",
        "|---|---|" + "---|---|" * len(results),
        *(_row(group, [of_group(rows, group) for rows in results.values()]) for group in groups),
        _row("**all**", list(results.values())),
    ]
    for name, rows in results.items():
        reasons = Counter(row["reason"] for row in rows if row["result"] == "not_applicable")
        lines += ["", f"Not applicable to `{name}`:", ""]
        lines += [f"- {count}: {reason}" for reason, count in reasons.most_common()]
    return "\n".join(lines) + "\n"


def of_group(rows: Sequence[Row], group: str) -> Sequence[Row]:
    return [row for row in rows if row["group"] == group]


def _row(group: str, columns: Sequence[Sequence[Row]]) -> str:
    return f"| {group} | {len(columns[0])} | {' | '.join(map(_cell, columns))} |"


def _cell(rows: Sequence[Row]) -> str:
    counts = Counter(row["result"] for row in rows)
    failed = f", **{counts['failed']} failed**" if counts["failed"] else ""
    return f"{counts['passed']}{failed} | {counts['not_applicable']}"
