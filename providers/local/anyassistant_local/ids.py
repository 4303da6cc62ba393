"""Ids in a conversation, and which of them a parameter could mean: pure functions.

Ids are what a model this small gets wrong most often and what matters most, so they are told apart by where they
stand: under which key of a result, after which word of a sentence (`item sg-1`, `ticket number 4711`).
"""

import json
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from anyassistant.protocols import ToolMessage

from .json_values import as_array, is_object
from .names import split_name
from .transcript import Transcript

_ID = re.compile(r"(?<![\w$€£/.:-])(?=[\w-]*\d)[A-Za-z0-9]+(?:[_-][A-Za-z0-9]+)*(?![\w%:]|\.\d)")
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
        record: What is said around it: the record of a result, or the whole text.
        is_keyed: It stands in a result, under a key that says that it is an id.
        is_amount: It is a number that seems to count something: `for 3`, `20 euros`.
    """

    value: str
    kind: str
    record: str
    is_keyed: bool = False
    is_amount: bool = False


def is_id_parameter(name: str) -> bool:
    """Whether a parameter's values are ids, which can be repeated but never made up."""
    return split_name(name)[-1] in ("id", "ids")


def kind_of_parameter(name: str) -> str:
    """What the ids of a parameter are ids of: `order` for `order_id` and `orderId`, nothing for `id`."""
    return "_".join(split_name(name)[:-1])


def find_ids(transcript: Transcript, name: str, *, kinds: Iterable[str], examples: Iterable[str] = ()) -> list[str]:
    """The ids that a parameter could mean, each once; none where the conversation has none.

    What the user just said goes before what was said earlier, and the right kind before an unknown one. A number that
    the user does not call an id of this kind comes after the known ids of this kind, unless these are numbers too; a
    number that counts something is none, and ids of another kind are never offered.

    Args:
        kinds: The kinds of all id parameters of all tools: what an id can be known to be.
        examples: Ids of the parameter (`list_examples`): what looks unlike them comes after known ids of this kind too,
            and a bare number is not offered where they are none.
    """
    kind = kind_of_parameter(name)
    others = set(kinds) - {kind}
    around = [_read_ids(message.text, isinstance(message, ToolMessage)) for message in transcript.around_question()]
    keyed = {found.value: found.kind for ids in reversed(around) for found in ids if found.is_keyed and found.kind}
    read = [replace(f, kind=keyed.get(f.value, f.kind)) for f in read_text_ids(transcript.question, is_request=True)]
    said, *known = [
        [f for f in ids if f.kind not in others and (not f.is_amount or f.kind == kind != "")]
        for ids in (read, *around)
    ]
    shapes = {_shape(example) for example in examples}
    likely = [f for f in said if f.kind == kind != "" or _looks_like_one(f, shapes, kind, known)]
    if likely:
        return _values(_of_kind(likely, kind) or likely)
    for ids in known:
        if matching := _of_kind(ids, kind):
            return _values(_best_described(matching, transcript))
    if possible := [found for found in said if not (shapes and found.value.isdigit())]:
        return _values(_of_kind(possible, kind) or possible)
    for ids in known:
        if possible := [f for f in ids if f.is_keyed or not f.value.isdigit()]:
            return _values(_best_described(possible, transcript))
    return []


def list_examples(schema: Mapping[str, object]) -> list[str]:
    """The ids that a parameter's schema gives as examples, in its description or by `examples`."""
    described = read_text_ids(str(schema.get("description", "")))
    given = [str(example) for example in as_array(schema.get("examples"))]
    return given or [found.value for found in described if not found.value.isdigit()]


def read_text_ids(text: str, *, is_request: bool = False) -> list[FoundId]:
    """The words of a text that look like ids: with a digit, and neither a date nor a price nor a length of time.

    Args:
        is_request: The first word says what to do, and not what an id is an id of: "Order sg-1."
    """
    found: list[FoundId] = []
    for match in _ID.finditer(text):
        value, before, behind = match.group(), text[: match.start()], text[match.end() :]
        if _NO_ID.fullmatch(value) or (value.isdigit() and _TIME_UNIT.match(behind)):
            continue
        kind = _kind_before(before, is_request)
        is_amount = value.isdigit() and (kind in _BEFORE_AMOUNTS or bool(_COUNTED.match(behind)))
        found.append(FoundId(value, kind, text, is_amount=is_amount))
    return found


def read_result_ids(result: str) -> list[FoundId]:
    """The values under keys `id` and `..._id` of a JSON result; the ids in its words where it is none."""
    try:
        content = json.loads(result)
    except ValueError:
        return read_text_ids(result)
    if isinstance(content, str):
        return read_text_ids(content)
    return [
        FoundId(str(value), kind_of_parameter(key), json.dumps(record, ensure_ascii=False), is_keyed=True)
        for record in _walk(content)
        for key, value in record.items()
        if is_id_parameter(key) and isinstance(value, str | int) and not isinstance(value, bool)
    ]


def _read_ids(text: str, is_result: bool) -> list[FoundId]:
    return read_result_ids(text) if is_result else read_text_ids(text)


def _looks_like_one(found: FoundId, shapes: Collection[str], kind: str, known: Iterable[Iterable[FoundId]]) -> bool:
    """Whether an id has a shape of the examples; without them, a number is measured by the known ids of its kind."""
    if shapes:
        return _shape(found.value) in shapes
    like = {_shape(f.value) for ids in known for f in ids if f.kind == kind != ""}
    return not found.value.isdigit() or not like or _shape(found.value) in like


def _shape(value: str) -> str:
    """How an id looks: the same for `bk-1` and `hat-27`, and for all long ones, whose letters and digits are random."""
    return "long" if len(value) >= _LONG else re.sub(r"[A-Za-z]+", "a", re.sub(r"\d+", "0", value))


def _of_kind(ids: Sequence[FoundId], kind: str) -> list[FoundId]:
    return [found for found in ids if found.kind == kind]


def _values(ids: Sequence[FoundId]) -> list[str]:
    return list(dict.fromkeys(found.value for found in ids))


def _best_described(ids: Sequence[FoundId], transcript: Transcript) -> Sequence[FoundId]:
    """The ids whose records share most words with what was said; the latest words decide, earlier ones break ties."""
    remaining = ids
    spoken = [m.text for m in reversed(transcript.earlier) if not isinstance(m, ToolMessage)]
    for text in (transcript.question, *spoken):
        words = _words_without_plural(text)
        overlaps = [len(words & _words_without_plural(found.record)) for found in remaining]
        remaining = [found for found, overlap in zip(remaining, overlaps, strict=True) if overlap == max(overlaps)]
    return remaining


def _kind_before(text: str, is_request: bool) -> str:
    words = re.findall(r"[A-Za-z]+", text.lower())
    while words and words[-1] in _FILLERS:
        words.pop()
    return words[-1].removesuffix("s") if len(words) > is_request else ""


def _words_without_plural(text: str) -> set[str]:
    return {word.removesuffix("s") for word in re.findall(r"[a-z0-9]{3,}", text.lower())}


def _walk(content: object) -> Iterable[Mapping[str, object]]:
    if is_object(content):
        yield content
    for child in content.values() if is_object(content) else as_array(content):
        yield from _walk(child)
