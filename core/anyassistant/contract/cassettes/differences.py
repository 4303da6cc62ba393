"""How a request differs from those that were recorded, for the people who have to find out why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import islice
from typing import Any

from .requests import RecordedRequest, likeness_of

_TOLD = 3
"""Differences that a message tells."""
_SHOWN = 80
"""Characters of a value that a message shows."""
_BEFORE = 20
"""Characters of a long text that a message shows before the first that differs."""
_COMPARED = 4_000
"""Characters of a request by which its nearest is found."""


def describe_nearest(made: RecordedRequest, recorded: Sequence[RecordedRequest]) -> str:
    """What was asked for, and how it differs from the nearest of what is recorded."""
    if not recorded:
        return f"{made.title}; nothing is recorded"
    key = likeness_of(made, {}).key
    keys = [likeness_of(one, {}).key for one in recorded]
    if key in keys:
        return f"{made.title}, once more than the {keys.count(key)} times that it is recorded"
    near = [SequenceMatcher(None, key[:_COMPARED], one[:_COMPARED]).quick_ratio() for one in keys]
    at = near.index(max(near))
    told = list(islice(_differences(_as_value(recorded[at]), _as_value(made), ""), _TOLD))
    return "\n".join([made.title, f"nearest: request {at + 1} of {len(recorded)}, {recorded[at].title}", *told])


def _as_value(request: RecordedRequest) -> dict[str, Any]:
    return {"method": request.method, "url": request.url, **request.body}


def _differences(recorded: Any, made: Any, path: str) -> Iterator[str]:
    match recorded, made:
        case dict(), dict():
            for name in [*recorded, *(one for one in made if one not in recorded)]:
                inner = f"{path}.{name}" if path else name
                if name not in made:
                    yield f"  {inner}: recorded {_show(recorded[name])}, now missing"
                elif name not in recorded:
                    yield f"  {inner}: not recorded, now {_show(made[name])}"
                else:
                    yield from _differences(recorded[name], made[name], inner)
        case list(), list():
            for at, (before, now) in enumerate(zip(recorded, made, strict=False)):
                yield from _differences(before, now, f"{path}[{at}]")
            if len(recorded) != len(made):
                yield f"  {path}: recorded {len(recorded)} items, now {len(made)}"
        case _ if recorded != made:
            before, now = recorded, made
            if isinstance(recorded, str) and isinstance(made, str):
                pairs = enumerate(zip(recorded, made, strict=False))
                same = next((at for at, (one, other) in pairs if one != other), min(len(recorded), len(made)))
                before, now = (_from(text, same - _BEFORE) for text in (recorded, made))
            yield f"  {path}: recorded {_show(before)}, now {_show(now)}"


def _from(text: str, start: int) -> str:
    return text if start <= 0 else f"...{text[start:]}"


def _show(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
