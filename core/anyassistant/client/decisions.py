"""What a person decides of a call, validated before anything is written."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping

from anyassistant_tools import ToolResultError
from anyassistant_tools.results import json_form

from ..types import Decision
from .checks import check_seconds, check_text, invalid

MAX_BY = 256
MAX_REASON = 10_000


def approval(arguments: Mapping[str, object] | None, by: str | None, expires_in: float | None) -> Decision:
    """The approval of a call.

    Raises:
        InvalidRequest: The arguments are not JSON, or `by` or `expires_in` is not as it has to be.
    """
    now = time.time()
    seconds = check_seconds(expires_in, "expires_in")
    expires_at = None if seconds is None else now + seconds
    return Decision(True, _person(by), now, arguments=_arguments_text(arguments), expires_at=expires_at)


def rejection(reason: str, by: str | None) -> Decision:
    """The rejection of a call, with the reason that the model is told.

    Raises:
        InvalidRequest: There is no reason, or `by` is not as it has to be.
    """
    return Decision(False, _person(by), time.time(), reason=_text(reason, "reason", MAX_REASON))


def _arguments_text(arguments: Mapping[str, object] | None) -> str | None:
    if arguments is None:
        return None
    if not isinstance(arguments, Mapping):
        raise invalid("arguments", f"must be a mapping by name, not {type(arguments).__name__}")

    try:
        return json.dumps(json_form(dict(arguments)), ensure_ascii=False)
    except ToolResultError as error:
        raise invalid("arguments", f"has no JSON form ({error.__cause__})") from error


def _person(by: str | None) -> str | None:
    return None if by is None else _text(by, "by", MAX_BY)


def _text(value: object, param: str, longest: int) -> str:
    if not isinstance(value, str) or not 1 <= len(value) <= longest:
        raise invalid(param, f"must be a text of 1 to {longest:,} characters")
    return check_text(value, param)
