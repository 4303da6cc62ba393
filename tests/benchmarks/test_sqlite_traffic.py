"""How much goes to SQLite, without a clock: statements and transactions, whatever they cost on this disk."""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from anyassistant import AsyncAssistant, AsyncClient
from anyassistant.store.sql.connection import Connection
from echo_rounds import count_down, question
from sqlalchemy.sql import ClauseElement


@pytest.fixture
def executed(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often what was executed; `statement` for all that is not about transactions."""
    counts: Counter[str] = Counter()
    run, execute = Connection.run, Connection.execute

    def counted_run(self: Connection, statement: ClauseElement, **values: object) -> int:
        counts["statement"] += 1
        return run(self, statement, **values)

    def counted_execute(self: Connection, text: str) -> None:
        counts[text] += 1
        execute(self, text)

    monkeypatch.setattr(Connection, "run", counted_run)
    monkeypatch.setattr(Connection, "execute", counted_execute)
    return counts


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[tuple[AsyncClient, AsyncAssistant]]:
    async with AsyncClient("echo", store=str(folder / "kept.db")) as client:
        yield client, await client.assistants.create(tools=[count_down])


async def test_a_message_takes_as_many_statements_on_a_long_thread(executed: Counter[str], tmp_path: Path) -> None:
    async with opened(tmp_path) as (client, _):
        taken: list[int] = []
        for length in (10, 1_000):
            thread = await client.threads.create(messages=["Hello"] * length)
            executed.clear()
            await thread.add("And then?")
            taken.append(executed["statement"])
    assert taken[0] == taken[1] < 8


async def test_a_further_round_is_a_handful_of_transactions(executed: Counter[str], tmp_path: Path) -> None:
    """Two are waited for; a change that comes while nothing is written does not wait for its neighbours."""
    async with opened(tmp_path) as (client, assistant):
        taken: list[int] = []
        for rounds in (2, 10):
            thread = await client.threads.create()
            await thread.add(question(rounds))
            executed.clear()
            await thread.run(assistant).wait()
            taken.append(executed["COMMIT"])
    assert 2 * 8 <= taken[1] - taken[0] <= 5 * 8


async def test_deltas_are_committed_in_spans(executed: Counter[str], tmp_path: Path) -> None:
    async with opened(tmp_path) as (client, assistant):
        thread = await client.threads.create()
        await thread.add("TOKENS 5000")
        executed.clear()
        assert (await thread.run(assistant).wait()).status == "completed"
    assert executed["COMMIT"] < 500
