"""A run at the provider, for the handle that an app holds: begun when it is first needed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, replace

import anyio
from anyassistant_tools import Tool

from .. import protocols
from ..errors import InvalidRequest
from ..protocols import RunParams, ThreadParams, ToolExecutor
from ..types import Message, PageQuery, RunRecord
from .once import Once
from .paginator import AsyncPaginator
from .requests import page_query
from .session import Session, SessionGetter

FIRST_PAUSE = 0.25
LONGEST_PAUSE = 3.0
"""Seconds between looks at a run that waits for others to approve or answer its calls: each comes later, up to this."""


@dataclass(frozen=True, slots=True)
class Beginning:
    """A run that has not begun: where, how, and with which callables.

    Attributes:
        thread: The thread, or the one that is made with the run.
        late: Completes parameters and callables, where a toolset has to be opened first.
    """

    thread: protocols.Thread | ThreadParams
    params: RunParams
    bound: Mapping[str, Tool]
    deps: object = None
    late: Callable[[Session], Awaitable[tuple[RunParams, Mapping[str, Tool]]]] | None = None


class BackendRun:
    """The run of one handle.

    Args:
        session: Of the client.
        beginning: How it begins.
        made: It, where it has begun.
        stays: Whether the handle waits on where the run rests for others.
    """

    def __init__(
        self,
        session: SessionGetter,
        *,
        beginning: Beginning | None = None,
        made: protocols.Run | None = None,
        stays: bool = False,
    ) -> None:
        self.session = session
        self._beginning = beginning
        self._once = Once(self._begin, made=made)
        self._stays = stays
        self._executor: ToolExecutor | None = None
        self._made_with: protocols.Thread | None = None

    def existing(self) -> protocols.Run:
        """The run.

        Raises:
            InvalidRequest: It has not begun.
        """
        if self._once.made is None:
            raise InvalidRequest(
                "The run has not begun: iterate it, or begin it with `start()`.", param="run", code="run_not_started"
            )
        return self._once.made

    async def begun(self, *, drive: bool = True) -> protocols.Run:
        """The run, which begins if it has not.

        Args:
            drive: Whether it is driven here, if it begins now.
        """
        if self._once.made is None:
            # In a task of the client: who waits may be cancelled, and the handle knows its run all the same.
            await (await self.session()).complete(lambda: self._once.get(drive))
        return self.existing()

    async def goes_on(self, *, after: int) -> bool:
        """Whether there is more to come of a run whose events ended: it rested, and was answered meanwhile.

        Where it rests and that is to be waited for, it is; else the run has the record of how it ended or rests.

        Args:
            after: The number of the last event that was heard. A run that was answered may rest again by now.
        """
        pause = FIRST_PAUSE
        while (record := await self.existing().refresh()).status == "requires_action":
            if await self._has_event(after):
                return True
            if not self._stays:
                return False
            if self._is_mine_alone(record):
                await self.take_over()
            await anyio.sleep(pause)
            pause = min(pause * 1.5, LONGEST_PAUSE)
        if record.is_open:
            await self.take_over()
        return record.is_open

    async def _has_event(self, after: int) -> bool:
        async with aclosing(self.existing().events(after=after)) as events:
            async for _ in events:
                return True
        return False

    async def take_over(self) -> bool:
        """Drive a run on that nobody drives, where others were waited for. Whether that was wanted."""
        if not self._stays or self._executor is None:
            return False
        record = self.existing().record
        self._once.made = await (await self.thread()).get_run(record.id, executor=self._executor)
        return True

    def _is_mine_alone(self, record: RunRecord) -> bool:
        """Whether a resting run waits for nothing but what is bound here: others are not to find it gone."""
        names = self._executor.names if self._executor is not None else frozenset[str]()
        return all(call.waits_for == "output" and call.name in names for call in record.pending_calls)

    async def thread(self) -> protocols.Thread:
        """The thread of a run that has begun."""
        if self._made_with is not None:
            return self._made_with
        if self._beginning is not None and not isinstance(self._beginning.thread, ThreadParams):
            return self._beginning.thread
        return await (await self.session()).provider.get_thread(self.existing().record.thread_id)

    def messages(self) -> AsyncPaginator[Message]:
        """The messages that the run wrote, in order."""

        async def fetch(query: PageQuery) -> protocols.Page[Message]:
            return await (await self.thread()).list_messages(replace(query, run_id=self.existing().record.id))

        return AsyncPaginator(fetch, page_query(order="asc"), lambda message: message.id)

    async def _begin(self, drive: bool) -> protocols.Run:
        beginning = self._beginning
        assert beginning is not None  # a run has either a beginning or is made
        session = await self.session()
        params, bound = beginning.params, beginning.bound
        if beginning.late is not None:
            params, bound = await beginning.late(session)
        if drive:
            self._executor = await session.executor(bound, beginning.deps)
        if isinstance(beginning.thread, ThreadParams):
            self._made_with, run = await session.provider.create_thread_and_run(
                beginning.thread, params, executor=self._executor, follow=True
            )
            return run
        return await beginning.thread.create_run(params, executor=self._executor, follow=True)
