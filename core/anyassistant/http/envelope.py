"""What the body of a failed answer says, in whichever envelope it comes."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from .json_text import read_json

_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"<(script|style)\b.*?</\1>|<[^>]*>", re.IGNORECASE | re.DOTALL)
_LOOKS_LIKE_HTML = re.compile(r"\s*<(!doctype html|html|head|body)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Envelope:
    """An error as a service tells it.

    Attributes:
        message: For people; empty where it says nothing.
        code: Its own code, where it has one.
        type: Its class of errors.
        param: What of the request is wrong.
        request_id: Its name for the request.
        details: What else whoever handles the error may need, such as the id of what is in the way.
    """

    message: str
    code: str | None = None
    type: str | None = None
    param: str | None = None
    request_id: str | None = None
    details: Mapping[str, str] = field(default_factory=dict)


ReadError: TypeAlias = Callable[[Any], Envelope | None]
"""Reads a service's own form of errors: takes a JSON value, or a text; None where that is no error of this form."""


def read_envelope(value: Any) -> Envelope | None:
    """The error in a JSON value: nested in `error` or flat, a text or a list of problems; None where there is none."""
    if isinstance(value, list):
        value = value[0] if value else None
    if not isinstance(value, dict):
        return None
    inner = value.get("error")
    if isinstance(inner, str) and inner:
        return Envelope(_text(value.get("message")) or inner, _text(value.get("code")), request_id=_request_id(value))
    flat = value if not isinstance(inner, dict) else inner
    message = _text(flat.get("message")) or _detail(flat.get("detail"))
    code = _text(flat.get("code"))
    if not message and not code:
        return None
    kind = _text(flat.get("type")) or _text(flat.get("status"))
    return Envelope(message or code or "", code, kind, _text(flat.get("param")), _request_id(value))


def decode_body(body: bytes) -> Any:
    """The value of a body of JSON, else its text."""
    try:
        return read_json(body)
    except ValueError:
        return body.decode("utf-8", "replace")


def describe_body(body: bytes) -> str:
    """What a body that is no error envelope says to a person: a page's title, else its text; empty for an empty one."""
    text = body.decode("utf-8", "replace")
    if _LOOKS_LIKE_HTML.match(text):
        title = _TITLE.search(text)
        text = f"an HTML page: {html.unescape(_TAG.sub(' ', title[1] if title else text))}"
    return " ".join(text.split())


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _request_id(value: dict[str, Any]) -> str | None:
    return _text(value.get("request_id")) or _text(value.get("requestId"))


def _detail(value: object) -> str | None:
    """`detail`, as FastAPI's services have it: a text, or a list of problems with their places."""
    if isinstance(value, list):
        problems = [
            f"{'.'.join(map(str, one.get('loc', ())))}: {one['msg']}"
            for one in value
            if isinstance(one, dict) and isinstance(one.get("msg"), str)
        ]
        return "; ".join(problems) or None
    return _text(value)
