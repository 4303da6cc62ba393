"""The ids in a text or a result, and what they are ids of: pure functions.

They are told apart by where they stand: under which key of a result, after which word of a sentence (`item sg-1`,
`ticket number 4711`).
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from .json_values import as_array, is_object
from .names import is_id_parameter, kind_of_parameter
from .records import Record, read_record, read_text_record
from .statements import describe

_ID = re.compile(r"(?<![\w$€£/.:-])(?=[\w-]*\d)[A-Za-z0-9]+(?:[_-][A-Za-z0-9]+)*(?!-?\w|%|[.:]\d)")
_NO_ID = re.compile(r"\d{4}-\d{2}(-\d{2})?|\d+(?:st|nd|rd|th|am|pm)", re.IGNORECASE)
_TIME_UNIT = re.compile(r"\s+(?:more\s+)?(?:second|minute|hour|day|night|week|month|year|time)s?\b", re.IGNORECASE)
_COUNTED = re.compile(r"\s+(?!(?:is|was|has|does|as|this|yes|please)\b)[a-z]+s\b|\s+(?:percent|degree|euro|dollar)\b")
_BEFORE_AMOUNTS = frozenset({"for", "in", "at", "within", "after", "before", "about", "until", "every", "than"})
_LONG = 16
_FILLERS = frozenset({"number", "no", "nr", "id", "the", "called", "is", "with", "code"})


@dataclass(frozen=True, slots=True)
class FoundId:
    """An id that occurs somewhere.

    Attributes:
        kind: What it is an id of, as far as its place tells: `item` for the key `item_id` or the words `item sg-1`.
        record: What is said around it: the record of a result, or a part of a text.
        is_keyed: It stands in a result, under a key that says that it is an id.
        is_amount: It is a number that seems to count something: `for 3`, `20 euros`.
    """

    value: str
    kind: str
    record: Record
    is_keyed: bool = False
    is_amount: bool = False


def read_text_ids(text: str, *, is_request: bool = False) -> list[FoundId]:
    """The words of a text that look like ids: with a digit, and neither a date nor a price nor a length of time.

    Args:
        is_request: The first word says what to do, and not what an id is an id of: "Order sg-1."
    """
    found: list[FoundId] = []
    matches = [match for match in _ID.finditer(text) if not _is_something_else(match, text)]
    for match in matches:
        value, before, behind = match.group(), text[: match.start()], text[match.end() :]
        kind = _kind_before(before, is_request)
        is_amount = value.isdigit() and (kind in _BEFORE_AMOUNTS or bool(_COUNTED.match(behind)))
        alike = [m.start() for m in matches if m.group() != value and shape_of_id(m.group()) == shape_of_id(value)]
        record = read_text_record(text, *match.span(), others=alike)
        found.append(FoundId(value, kind, record, is_amount=is_amount))
    return found


def read_result_ids(result: str) -> list[FoundId]:
    """The values under keys `id` and `..._id` of a JSON result; the ids in its words where it has no such key."""
    try:
        content: object = json.loads(result)
    except ValueError:
        return read_text_ids(result)
    keyed = [
        FoundId(str(value), kind_of_parameter(key), read_record(record), is_keyed=True)
        for record in _walk(content)
        for key, value in record.items()
        if is_id_parameter(key) and isinstance(value, str | int) and not isinstance(value, bool)
    ]
    return keyed or read_text_ids(content if isinstance(content, str) else describe(content))


def shape_of_id(value: str) -> str:
    """How an id looks: the same for `bk-1` and `hat-27`, and for all long ones, whose letters and digits are random."""
    return "long" if len(value) >= _LONG else re.sub(r"[A-Za-z]+", "a", re.sub(r"\d+", "0", value))


def _is_something_else(match: re.Match[str], text: str) -> bool:
    value = match.group()
    return bool(_NO_ID.fullmatch(value)) or (value.isdigit() and bool(_TIME_UNIT.match(text, match.end())))


def _kind_before(text: str, is_request: bool) -> str:
    words = re.findall(r"[A-Za-z]+", text.lower())
    while words and words[-1] in _FILLERS:
        words.pop()
    return words[-1].removesuffix("s") if len(words) > is_request else ""


def _walk(content: object) -> Iterable[Mapping[str, object]]:
    if is_object(content):
        yield content
    for child in content.values() if is_object(content) else as_array(content):
        yield from _walk(child)
