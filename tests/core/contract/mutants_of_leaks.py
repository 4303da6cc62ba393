"""Models that leave something behind, and those that tell their key."""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
import time
from typing import IO, ClassVar

import anyio
from anyassistant.errors import ProviderError
from anyassistant.protocols import ModelDelta, ModelRequest
from mutant import Deltas, made
from reference_model import KEY, Reference


class ClosesOnce(Reference):
    """A closed client is closed again."""

    is_closed = False

    async def aclose(self) -> None:
        if self.is_closed:
            raise RuntimeError("it is closed already")
        self.is_closed = True


class ClosesUsed(Reference):
    """What is closed was made by the first request."""

    connection: object

    def asked(self, request: ModelRequest) -> ModelRequest:
        self.connection = object()
        return request

    async def aclose(self) -> None:
        del self.connection


class ClosesSlowly(Reference):
    """Background work is waited for."""

    async def aclose(self) -> None:
        with anyio.CancelScope(shield=True):
            await anyio.sleep(0.6)


class LeaksATask(Reference):
    """A heartbeat goes on for ever."""

    tasks: ClassVar[set[asyncio.Task[None]]] = set()

    def asked(self, request: ModelRequest) -> ModelRequest:
        self.tasks.add(asyncio.create_task(asyncio.sleep(3)))
        return request


class OpensFiles(Reference):
    """Each request opens a file and keeps it."""

    files: ClassVar[list[IO[bytes]]] = []

    def asked(self, request: ModelRequest) -> ModelRequest:
        self.files.append(open("/dev/null", "rb"))  # noqa: SIM115 - the point
        return request


class LeavesToTheCollector(Reference):
    """A socket is dropped."""

    def asked(self, request: ModelRequest) -> ModelRequest:
        socket.socket()
        return request


class KeepsAThread(Reference):
    """A thread that is no daemon."""

    def asked(self, request: ModelRequest) -> ModelRequest:
        threading.Thread(target=time.sleep, args=(1.0,), daemon=False).start()
        return request


class LogsTheKey(Reference):
    """Headers are logged."""

    def asked(self, request: ModelRequest) -> ModelRequest:
        logging.getLogger("stranger").debug("POST /chat authorization: Bearer %s", self.key)
        return request


class ShowsTheKey(Reference):
    """The repr has all fields."""

    def __repr__(self) -> str:
        return f"Reference(key={self.key!r})"


class SaysTheKey(Reference):
    """The reasoning of a turn has the request in it."""

    async def said(self, request: ModelRequest, deltas: Deltas) -> Deltas:
        yield ModelDelta(reasoning=f"I was asked with {self.key}.")
        async for delta in deltas:
            yield delta


class FailsWithTheKey(Reference):
    """The body of an error repeats the key."""

    async def said(self, request: ModelRequest, deltas: Deltas) -> Deltas:
        try:
            async for delta in deltas:
                yield delta
        except ProviderError as error:
            raise ProviderError(f"Incorrect API key provided: {KEY}.", code=error.code) from None


class FailsAboveTheKey(Reference):
    """The cause of an error has the key."""

    async def said(self, request: ModelRequest, deltas: Deltas) -> Deltas:
        try:
            async for delta in deltas:
                yield delta
        except ProviderError as error:
            raise ProviderError("The key is not valid.", code=error.code) from ValueError(self.key)


MUTANTS = [
    made("resource clean-up: closing twice does no harm", ClosesOnce),
    made("resource clean-up: closing unused does no harm", ClosesUsed),
    made("resource clean-up: closing is prompt", ClosesSlowly),
    made("resource clean-up: no task is left", LeaksATask),
    made("resource clean-up: a stream that is left leaves no task", LeaksATask),
    made("resource clean-up: no connection or file is left", OpensFiles),
    made("resource clean-up: nothing is left to the garbage collector", LeavesToTheCollector),
    made("resource clean-up: no thread holds up the exit", KeepsAThread),
    made("secrets: a provider does not show them", ShowsTheKey),
    made("secrets: an error does not show them", FailsWithTheKey),
    made("secrets: an error does not show them", FailsAboveTheKey),
    made("secrets: events and records do not show them", SaysTheKey),
    made("secrets: logs do not show them", LogsTheKey),
]
