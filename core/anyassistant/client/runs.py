"""`client.runs`: runs of all threads."""

from __future__ import annotations

from collections.abc import Mapping

from ..types import Page, PageQuery, RunStatus
from .backend_run import BackendRun
from .formats import plain_format
from .handle import Handle
from .paginator import AsyncPaginator
from .requests import page_query
from .run import AsyncRun
from .session import SessionGetter


class AsyncRuns(Handle):
    """`client.runs`."""

    def __init__(self, session: SessionGetter) -> None:
        self._session = session

    async def get(self, run_id: str, /) -> AsyncRun[str]:
        """A run by id, to follow or to cancel it.

        Raises:
            NotFound: There is none.
        """
        backend = await (await self._session()).provider.get_run(run_id)
        return AsyncRun(BackendRun(self._session, made=backend), plain_format(None))

    def list(
        self,
        *,
        status: RunStatus | None = None,
        thread_id: str | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> AsyncPaginator[AsyncRun[str]]:
        """All runs, the newest first."""

        async def fetch(query: PageQuery) -> Page[AsyncRun[str]]:
            page = await (await self._session()).provider.list_runs(query, thread_id=thread_id)
            runs = [AsyncRun(BackendRun(self._session, made=one), plain_format(None)) for one in page.data]
            return Page(runs, page.has_more)

        return AsyncPaginator(fetch, page_query(status=status, metadata=metadata), lambda run: run.id)
