"""Bounds, patterns and formats: which a provider checks, and how the others are said to the model."""

from collections.abc import Mapping

from anyassistant_tools.lowering.dialect import Dialect
from anyassistant_tools.lowering.lowered import Report

_SENTENCES: Mapping[str, str] = {
    "minLength": "Length: at least {}.",
    "maxLength": "Length: at most {}.",
    "pattern": "Matches the regular expression `{}`.",
    "format": "Format: {}.",
    "minimum": "At least {}.",
    "maximum": "At most {}.",
    "exclusiveMinimum": "Above {}.",
    "exclusiveMaximum": "Below {}.",
    "multipleOf": "A multiple of {}.",
    "minItems": "Number of items: at least {}.",
    "maxItems": "Number of items: at most {}.",
    "uniqueItems": "No two items are equal.",
    "minProperties": "Number of entries: at least {}.",
    "maxProperties": "Number of entries: at most {}.",
}
_INCLUSIVE = {"exclusiveMinimum": ("minimum", 1), "exclusiveMaximum": ("maximum", -1)}
_COUNTS = frozenset({"minLength", "maxLength", "minItems", "maxItems"})
_HARMLESS = {("uniqueItems", False), ("minItems", 0), ("minLength", 0), ("minProperties", 0)}


def keep_limits(
    kind: str, limits: Mapping[str, object], dialect: Dialect, report: Report, path: str
) -> tuple[dict[str, object], list[str]]:
    """Give the limits that a provider checks, and sentences for those that it does not."""
    kept: dict[str, object] = {}
    sentences: list[str] = []
    supported = dialect.limits.get(kind, frozenset())
    for keyword, value in limits.items():
        if isinstance(value, int) and (keyword, value) in _HARMLESS:
            continue
        other, step = _INCLUSIVE.get(keyword, (keyword, 0))
        if keyword in supported and _is_taken(keyword, value, dialect):
            kept[keyword] = value
        elif step and kind == "integer" and isinstance(value, int) and other in supported and other not in limits:
            kept[other] = value + step
            report.rewritten(path, f"`{keyword}` {value} is written as `{other}` {value + step}")
        else:
            shown = f"`{keyword}` {value!r}" if keyword in ("format", "pattern") else f"`{keyword}`"
            shown = f"`{keyword}` {value}" if isinstance(value, int | float) and value is not True else shown
            report.weakened(path, f"{shown} is not checked by {dialect.provider}")
            sentences.append(_SENTENCES[keyword].format(value))
    return kept, sentences


def _is_taken(keyword: str, value: object, dialect: Dialect) -> bool:
    if keyword == "format":
        return isinstance(value, str) and value in dialect.formats
    if keyword == "pattern":
        return isinstance(value, str) and dialect.takes_pattern(value)
    if keyword in _COUNTS and dialect.max_count is not None:
        return isinstance(value, int) and value <= dialect.max_count
    return True
