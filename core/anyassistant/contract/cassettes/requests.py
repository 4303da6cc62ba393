"""Requests as cassettes have them, so that the same request of another run is recognised."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .ids import TIME, Names, is_time, rename_both, rename_ids

LONGEST = 2_000
"""Characters of a text in a request that are written; of a longer one its beginning, its length and its checksum."""
_SHOWN = 100
_BOUNDARY = re.compile(r'boundary="?([^";]+)"?')


@dataclass(frozen=True, slots=True)
class RecordedRequest:
    """A request, without secrets and with names in place of what differs from run to run.

    Attributes:
        body: `{"json": ...}`, `{"text": ...}` or `{"base64": ...}`; empty where there is none.
    """

    method: str
    url: str
    body: Mapping[str, Any]

    @property
    def title(self) -> str:
        """How messages name it."""
        return f"{self.method} {self.url}"


@dataclass(frozen=True, slots=True)
class Likeness:
    """What two requests have in common that are the same.

    Attributes:
        key: Equal for them.
        ids: In which they may differ: names of ids, and ids of the service, in the order of their places in the key.
    """

    key: str
    ids: Sequence[str]


def record_request(method: str, url: str, media_type: str, content: bytes, names: Names) -> RecordedRequest:
    """A request as a cassette has it.

    Args:
        url: Without secrets.
        media_type: The `Content-Type`, with a form's boundary.
        content: The body, without secrets.
        names: Of the ids in it.
    """
    return RecordedRequest(method, rename_ids(url, names.name), _body(media_type, content, names))


def likeness_of(request: RecordedRequest, origins: Mapping[str, str]) -> Likeness:
    """What a request has in common with the same one of another run.

    Args:
        origins: Of the service's ids: what is equal for two that came with equal answers. They may change places.
    """
    names = Names()

    def rename(id: str) -> str:
        if id.startswith("<"):
            return names.name(id)
        return f"{origins[id]}{names.name(id)}" if id in origins else id

    url = rename_both(request.url, rename)
    key = json.dumps([request.method, url, _renamed(request.body, rename)], sort_keys=True)
    return Likeness(key, list(names.by_id))


def _body(media_type: str, content: bytes, names: Names) -> Mapping[str, Any]:
    if not content:
        return {}
    if boundary := _BOUNDARY.search(media_type):
        content = content.replace(boundary[1].encode(), b"<boundary>")
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return {"base64": _text(base64.b64encode(content).decode(), names)}
    if not media_type or "json" in media_type:
        try:
            return {"json": _value(json.loads(text), names)}
        except ValueError:
            pass
    return {"text": _text(text, names)}


def _value(value: Any, names: Names) -> Any:
    match value:
        case str():
            return _text(value, names)
        case dict():
            return {name: _value(value[name], names) for name in sorted(value)}
        case list():
            return [_value(one, names) for one in value]
        case _:
            return TIME if is_time(value) else value


def _text(text: str, names: Names) -> str:
    if len(text) <= LONGEST:
        return rename_ids(text, names.name)
    blank = rename_ids(text, names.blank)
    checksum = hashlib.sha256(blank.encode()).hexdigest()
    return f"{blank[:_SHOWN]}... ({len(text)} characters, SHA-256 {checksum})"


def _renamed(value: Any, rename: Callable[[str], str]) -> Any:
    match value:
        case str():
            return rename_both(value, rename)
        case dict():
            return {name: _renamed(value[name], rename) for name in sorted(value)}
        case list():
            return [_renamed(one, rename) for one in value]
        case _:
            return value
