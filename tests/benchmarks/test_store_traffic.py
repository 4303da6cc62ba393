"""How often a run goes to its store: the budgets of DESIGN sections 4 and 7, without a clock."""

from collections import Counter
from functools import wraps
from typing import Any

import pytest
from anyassistant import AsyncClient
from anyassistant.store.memory import MemoryStore
from echo_rounds import count_down, question

NOTHING_TO_WAIT_FOR = {"post", "pending", "recent_events", "watch_events", "watch_control"}


class CountedStore(MemoryStore):
    """Counts the transactions, and what is waited for."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: Counter[str] = Counter()

    def __getattribute__(self, name: str) -> Any:
        found = super().__getattribute__(name)
        if name.startswith("_") or not callable(found) or name in NOTHING_TO_WAIT_FOR:
            return found

        @wraps(found)
        def counted(*args: Any, **kwargs: Any) -> Any:
            self.calls[name] += 1
            return found(*args, **kwargs)

        return counted


async def calls_of_a_run(rounds: int, *, before: int = 0) -> Counter[str]:
    """What a run of so many rounds asks of the store, on a thread with so many messages before it."""
    store = CountedStore()
    async with AsyncClient("echo", store=store) as client:
        assistant = await client.assistants.create(tools=[count_down])
        thread = await client.threads.create(messages=["Hello"] * before)
        await thread.add(question(rounds))
        store.calls.clear()
        record = await thread.run(assistant).wait()
        assert record.status == "completed"
        return Counter(store.calls)


@pytest.mark.parametrize("rounds", [1, 3])
async def test_a_further_round_is_two_transactions_and_reads_nothing(rounds: int) -> None:
    assert await calls_of_a_run(rounds + 1) - await calls_of_a_run(rounds) == {"flush": 2}


async def test_history_is_read_once_a_run() -> None:
    assert (await calls_of_a_run(5))["read_history"] == 1


async def test_a_bounded_history_is_read_as_far_as_it_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    from anyassistant.echo import Echo
    from anyassistant.protocols import Capabilities

    monkeypatch.setattr(Echo, "capabilities", Capabilities(tools=True, context_tokens=200))
    assert (await calls_of_a_run(1, before=5_000))["read_history"] < 5


async def test_a_delta_is_no_transaction() -> None:
    async def transactions(words: int) -> int:
        store = CountedStore()
        async with AsyncClient("echo", store=store) as client:
            assistant = await client.assistants.create()
            thread = await client.threads.create()
            await thread.add(f"TOKENS {words}")
            store.calls.clear()
            assert len((await thread.run(assistant).result()).text.split()) == words
            return store.calls.total()

    assert await transactions(2_000) - await transactions(2) < 5
