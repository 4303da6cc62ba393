import pickle

import pytest
from anyassistant_tools import (
    AnyAssistantError,
    ToolArgumentsError,
    ToolDefinitionError,
    ToolError,
    ToolProcessError,
    ToolResultError,
    ToolTimeoutError,
    WorkerThreadsExhausted,
)

ERRORS = [
    ToolError("Item ids look like sg-1."),
    ToolDefinitionError("It has no name.", tool="order", parameter="item"),
    ToolArgumentsError("item is missing", tool="order"),
    ToolResultError("a lock has no JSON form", tool="order"),
    ToolTimeoutError("too long", tool="order", timeout=2.5, orphaned=True),
    ToolTimeoutError("too long", tool="order", timeout=2.5, may_have_taken_effect=True),
    ToolProcessError("it ended", tool="order", may_have_taken_effect=True),
    WorkerThreadsExhausted("too many", orphans=3),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_an_error_survives_pickling_with_its_message_and_fields(error: AnyAssistantError) -> None:
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is type(error)
    assert str(copy) == str(error)
    assert vars(copy) == vars(error)


@pytest.mark.parametrize(
    ("error_type", "builtin"),
    [
        (ToolDefinitionError, TypeError),
        (ToolArgumentsError, ValueError),
        (ToolResultError, TypeError),
        (ToolTimeoutError, TimeoutError),
        (WorkerThreadsExhausted, RuntimeError),
    ],
)
def test_an_error_is_caught_as_ours_and_as_the_builtin_it_refines(
    error_type: type[Exception], builtin: type[Exception]
) -> None:
    assert issubclass(error_type, AnyAssistantError)
    assert issubclass(error_type, builtin)
