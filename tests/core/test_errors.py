"""Errors: one tree, made to be handled, and to be pickled."""

from __future__ import annotations

import pickle

import pytest
from anyassistant import errors
from anyassistant.errors import (
    AnyAssistantError,
    ConfigError,
    IndexingFailed,
    InvalidRequest,
    NotFound,
    ProviderError,
    RunAbandoned,
    RunCancelled,
    RunError,
    RunExpired,
    RunFailed,
    RunIncomplete,
    RunRequiresAction,
    StoreError,
    ThreadBusy,
    UnsupportedCapability,
)
from anyassistant.types import IncompleteDetails, LastError, PendingCall, RunRecord, VectorStoreFile

RUN = RunRecord(
    "run_1",
    "thread_1",
    "asst_1",
    "failed",
    "m",
    last_error=LastError("rate_limit_exceeded", "slow", retry_after=2.0, request_id="req"),
    incomplete_details=IncompleteDetails("max_turns"),
    pending_calls=(PendingCall("call_1", "f", "{}"),),
)
ERRORS: list[AnyAssistantError] = [
    ConfigError("m"),
    StoreError("m"),
    IndexingFailed("m", vector_store_id="vs_1", files=[VectorStoreFile("file-1", "vs_1")]),
    InvalidRequest("m", param="tools[1]", code="duplicate_tool_name"),
    NotFound("m", param="thread_id", code="not_found"),
    UnsupportedCapability("m", capability="images"),
    ThreadBusy("m", thread_id="thread_1", run_id="run_1"),
    ProviderError("m", code="c", status_code=429, request_id="r", retry_after=1.5),
    RunFailed("m", run=RUN),
    RunIncomplete("m", run=RUN, text="so far"),
    RunCancelled("m", run=RUN),
    RunExpired("m", run=RUN),
    RunRequiresAction("m", run=RUN),
    RunAbandoned("m", run=RUN),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_an_error_comes_back_from_a_pickle_as_it_was(error: AnyAssistantError) -> None:
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        again = pickle.loads(pickle.dumps(error, protocol))
        assert type(again) is type(error)
        assert (str(again), again.__dict__) == ("m", error.__dict__)


def test_all_are_of_one_tree() -> None:
    for name in errors.__all__:
        assert issubclass(getattr(errors, name), AnyAssistantError)
    assert {type(error).__name__ for error in ERRORS} | {"RunError"} == {
        name for name in errors.__all__ if getattr(errors, name).__module__ == errors.__name__
    }


def test_bad_requests_are_value_errors_too() -> None:
    assert issubclass(NotFound, ValueError)
    assert issubclass(UnsupportedCapability, ValueError)


def test_a_run_error_tells_what_its_run_does() -> None:
    failed = RunFailed("m", run=RUN)
    assert (failed.code, failed.retry_after, failed.request_id) == ("rate_limit_exceeded", 2.0, "req")
    assert RunIncomplete("m", run=RUN, text="so far").reason == "max_turns"
    assert [call.id for call in RunRequiresAction("m", run=RUN).calls] == ["call_1"]


@pytest.mark.parametrize("kind", [RunFailed, RunCancelled, RunExpired, RunRequiresAction, RunAbandoned])
def test_run_errors_are_caught_together(kind: type[RunError]) -> None:
    with pytest.raises(RunError) as caught:
        raise kind("m", run=RUN)
    assert caught.value.run is RUN


def test_an_unknown_public_name_is_an_attribute_error() -> None:
    import anyassistant

    with pytest.raises(AttributeError, match="no attribute 'Clyent'"):
        anyassistant.Clyent  # noqa: B018
    for name in anyassistant.__all__:
        assert getattr(anyassistant, name) is not None
    assert set(anyassistant.__all__) <= set(dir(anyassistant))
