"""The exceptions of anyassistant.

    AnyAssistantError
    ├── ConfigError                 the configuration cannot be used
    ├── InvalidRequest              refused before anything was written or sent   (also a ValueError)
    │   ├── NotFound                no object of that id
    │   └── UnsupportedCapability   the provider cannot do that
    ├── ThreadBusy                  the thread has an open run
    ├── ProviderError               the provider's service failed
    ├── IndexingFailed              a vector store could not index some of its files
    ├── StoreError                  the store failed
    ├── RunError                    a run did not complete; carries it
    │   ├── RunFailed
    │   ├── RunIncomplete
    │   ├── RunCancelled
    │   ├── RunExpired
    │   ├── RunRequiresAction       it waits for the caller
    │   └── RunAbandoned            it is open, and nobody drives it
    ├── ToolError                   raised in a tool: its text is for the model   (from anyassistant_tools)
    ├── ToolDefinitionError         a callable cannot become a tool               (from anyassistant_tools)
    ├── ToolArgumentsError          a model's arguments do not fit                (from anyassistant_tools)
    ├── ToolResultError             a result cannot be told to a model            (from anyassistant_tools)
    ├── ToolTimeoutError            a tool ran too long                           (from anyassistant_tools)
    ├── ToolProcessError            a tool's own process ended before it did      (from anyassistant_tools)
    ├── ToolCancelled               in a tool: nobody waits for its call any more (from anyassistant_tools)
    ├── CallHadNoEffect             in a `reconcile` function: the call did nothing (from anyassistant_tools)
    └── WorkerThreadsExhausted      too many calls that overran still run         (from anyassistant_tools)

No message contains a key or a secret. All can be pickled (the cause is not pickled with them).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from anyassistant_tools.errors import (
    AnyAssistantError,
    CallHadNoEffect,
    ToolArgumentsError,
    ToolCancelled,
    ToolDefinitionError,
    ToolError,
    ToolProcessError,
    ToolResultError,
    ToolTimeoutError,
    WorkerThreadsExhausted,
)

from .types import IncompleteReason, PendingCall, RunRecord, VectorStoreFile

__all__ = [
    "AnyAssistantError",
    "ConfigError",
    "InvalidRequest",
    "NotFound",
    "UnsupportedCapability",
    "ThreadBusy",
    "ProviderError",
    "IndexingFailed",
    "StoreError",
    "RunError",
    "RunFailed",
    "RunIncomplete",
    "RunCancelled",
    "RunExpired",
    "RunRequiresAction",
    "RunAbandoned",
    "ToolArgumentsError",
    "ToolDefinitionError",
    "ToolError",
    "ToolResultError",
    "ToolTimeoutError",
    "ToolProcessError",
    "ToolCancelled",
    "CallHadNoEffect",
    "WorkerThreadsExhausted",
]


def _rebuild(kind: type[AnyAssistantError], args: tuple[Any, ...], fields: dict[str, Any]) -> AnyAssistantError:
    """Unpickle an error whose constructor takes more than its message."""
    error = kind.__new__(kind, *args)
    error.args = args
    error.__dict__.update(fields)
    return error


class _WithFields(AnyAssistantError):
    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.args, self.__dict__)


class ConfigError(AnyAssistantError):
    """The configuration cannot be used. The message says where (file, line, profile) and what to do."""


class InvalidRequest(_WithFields, ValueError):
    """A request was refused before anything was written or sent, or by the provider's service.

    Attributes:
        param: What is wrong, as the wire names it: `tools[1]`, `metadata`, `messages[0].content`.
        code: For programs: `duplicate_tool_name`, `invalid_value`, `too_many_items`, ...
        status_code: The HTTP status, where a provider's service refused it.
        request_id: That service's name for the request.
        details: What else that service said, where its provider reads it.
    """

    param: str
    code: str
    status_code: int | None
    request_id: str | None
    details: Mapping[str, str]

    def __init__(
        self,
        message: str,
        *,
        param: str,
        code: str,
        status_code: int | None = None,
        request_id: str | None = None,
        details: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.param = param
        self.code = code
        self.status_code = status_code
        self.request_id = request_id
        self.details = details or {}


class NotFound(InvalidRequest):
    """There is no object of that id in the store, or at the provider. `code` is `not_found`."""


def not_found(kind: str, key: str) -> NotFound:
    """The error of an id that names nothing, said in one way everywhere."""
    return NotFound(f"There is no {kind} {key!r} in this client's store.", param=f"{kind}_id", code="not_found")


class UnsupportedCapability(InvalidRequest):
    """The provider does not claim what was asked of it; nothing was sent.

    Attributes:
        capability: The name of the capability, a field of `protocols.Capabilities`, or of what it lacks.
    """

    capability: str

    def __init__(
        self, message: str, *, capability: str, param: str = "provider", code: str = "unsupported_capability"
    ) -> None:
        super().__init__(message, param=param, code=code)
        self.capability = capability


class ThreadBusy(_WithFields):
    """The thread has an open run, so it takes neither a message nor a second run.

    Wait for the run, cancel it, or take it over with `thread.resume()`.
    """

    thread_id: str
    run_id: str

    def __init__(self, message: str, *, thread_id: str, run_id: str) -> None:
        super().__init__(message)
        self.thread_id = thread_id
        self.run_id = run_id


class ProviderError(_WithFields):
    """A provider's service failed, or gave what cannot be understood.

    Attributes:
        code: For programs: `rate_limit_exceeded`, `server_error`, `authentication_error`, ...
        status_code: The HTTP status, where there was one.
        request_id: The service's name for the request, to quote to its support.
        retry_after: Seconds after which the service says that another try makes sense.
        details: What else the service said, where its provider reads it: the job that is open, say.
    """

    code: str
    status_code: int | None
    request_id: str | None
    retry_after: float | None
    details: Mapping[str, str]

    def __init__(
        self,
        message: str,
        *,
        code: str,
        status_code: int | None = None,
        request_id: str | None = None,
        retry_after: float | None = None,
        details: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.status_code = status_code
        self.request_id = request_id
        self.retry_after = retry_after
        self.details = details or {}


class IndexingFailed(_WithFields):
    """A vector store could not index some of its files. It is there, with the others.

    Attributes:
        files: Those that failed: `id`, and `last_error` with a code, such as `unsupported_file`, and a message.
    """

    vector_store_id: str
    files: Sequence[VectorStoreFile]

    def __init__(self, message: str, *, vector_store_id: str, files: Sequence[VectorStoreFile]) -> None:
        super().__init__(message)
        self.vector_store_id = vector_store_id
        self.files = files


class StoreError(AnyAssistantError):
    """The store cannot be opened, read or written. The message says which and what to do."""


class RunError(_WithFields):
    """A run did not complete.

    Attributes:
        run: The run's record, as it ended or as it rests.
    """

    run: RunRecord

    def __init__(self, message: str, *, run: RunRecord) -> None:
        super().__init__(message)
        self.run = run


class RunFailed(RunError):
    """The run ended `failed`. Its cause is the provider's error or the tool's, where it happened in this process.

    Attributes:
        code: As in `run.last_error`.
        retry_after: Seconds after which another run makes sense, where the provider said so.
        request_id: The provider's name for the request that failed.
    """

    @property
    def code(self) -> str:
        return self.run.last_error.code if self.run.last_error else "server_error"

    @property
    def retry_after(self) -> float | None:
        return self.run.last_error.retry_after if self.run.last_error else None

    @property
    def request_id(self) -> str | None:
        return self.run.last_error.request_id if self.run.last_error else None


class RunIncomplete(RunError):
    """The run reached a limit. What it did is kept, the thread is usable: run it again to go on.

    Attributes:
        text: What the run had said last.
        reason: The limit.
    """

    text: str

    def __init__(self, message: str, *, run: RunRecord, text: str) -> None:
        super().__init__(message, run=run)
        self.text = text

    @property
    def reason(self) -> IncompleteReason:
        details = self.run.incomplete_details
        return details.reason if details else "max_completion_tokens"


class RunCancelled(RunError):
    """The run was cancelled."""


class RunExpired(RunError):
    """The run reached its `expires_at`."""


class RunRequiresAction(RunError):
    """The run rests until the caller gives outputs: `run.submit_tool_outputs({call.id: value})`.

    Attributes:
        calls: The calls that it waits for.
    """

    @property
    def calls(self) -> Sequence[PendingCall]:
        return self.run.pending_calls


class RunAbandoned(RunError):
    """The run is open and nobody drives it: `thread.resume(tools=[...])` takes it over."""
