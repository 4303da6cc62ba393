"""What starting costs: imports, and whole processes up to the end of a first run."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from chat_double import model_name, running_double
from measuring import Comparison, compare_processes

HERE = Path(__file__).parent


def imports(rounds: int) -> Iterator[tuple[str, Comparison]]:
    """Whole interpreters, less what an empty one costs, would be noise over noise: they are compared as they are."""
    pairs = {
        "import": ("import pydantic", "import anyassistant"),
        "import_client": ("import httpx, anyio, pluggy, pydantic", "from anyassistant import AsyncClient"),
    }
    for key, (floor, ours) in pairs.items():
        yield key, compare_processes(["-c", floor], ["-c", ours], rounds=rounds)


def first_run(rounds: int) -> Iterator[tuple[str, Comparison]]:
    """One streamed answer of 20 deltas, without tools."""
    with running_double() as url, tempfile.TemporaryDirectory() as folder:
        model = model_name(deltas=20)
        floor = [str(HERE / "process_floor.py"), url, model]
        ours = [str(HERE / "process_ours.py"), url, model]
        yield "first_run_memory", compare_processes(floor, [*ours, ":memory:"], rounds=rounds)
        yield "first_run_sqlite", compare_processes(floor, [*ours, str(Path(folder, "kept.db"))], rounds=rounds)
