"""A wake-up call across threads and event loops."""

import socket
from types import TracebackType
from typing import Self

import anyio


class Bell:
    """Rung once from any thread, heard by one task in any event loop, asyncio's or trio's.

    A pair of sockets needs nothing but anyio: every loop can wait for one, and to ring it waits for nobody
    (`anyio.from_thread` blocks its caller until the other loop has answered). `anyassistant.host_task.Waker` does
    without sockets, by each loop's own call; but that is the core's own module, which a provider may not import, and
    only there may asyncio or trio be named.
    """

    def __init__(self) -> None:
        self._listener, self._ringer = socket.socketpair()
        self._listener.setblocking(False)

    def ring(self) -> None:
        """Wakes the one who waits; ringing a bell that nobody listens to any more does nothing."""
        try:
            self._ringer.send(b"!")
        except OSError:  # closed by a listener who left at this moment
            return

    async def wait(self) -> None:
        """Returns when the bell has been rung, at once if it was rung before."""
        await anyio.wait_readable(self._listener)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        self._listener.close()
        self._ringer.close()
