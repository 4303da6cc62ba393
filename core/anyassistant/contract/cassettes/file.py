"""Cassettes as files: JSON for people to read, one for each check."""

from __future__ import annotations

import base64
import json
import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..verdicts import Unmet
from .requests import RecordedRequest

SCHEMA = "anyassistant.contract.cassette/1"
_KINDS = ("json", "text", "base64")


@dataclass(frozen=True, slots=True)
class RecordedAnswer:
    """An answer of the service.

    Attributes:
        pieces: Of the body, as they came.
        is_whole: Whether the body ended; else nobody listened any longer, and the rest is not known.
    """

    status: int
    headers: Mapping[str, str]
    pieces: Sequence[bytes]
    is_whole: bool


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and its answer; None where nobody waited for one."""

    request: RecordedRequest
    answer: RecordedAnswer | None


def path_of(folder: Path, check: str) -> Path:
    """The file of a check, such as `usage/a-longer-prompt-has-more-tokens.json`."""
    group, _, name = check.partition(": ")
    return folder / _slug(group) / f"{_slug(name)}.json"


def write_cassette(file: Path, check: str, exchanges: Sequence[Exchange]) -> None:
    """Write a cassette, whole or not at all; without exchanges there is none."""
    if not exchanges:
        file.unlink(missing_ok=True)
        return
    wire = {"cassette": SCHEMA, "check": check, "exchanges": [_wire_of(one) for one in exchanges]}
    file.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(prefix=f".{file.stem}.", dir=file.parent)
    try:
        with open(descriptor, "w", encoding="utf-8", newline="\n") as opened:
            opened.write(json.dumps(wire, ensure_ascii=False, indent=2) + "\n")
        os.chmod(temporary, 0o644)  # the temporary file's own is for one user alone
        os.replace(temporary, file)
    except BaseException:
        os.unlink(temporary)
        raise


def read_cassette(file: Path) -> Sequence[Exchange] | None:
    """What is on a cassette; None where there is none.

    Raises:
        Unmet: It cannot be read.
    """
    try:
        wire = json.loads(file.read_text("utf-8"))
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise Unmet("a cassette that can be read", f"{file}: {error}") from error
    try:
        if wire["cassette"] != SCHEMA:
            raise ValueError(f"it is of {wire['cassette']!r}, and {SCHEMA!r} is read here")
        return [_exchange_of(one) for one in wire["exchanges"]]
    except (KeyError, TypeError, ValueError) as error:
        raise Unmet("a cassette that can be read", f"{file}: {error!r}: record it again") from error


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def _wire_of(exchange: Exchange) -> Mapping[str, Any]:
    request, answer = exchange.request, exchange.answer
    wire: dict[str, Any] = {"request": {"method": request.method, "url": request.url, **request.body}}
    if answer is None:
        return wire | {"answer": None}
    told: dict[str, Any] = {"status": answer.status, "headers": dict(answer.headers)}
    told["pieces"] = [_written(piece) for piece in answer.pieces]
    return wire | {"answer": told if answer.is_whole else told | {"broken_off": True}}


def _exchange_of(wire: Any) -> Exchange:
    request, answer = wire["request"], wire["answer"]
    body = {kind: request[kind] for kind in _KINDS if kind in request}
    recorded = RecordedRequest(request["method"], request["url"], body)
    if answer is None:
        return Exchange(recorded, None)
    pieces = [_read(piece) for piece in answer["pieces"]]
    return Exchange(
        recorded,
        RecordedAnswer(answer["status"], answer["headers"], pieces, is_whole=not answer.get("broken_off", False)),
    )


def _written(piece: bytes) -> str | Mapping[str, str]:
    """A piece as text, where it is one by itself: a character may be cut in two."""
    try:
        return piece.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(piece).decode()}


def _read(piece: Any) -> bytes:
    return piece.encode() if isinstance(piece, str) else base64.b64decode(piece["base64"])
