"""Measure one group in this process: `measure.py GROUP ROUNDS` prints a JSON object of comparisons by key."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import anyio
from budgets import GROUPS
from measuring import Comparison


def measure(group: str, rounds: int) -> dict[str, Comparison]:
    """Measure a group in a process of its own, in which nothing else leaves its memory or its threads."""
    command = [sys.executable, str(Path(__file__)), group, str(rounds)]
    output = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True).stdout
    return {key: Comparison(**values) for key, values in json.loads(output).items()}


async def main(group: str, rounds: int) -> dict[str, Comparison]:
    results = GROUPS[group].case(rounds)
    if isinstance(results, AsyncIterator):
        return {key: comparison async for key, comparison in results}
    return dict(results)


if __name__ == "__main__":
    found = anyio.run(main, sys.argv[1], int(sys.argv[2]))
    print(json.dumps({key: comparison.to_dict() for key, comparison in found.items()}))
