"""What a model gives, looked at before anything of it is kept: a store and a wire can carry it, or the run fails."""

from __future__ import annotations

from typing import get_args

from ..errors import ProviderError
from ..protocols import ModelDelta, ToolCallDelta
from ..types import FinishReason, Usage

_REASONS = frozenset(get_args(FinishReason))


def check_delta(delta: ModelDelta) -> None:
    """Refuse a delta that is not as the protocol says.

    Raises:
        ProviderError: A field has another type; code `invalid_model_response`.
    """
    if not isinstance(delta, ModelDelta):
        raise _invalid(f"a {type(delta).__name__} instead of a ModelDelta")
    if not (isinstance(delta.text, str) and isinstance(delta.refusal, str) and isinstance(delta.reasoning, str)):
        raise _invalid("a text that is no str")
    if delta.tool_call is not None:
        _check_call(delta.tool_call)
    if delta.usage is not None:
        _check_usage(delta.usage)
    if delta.finish_reason is not None and delta.finish_reason not in _REASONS:
        raise _invalid(f"the finish reason {delta.finish_reason!r}; known are {', '.join(sorted(_REASONS))}")
    if delta.provider_state is not None:
        _check_state(delta.provider_state)


def _check_call(call: ToolCallDelta) -> None:
    names = (call.name, call.id)
    if not isinstance(call.arguments, str) or not all(one is None or isinstance(one, str) for one in names):
        raise _invalid("a tool call whose name, id or arguments are no str")
    if call.index is not None and not isinstance(call.index, int):
        raise _invalid(f"a tool call with the index {call.index!r}")


def _check_usage(usage: Usage) -> None:
    if not isinstance(usage, Usage) or not all(
        isinstance(one, int) and one >= 0 for one in (usage.prompt_tokens, usage.completion_tokens)
    ):
        raise _invalid(f"the usage {usage!r}, which is not two whole numbers")


def _check_state(state: object) -> None:
    """A state must come back from a store as it was given: JSON's own types alone, with text keys."""
    from pydantic_core import from_json, to_json

    try:
        is_same = from_json(to_json(state)) == state
    except ValueError:
        is_same = False
    if not is_same:
        raise _invalid(f"a provider_state that is not JSON ({type(state).__name__})")


def _invalid(what: str) -> ProviderError:
    return ProviderError(f"The model gave {what}.", code="invalid_model_response")
