"""The checks that values share: each gives the value, or an `InvalidRequest` that names the parameter.

Source of the limits: OpenAI Assistants v2 reference.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Set
from typing import Any, cast

from ..errors import InvalidRequest

MAX_METADATA_PAIRS = 16
MAX_METADATA_KEY = 64
MAX_METADATA_VALUE = 512


def invalid(param: str, what: str) -> InvalidRequest:
    """The error of a parameter: "`PARAM` WHAT."."""
    return InvalidRequest(f"`{param}` {what}.", param=param, code="invalid_value")


def check_text(value: str, param: str) -> str:
    """Refuse a text that cannot be stored or sent: lone surrogates are no characters."""
    try:
        value.encode("utf-8")
    except UnicodeEncodeError as error:
        raise invalid(param, f"has a lone surrogate at character {error.start}, which is no text") from None
    return value


def plain_json(value: Mapping[str, object], param: str) -> dict[str, object]:
    """A copy of a JSON object, of plain dicts and lists: what the caller does with its own does not reach it.

    Raises:
        InvalidRequest: It has no JSON text, or one that cannot be stored or sent.
    """
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, default=_plain)
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise invalid(param, "has a lone surrogate, which is no text") from None
    except (TypeError, ValueError, RecursionError) as error:
        raise invalid(param, f"is not JSON ({error})") from error
    copy: dict[str, object] = json.loads(text)
    return copy


def _plain(value: object) -> dict[object, object]:
    if isinstance(value, Mapping):
        return dict(cast("Mapping[object, object]", value))
    raise TypeError(f"a value of type {type(value).__name__}")


def check_metadata(pairs: object) -> dict[str, str]:
    """Validate metadata: at most 16 pairs of text, keys up to 64 characters, values up to 512."""
    if pairs is None:
        return {}
    if not isinstance(pairs, Mapping):
        raise invalid("metadata", f"must be a mapping of text to text, not {type(pairs).__name__}")
    if len(pairs) > MAX_METADATA_PAIRS:
        raise InvalidRequest(
            f"`metadata` has {len(pairs)} pairs; at most {MAX_METADATA_PAIRS} are possible.",
            param="metadata",
            code="too_many_items",
        )
    found: dict[str, str] = {}
    for key, value in cast("Mapping[object, object]", pairs).items():
        if not isinstance(key, str) or not isinstance(value, str):
            raise invalid("metadata", f"must map text to text; {key!r} does not")
        if len(key) > MAX_METADATA_KEY:
            raise invalid("metadata", f"has a key of {len(key)} characters; at most {MAX_METADATA_KEY} are possible")
        if len(value) > MAX_METADATA_VALUE:
            raise invalid(f"metadata.{key}", f"has {len(value)} characters; at most {MAX_METADATA_VALUE} are possible")
        found[check_text(key, "metadata")] = check_text(value, f"metadata.{key}")
    return found


def refuse_unknown(options: Mapping[str, Any], known: Set[str]) -> None:
    """Refuse keyword arguments that mean nothing; a near name is suggested."""
    import difflib

    for name in options:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise InvalidRequest(f"Unknown parameter {name!r}.{hint}", param=name, code="unknown_parameter")


def text_option(options: Mapping[str, Any], name: str, longest: int, *, least: int = 0) -> str | None:
    """A text of `least` to `longest` characters; None where it is left out."""
    value = options.get(name)
    if value is None:
        return None
    if not isinstance(value, str):
        raise invalid(name, f"must be a text, not {type(value).__name__}")
    if len(value) > longest:
        raise InvalidRequest(
            f"`{name}` has {len(value):,} characters; at most {longest:,} are possible.", param=name, code="too_long"
        )
    if len(value) < least:
        raise invalid(name, "must not be empty; None leaves it open")
    return check_text(value, name)


def number_option(options: Mapping[str, Any], name: str, least: float, most: float) -> float | None:
    """A number from `least` to `most`; None where it is left out."""
    value = options.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise invalid(name, f"must be a number from {least} to {most}, not {value!r}")
    return value


def count_option(options: Mapping[str, Any], name: str) -> int | None:
    """A whole number of 1 or more; None where it is left out."""
    value = options.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise invalid(name, f"must be a whole number of 1 or more, not {value!r}")
    return value


def flag_option(options: Mapping[str, Any], name: str, default: bool) -> bool:
    """True or False; `default` where it is left out."""
    value = options.get(name)
    if value is None:
        return default
    if not isinstance(value, bool):
        raise invalid(name, f"must be True or False, not {value!r}")
    return value


def check_seconds(value: object, name: str) -> float | None:
    """Validate a span of seconds, above 0 and finite; None stays None."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < math.inf:
        raise invalid(name, f"must be seconds above 0 and finite, not {value!r}")
    return float(value)
