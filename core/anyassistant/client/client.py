"""`AsyncClient`: where everything is put together."""

from __future__ import annotations

from functools import partial
from os import PathLike
from types import TracebackType
from typing import Self

import anyio

from ..errors import ConfigError, InvalidRequest
from ..hosting import Store
from ..protocols import ChatModel, Provider
from .assistants import AsyncAssistants
from .files import AsyncFiles
from .handle import Handle
from .once import Once
from .runs import AsyncRuns
from .session import Session, open_session
from .threads import AsyncThreads
from .vector_stores import AsyncVectorStores


class AsyncClient(Handle):
    """The way to assistants, threads and runs, from asyncio or trio.

    Use it as `async with AsyncClient(...) as client`. Leaving it parks the runs that it drives: they stop after what is
    committed, and `thread.resume()` goes on with them later.

    Args:
        target: `NAME` or `NAME:MODEL` of a profile in `anyassistant.toml` or of a provider, or a ChatModel
            or a Provider.
            Without it `ANYASSISTANT_PROFILE`, then the file's default, then `local`.
        store: `":memory:"`, an SQLite path or URL, or a Store. Without it a database in the user's data folder.
        config: The config file, instead of the nearest `anyassistant.toml`.
        lease: Seconds after which a process that drives a run and says nothing counts as gone.

    Raises:
        ConfigError: On entering: the target or the configuration cannot be used.
        StoreError: On entering: the store cannot be opened.
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
        if not (isinstance(lease, int | float) and lease > 0):
            raise ConfigError(f"`lease` must be seconds above 0, not {lease!r}.")
        self._session = Once(partial(open_session, target, store=store, config=config, lease=lease))
        self._is_closed = False

    @property
    def assistants(self) -> AsyncAssistants:
        """Make, get, list, change and delete assistants."""
        return AsyncAssistants(self._open)

    @property
    def threads(self) -> AsyncThreads:
        """Make, get, list, change and delete threads."""
        return AsyncThreads(self._open)

    @property
    def runs(self) -> AsyncRuns:
        """Get and list the runs of all threads."""
        return AsyncRuns(self._open)

    @property
    def files(self) -> AsyncFiles:
        """Put files at the provider's service, get, list and delete them, where it keeps any."""
        return AsyncFiles(self._open)

    @property
    def vector_stores(self) -> AsyncVectorStores:
        """Make, fill, get, list and delete vector stores, where the provider's service has any."""
        return AsyncVectorStores(self._open)

    async def aclose(self) -> None:
        """Park the runs that are driven here, and give everything back. `async with` opens the client again."""
        session = self._leave()
        if session is not None:
            with anyio.CancelScope(shield=True):  # each part of it is bounded
                await session.aclose()

    def _leave(self) -> Session | None:
        """What there is to close; only `async with` opens the client again."""
        self._is_closed = True
        return self._session.take()

    async def __aenter__(self) -> Self:
        self._is_closed = False
        await self._open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        await self.aclose()

    async def _open(self) -> Session:
        if self._is_closed:
            raise InvalidRequest(
                "The client is closed: use it inside its `with`, or open another.", param="client", code="client_closed"
            )
        return await self._session.get()
