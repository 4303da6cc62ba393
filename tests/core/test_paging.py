"""Lists: pages of 20, cursors in both orders, iterated without thinking of pages."""

from __future__ import annotations

import pytest
from anyassistant import AsyncClient
from anyassistant.errors import NotFound
from anyassistant.store.shelf import Shelf
from anyassistant.types import PageQuery
from hypothesis import given
from hypothesis import strategies as st


async def test_the_newest_come_first_across_pages(client: AsyncClient) -> None:
    assistants = [(await client.assistants.create(name=f"{n}")).id for n in range(45)]
    threads = [(await client.threads.create()).id for _ in range(45)]
    assert [one.id async for one in client.assistants.list()] == assistants[::-1]
    assert [one.id async for one in client.threads.list()] == threads[::-1]


async def test_a_page_has_twenty_and_tells_whether_there_are_more(client: AsyncClient) -> None:
    for _ in range(20):
        await client.threads.create()
    page = await client.threads.list().page()
    assert (len(page.data), page.has_more) == (20, False)
    await client.threads.create()
    page = await client.threads.list().page()
    assert (len(page.data), page.has_more) == (20, True)


async def test_messages_page_in_both_orders(client: AsyncClient) -> None:
    thread = await client.threads.create(messages=[f"{n}" for n in range(50)])
    for order, expected in (("asc", list(range(50))), ("desc", list(range(49, -1, -1)))):
        for limit in (1, 7, 20, 50, 100):
            listed = [int(one.text) async for one in thread.messages(order=order, limit=limit)]  # type: ignore[arg-type]
            assert listed == expected
        page = await thread.messages(order=order, limit=7).page()  # type: ignore[arg-type]
        rest = [int(one.text) async for one in thread.messages(order=order, after=page.data[-1].id)]  # type: ignore[arg-type]
        assert rest == expected[7:]


async def test_runs_and_steps_page_too(client: AsyncClient) -> None:
    calls = "\nTHEN\n".join(["CALL now {}"] * 25)
    assistant = await client.assistants.create(tools=[now])
    thread = await client.threads.create(messages=[calls])
    from anyassistant.types import Limits

    run = thread.run(assistant, limits=Limits(repeated_calls=100))
    result = await run.result()
    assert len(result.steps) == 26
    assert [step.id async for step in run.steps()] == [step.id for step in result.steps]
    ids = [run.id]
    for n in range(22):
        ids.append((await (await client.threads.create(messages=[f"{n}"])).run(assistant).result()).run.id)
    assert [one.id async for one in client.runs.list()] == ids[::-1]


def now() -> str:
    """The time."""
    return "noon"


@pytest.mark.parametrize("limit", [0, 101, -1, "5", 2.0, None, True])
async def test_a_limit_is_from_1_to_100(client: AsyncClient, refused, limit) -> None:
    thread = await client.threads.create()
    with refused("limit"):
        thread.messages(limit=limit)


@pytest.mark.parametrize("order", ["ascending", "", None])
async def test_an_order_is_asc_or_desc(client: AsyncClient, refused, order) -> None:
    thread = await client.threads.create()
    with refused("order"):
        thread.messages(order=order)


async def test_an_unknown_cursor_is_refused(client: AsyncClient) -> None:
    thread = await client.threads.create(messages=["hi"])
    with pytest.raises(NotFound) as caught:
        await thread.messages(after="msg_none").page()
    assert caught.value.param == "after"


async def test_a_list_may_be_deleted_while_it_is_iterated(client: AsyncClient) -> None:
    for n in range(45):
        await client.assistants.create(name=f"{n}")
    async for assistant in client.assistants.list():
        await assistant.delete()
    assert [one async for one in client.assistants.list()] == []


async def test_one_list_can_be_iterated_again_and_left_early(client: AsyncClient) -> None:
    for _ in range(25):
        await client.threads.create()
    threads = client.threads.list()
    async for _ in threads:
        break
    assert len([one async for one in threads]) == 25
    assert len([one async for one in threads]) == 25


async def test_a_list_reads_one_page_at_a_time(client: AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    from anyassistant.store.memory import MemoryStore

    for _ in range(60):
        await client.threads.create()
    asked: list[PageQuery] = []
    original = MemoryStore.list_threads

    async def count(self: MemoryStore, query: PageQuery, /):
        asked.append(query)
        return await original(self, query)

    monkeypatch.setattr(MemoryStore, "list_threads", count)
    listing = aiter(client.threads.list())
    for _ in range(19):
        await anext(listing)
    assert len(asked) == 1
    assert len([one async for one in listing]) == 41
    assert len(asked) == 3


@given(
    keys=st.lists(st.integers(0, 30), unique=True, max_size=20),
    removed=st.sets(st.integers(0, 30)),
    order=st.sampled_from(["asc", "desc"]),
    limit=st.integers(1, 7),
    wanted=st.sets(st.integers(0, 30)),
)
def test_pages_joined_are_the_list(keys, removed, order, limit, wanted) -> None:
    shelf: Shelf[int] = Shelf("thing")
    for key in keys:
        shelf.add(str(key), key)
    for key in removed:
        shelf.remove(str(key))
    listed: list[int] = []
    after = None
    while True:
        page = shelf.page(PageQuery(limit=limit, order=order, after=after), lambda one: one in wanted)
        assert len(page.data) <= limit
        assert not page.has_more or len(page.data) == limit
        listed += page.data
        if not page.has_more:
            break
        after = str(page.data[-1])
    expected = [key for key in keys if key in wanted and key not in removed]
    assert listed == (expected if order == "asc" else expected[::-1])
    if len(expected) >= 2:  # before: what precedes an item in the order asked for
        ordered = expected if order == "asc" else expected[::-1]
        page = shelf.page(PageQuery(limit=100, order=order, before=str(ordered[-1])), lambda one: one in wanted)
        assert page.data == ordered[:-1]
