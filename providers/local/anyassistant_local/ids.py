"""Which of the ids of a conversation a parameter could mean: pure functions.

Ids are what a model this small gets wrong most often and what matters most, so code finds them, and where a result
tells of several things, code chooses the one that the user speaks of.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from anyassistant.protocols import ToolMessage, UserMessage

from .found_ids import FoundId, read_result_ids, read_text_ids, shape_of_id
from .json_values import as_array
from .names import kind_of_parameter
from .records import rate_mention
from .transcript import Transcript


def find_ids(transcript: Transcript, name: str, *, kinds: Iterable[str], examples: Iterable[str] = ()) -> list[str]:
    """The ids that a parameter could mean, each once; none where the conversation has none.

    What the user just said goes before what was said earlier: an id itself, else words of a result's record, however
    long ago the result came. Then the latest message counts that has an id, and the right kind before an unknown one.
    A number that the user does not call an id of this kind comes after the known ids of this kind, unless these are
    numbers too; a number that counts something is none, and ids of another kind are never offered.

    Args:
        kinds: The kinds of all id parameters of all tools: what an id can be known to be.
        examples: Ids of the parameter (`list_examples`): what looks unlike them comes after known ids of this kind too,
            and a bare number is not offered where they are none.
    """
    kind = kind_of_parameter(name)
    others = set(kinds) - {kind}
    messages = transcript.around_question()
    around = _settle_kinds([_read_ids(m.text, isinstance(m, ToolMessage)) for m in messages], {kind, *others} - {""})
    keyed = {found.value: found.kind for ids in reversed(around) for found in ids if found.is_keyed and found.kind}
    read = [replace(f, kind=keyed.get(f.value, f.kind)) for f in read_text_ids(transcript.question, is_request=True)]
    said, *known = [
        [f for f in ids if f.kind not in others and (not f.is_amount or f.kind == kind != "")]
        for ids in (read, *around)
    ]
    in_results = [ids for message, ids in zip(messages, known, strict=True) if isinstance(message, ToolMessage)]
    said = [f for f in said if not _is_part_of_name(f, in_results, kind)]
    shapes = {shape_of_id(example) for example in examples}
    likely = [f for f in said if f.kind == kind != "" or _looks_like_one(f, shapes, kind, known)]
    if likely:
        return _values(_of_kind(likely, kind) or likely)
    if spoken_of := _find_spoken_of(in_results, transcript.question, kind):
        return _values(spoken_of)
    for ids in known:
        if matching := _of_kind(ids, kind):
            return _values(_best_described(matching, transcript, kind))
    if possible := [found for found in said if not (shapes and found.value.isdigit())]:
        return _values(_of_kind(possible, kind) or possible)
    for ids in known:
        if possible := _leave_out_bare_numbers(ids):
            return _values(_best_described(possible, transcript, kind))
    return []


def list_examples(schema: Mapping[str, object]) -> list[str]:
    """The ids that a parameter's schema gives as examples, in its description or by `examples`."""
    described = read_text_ids(str(schema.get("description", "")))
    given = [str(example) for example in as_array(schema.get("examples"))]
    return given or [found.value for found in described if not found.value.isdigit()]


def _read_ids(text: str, is_result: bool) -> list[FoundId]:
    return read_result_ids(text) if is_result else read_text_ids(text)


def _settle_kinds(around: Sequence[Sequence[FoundId]], kinds: Collection[str]) -> list[list[FoundId]]:
    """Gives ids of unknown kind the one that they, or others like them in the same message, are known to have."""
    known = {found.value: found.kind for ids in reversed(around) for found in ids if found.kind in kinds}
    settled: list[list[FoundId]] = []
    for ids in around:
        by_family: dict[str, set[str]] = {}
        for found in ids:
            if _has_open_kind(found, kinds) and found.value in known:
                by_family.setdefault(_family(found), set()).add(known[found.value])
        only = {family: of_family.pop() for family, of_family in by_family.items() if len(of_family) == 1}
        settled.append([replace(f, kind=only.get(_family(f), f.kind)) if _has_open_kind(f, kinds) else f for f in ids])
    return settled


def _has_open_kind(found: FoundId, kinds: Collection[str]) -> bool:
    """Whether the place of an id does not tell its kind: a key `id`, or any word before it in a text."""
    return not found.kind if found.is_keyed else found.kind not in kinds


def _family(found: FoundId) -> str:
    """What ids of one kind have in common within a message: their key `id`; in a text, which has no keys, letters."""
    return "" if found.is_keyed else re.sub(r"\d+", "0", found.value)


def _is_part_of_name(said: FoundId, in_results: Sequence[Sequence[FoundId]], kind: str) -> bool:
    """Whether what looks like an id is a word of what something is called: `Catch-22`, `1984`."""
    found = [f for ids in in_results for f in ids]
    if any(f.value == said.value for f in [*_of_kind(found, kind), *_leave_out_bare_numbers(found)]):
        return False
    return any(_is_word_of(said.value, name) for f in found for name in f.record.names)


def _looks_like_one(found: FoundId, shapes: Collection[str], kind: str, known: Iterable[Iterable[FoundId]]) -> bool:
    """Whether an id has a shape of the examples; without them, a number is measured by the known ids of its kind."""
    if shapes:
        return shape_of_id(found.value) in shapes
    like = {shape_of_id(f.value) for ids in known for f in ids if f.kind == kind != ""}
    return not found.value.isdigit() or not like or shape_of_id(found.value) in like


def _find_spoken_of(in_results: Sequence[Sequence[FoundId]], text: str, kind: str) -> list[FoundId]:
    """The ids of the records that a text speaks of most clearly, of the latest result with such; empty without one."""
    of_kind = [_of_kind(ids, kind) for ids in in_results]
    pool = of_kind if any(of_kind) else [_leave_out_bare_numbers(ids) for ids in in_results]
    rated = [
        (found, (mention, -age))
        for age, ids in enumerate(pool)
        for found in ids
        if (mention := rate_mention(found.record, text, kind=kind))
    ]
    best = max((rating for _, rating in rated), default=None)
    return [found for found, rating in rated if rating == best]


def _best_described(ids: Sequence[FoundId], transcript: Transcript, kind: str) -> Sequence[FoundId]:
    """The ids whose records were spoken of most clearly; the latest words decide, earlier ones break ties."""
    remaining = ids
    texts = [(transcript.question, True)]
    texts += [
        (m.text, isinstance(m, UserMessage)) for m in reversed(transcript.earlier) if not isinstance(m, ToolMessage)
    ]
    for text, is_by_user in texts:
        reads_out = not is_by_user and all(rate_mention(found.record, text, kind=kind) for found in remaining)
        if not reads_out:
            remaining = _find_spoken_of([remaining], text, kind) or remaining
    return remaining


def _leave_out_bare_numbers(ids: Sequence[FoundId]) -> list[FoundId]:
    return [found for found in ids if found.is_keyed or not found.value.isdigit()]


def _of_kind(ids: Sequence[FoundId], kind: str) -> list[FoundId]:
    return [found for found in ids if found.kind == kind]


def _values(ids: Sequence[FoundId]) -> list[str]:
    return list(dict.fromkeys(found.value for found in ids))


def _is_word_of(word: str, name: str) -> bool:
    return re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", name, re.IGNORECASE) is not None
