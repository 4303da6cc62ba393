"""Who holds the model: one thread that loads it, owns it and lets go of it."""

import atexit
import ctypes
import logging
import os
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from anyassistant.errors import ProviderError

from .bell import Bell
from .client import ClientEnd, LoopbackClient
from .llama import LlamaOptions, LlamaServer, start_llama_server

logger = logging.getLogger(__name__)

EXIT_SECONDS = 2.0
"""How long the end of the process waits for llama.cpp to notice that nobody listens any more."""

HANDLER_SECONDS = 1.5
"""How long llama.cpp's server may take to notice that a caller has gone: it looks once a second."""

_BLOCK_BYTES = 8_000_000


class ModelKeeper:
    """Holds one llama.cpp server.

    Its thread is a daemon and the only one with a reference to the server: a process that ends without `release`
    never waits in the server's destructor for a generation to end, and the event loop never waits for a load. (A
    worker thread of `anyassistant_tools` is lent for one call; this one keeps what it made.)

    Args:
        options: What the server is started with. Loading begins at once.
    """

    def __init__(self, options: LlamaOptions) -> None:
        self._options = options
        self._lock = threading.Lock()
        self._bells: list[Bell] = []
        self._client: LoopbackClient | None = None
        self._failure: ProviderError | None = None
        self._released = threading.Event()
        threading.Thread(target=self._keep, name="anyassistant-local", daemon=True).start()

    async def client(self) -> LoopbackClient:
        """Waits for the model to be loaded; may be cancelled, which leaves it loading for the others.

        Raises:
            ProviderError: It cannot be loaded (`model_not_loaded`), or has been released (`model_closed`).
        """
        with self._lock:
            if (client := self._loaded()) is not None:
                return client
            bell = Bell()
            self._bells.append(bell)
        with bell:
            try:
                await bell.wait()
            finally:
                with self._lock:
                    self._bells.remove(bell)
        with self._lock:
            client = self._loaded()
        assert client is not None
        return client

    def release(self) -> None:
        """Unloads the model, soon, in its own thread. Calls that are still open fail."""
        self._released.set()

    def _loaded(self) -> LoopbackClient | None:
        if self._failure is not None:
            raise ProviderError(str(self._failure), code=self._failure.code) from self._failure.__cause__
        return self._client

    def _keep(self) -> None:
        weights = self._options.weights
        try:
            server, client = self._load()
        except Exception as error:  # noqa: BLE001 - unannounced it would let everyone wait for ever
            message = f"The model {weights} cannot be loaded: {type(error).__name__}: {error}"
            failure = ProviderError(message, code="model_not_loaded")
            failure.__cause__ = error
            self._announce(None, failure)
            return
        owner = _Ownership(client)
        atexit.register(owner.end_with_process)
        self._announce(client, None)
        self._released.wait()
        self._announce(None, ProviderError("The embedded model has been closed.", code="model_closed"))
        with owner.teardown():
            del server
        atexit.unregister(owner.end_with_process)

    def _load(self) -> tuple[LlamaServer, LoopbackClient]:
        weights = self._options.weights
        atexit.register(_skip_destructors_of_child, os.getpid())
        started = time.perf_counter()
        logger.info("Loading %s (%d MB).", weights.name, weights.stat().st_size // 1_000_000)
        _read_ahead(weights)
        server = start_llama_server(self._options)
        client = LoopbackClient(server.listening_address, key=self._options.key)
        logger.info("Loaded %s in %.1f s.", weights.name, time.perf_counter() - started)
        return server, client

    def _announce(self, client: LoopbackClient | None, failure: ProviderError | None) -> None:
        with self._lock:
            self._client, self._failure = client, failure
            for bell in self._bells:
                bell.ring()


def _read_ahead(weights: Path) -> None:
    """Brings the file into the system's memory without holding the interpreter's lock, as llama.cpp's load would."""
    total, done, told = weights.stat().st_size, 0, time.monotonic()
    buffer = bytearray(_BLOCK_BYTES)
    with weights.open("rb", buffering=0) as file:
        while count := file.readinto(buffer):
            done += count
            if time.monotonic() - told > 1:
                told = time.monotonic()
                logger.info("Loading %s: %d %%.", weights.name, 100 * done // total)


class _Ownership:
    """The two ends of a server, each on its own thread, never both at once.

    llama.cpp computes in a thread of its own. While it does, the end of the process destroys its statics under its
    feet (a segmentation fault (tried)). And its destructor, which holds the interpreter's lock, waits for ever for a
    call whose caller waits for that lock (tried). So both ends first see to it that nobody calls and nothing computes.
    """

    def __init__(self, client: LoopbackClient) -> None:
        self._client = client
        self._process_id = os.getpid()
        self._lock = threading.Lock()
        self._is_destroyed = False

    def end_with_process(self) -> None:
        """Cancels what is being generated. It takes a moment, and never more than `EXIT_SECONDS`."""
        if os.getpid() != self._process_id:  # a forked child: the connections and the lock are its parent's
            return
        with self._lock:
            if self._is_destroyed:
                return
            self._is_destroyed = True  # from here on the system does that
            if not self._silence(ClientEnd.EXIT, seconds=EXIT_SECONDS):
                _skip_destructors()

    @contextmanager
    def teardown(self) -> Generator[None, None, None]:
        """Entered when the server may be destroyed; never returns where the process ends first."""
        while not self._silence(ClientEnd.CLOSED, seconds=EXIT_SECONDS):
            time.sleep(EXIT_SECONDS)
        time.sleep(HANDLER_SECONDS)
        with self._lock:
            if self._is_destroyed:
                threading.Event().wait()
            self._is_destroyed = True
            yield

    def _silence(self, end: ClientEnd, *, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        self._client.end(end)
        while (remaining := deadline - time.monotonic()) > 0:
            with suppress(OSError):
                if self._client.is_idle(timeout=remaining) and (end is ClientEnd.EXIT or not self._client.open_calls):
                    return True
            time.sleep(0.005)
        return False


def _skip_destructors_of_child(process_id: int) -> None:
    """Lets a forked child end: llama.cpp's statics would wait for ever for threads that only its parent has (tried)."""
    if os.getpid() != process_id:
        _skip_destructors()


def _skip_destructors() -> None:
    """Lets the process end right after the interpreter has, and before the destructors of llama.cpp.

    `on_exit` hands `_exit` the process's own exit code. Only glibc has it; elsewhere the process takes its chance.
    """
    with suppress(AttributeError, OSError, TypeError):
        library = ctypes.CDLL(None)
        library.on_exit(library._exit, None)
