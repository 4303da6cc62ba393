"""`Client`: the blocking way to assistants, threads and runs."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from os import PathLike
from types import TracebackType
from typing import Self

from ..client import AsyncClient, AsyncRun, AsyncRuns
from ..client.handle import Handle
from ..hosting import Store
from ..protocols import ChatModel, Provider
from ..types import RunStatus
from .assistants import Assistants
from .files import Files, VectorStores
from .paginator import Paginator
from .portal import Portal
from .run import Run
from .threads import Threads


class Client(Handle):
    """`AsyncClient`, blocking. It works inside a running event loop too, such as in a notebook.

    Use it as `with Client(...) as client`, or without `with`: a process may end without closing it, and what it drove
    can be resumed at once.

    Args:
        target: As of `AsyncClient`; so are the others.
    """

    def __init__(
        self,
        target: str | Provider | ChatModel | None = None,
        /,
        *,
        store: str | Store | None = None,
        config: str | PathLike[str] | None = None,
        lease: float = 30.0,
    ) -> None:
        self._inner = AsyncClient(target, store=store, config=config, lease=lease)
        self._portal = Portal()

    @property
    def assistants(self) -> Assistants:
        """Make, get, list, change and delete assistants."""
        return Assistants(self._portal, self._inner.assistants)

    @property
    def threads(self) -> Threads:
        """Make, get, list, change and delete threads."""
        return Threads(self._portal, self._inner.threads)

    @property
    def runs(self) -> Runs:
        """Get and list the runs of all threads."""
        return Runs(self._portal, self._inner.runs)

    @property
    def files(self) -> Files:
        """Put files at the provider's service, get, list and delete them, where it keeps any."""
        return Files(self._portal, self._inner.files)

    @property
    def vector_stores(self) -> VectorStores:
        """Make, fill, get, list and delete vector stores, where the provider's service has any."""
        return VectorStores(self._portal, self._inner.vector_stores)

    def close(self) -> None:
        """Park the runs that are driven here, and give everything back. `with` opens the client again."""
        try:
            if self._portal.is_running:
                self._portal.call(self._inner.aclose)
            else:
                self._inner._leave()
        finally:
            self._portal.close()

    def __enter__(self) -> Self:
        try:
            self._portal.call(self._inner.__aenter__)
        except BaseException:
            self._portal.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        self.close()


class Runs(Handle):
    """`client.runs`."""

    def __init__(self, portal: Portal, inner: AsyncRuns) -> None:
        self._portal = portal
        self._inner = inner

    def get(self, run_id: str, /) -> Run[str]:
        """A run by id, to follow or to cancel it."""
        return self._wrap(self._portal.call(partial(self._inner.get, run_id)))

    def list(
        self,
        *,
        status: RunStatus | None = None,
        thread_id: str | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> Paginator[Run[str]]:
        """All runs, the newest first."""
        inner = self._inner.list(status=status, thread_id=thread_id, metadata=metadata)
        return Paginator(self._portal, inner, self._wrap)

    def _wrap(self, inner: AsyncRun[str]) -> Run[str]:
        return Run(self._portal, inner)
