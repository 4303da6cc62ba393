"""Measure everything, and write docs/benchmarks.md: `uv run python tests/benchmarks/report.py [GROUP ...]`.

With groups named, only these are measured and printed.
"""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from budgets import GROUPS, Budget
from measure import measure
from measuring import Comparison

PAGE = Path(__file__).parents[2] / "docs" / "benchmarks.md"
PACKAGES = ("anyassistant", "anyio", "httpx", "h11", "pydantic", "pydantic-core", "sqlalchemy", "pysqlite3")

HEAD = """# What anyassistant costs

Written by `uv run python tests/benchmarks/report.py`. `uv run pytest tests/benchmarks --benchmarks` holds the code
against the budgets in fewer rounds, and an ordinary `uv run pytest` checks, without a clock, what they rest on: what is
imported, and how often a run goes to its store.
"""

HOW = """## How it is measured

- All figures are CPU time of the client's process, user and system, over all its threads. The service is a double on
  the loopback interface in a process of its own.
- Imports and first runs are whole processes, from their start to their end.
- "The hand-written loop" is `tests/benchmarks/chat_floor.py`, or `assistants_floor.py` for the Assistants wire:
  `httpx.AsyncClient`, `json.loads` and `aiter_lines`, with no log, no status and no ledger. Both sides are measured in
  turn in one process. Each round gives one ratio; the table has the median of these, and the quartiles in brackets.
- The model is `tests/benchmarks/chat_wire.py`, the service that keeps assistants `openai-assistants`. Each server-sent
  event is an HTTP chunk of its own, as services send them; parsing these chunks (h11) is then more than half of the
  loop by hand. The streams come at full speed, so that one read has many chunks, which `anyassistant.http` joins
  ([decision 0021](decisions/0021-chunks-are-joined-before-they-are-parsed.md)); a delta that is waited for gains
  nothing by that.
- A run is a new thread, a message, and the run to its result. On the thread of 5,000 messages the model claims a
  context of 2,000 tokens, so that less than a hundred of them are sent, and the hand-written loop sends as many bytes.
- A process's first run has one streamed answer and no tools. In SQLite it opens a database that is there already;
  making a new one took as long.
- On the Assistants wire, the loop by hand takes the answer from the stream; `result()` reads the run's messages from
  the service, which is a request more.
- The 200 runs at once go over fifty httpx pools of four connections.
- Memory is the growth of the resident set by 200 more runs, each of which has said its first word. More than half of it
  is the connection (anyio, httpcore, h11); the rest is the run's log and records, its driver's task and its reader.
- SQLite files lie in the folder for temporary files; what the disk takes is not CPU time.
"""


def lines(results: dict[str, Comparison]) -> Iterator[str]:
    """The table's lines."""
    yield "| what | compared with | that | ours | ratio | at most | |"
    yield "|---|---|---:|---:|---:|---:|---|"
    for group in GROUPS.values():
        for key, budget in group.budgets.items():
            if key in results:
                yield _line(budget, results[key])


def _line(budget: Budget, found: Comparison) -> str:
    ratio = f"**{found.ratio:.2f}** ({found.low:.2f} to {found.high:.2f})"
    limit = "" if budget.limit is None else f"{budget.limit:g}"
    verdict = "" if budget.limit is None else "met" if found.ratio <= budget.limit else "**not met**"
    written = in_bytes if budget.is_memory else in_units
    cells = [budget.what, budget.floor, written(found.floor), written(found.ours), ratio, limit, verdict]
    return f"| {' | '.join(cells)} |"


def in_units(seconds: float) -> str:
    """A time as people read it."""
    return f"{seconds * 1e6:.1f} µs" if seconds < 1e-3 else f"{seconds * 1e3:.1f} ms"


def in_bytes(count: float) -> str:
    """Memory as people read it."""
    return f"{count / 1024:.0f} KiB"


def machine() -> str:
    """Where it was measured, and with what."""
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return (
        f"Measured on {datetime.now(UTC):%Y-%m-%d}: {_processor()}, {os.cpu_count()} cores, {platform.system()} "
        f"{platform.release()}, Python {platform.python_version()}; {packages}.\n"
    )


def _processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text("utf-8")
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in text.splitlines() if line.startswith("model name")]
    return names[0] if names else platform.machine()


def main(names: list[str]) -> None:
    results: dict[str, Comparison] = {}
    for name in names or GROUPS:
        print(f"measuring {name} ...", file=sys.stderr)
        results |= measure(name, GROUPS[name].rounds)
    table = "\n".join(lines(results))
    print(table)
    if not names:
        PAGE.write_text(f"{HEAD}\n{machine()}\n{table}\n\n{HOW}", "utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
