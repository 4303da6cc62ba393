"""What is said of an id, and how clearly a message speaks of it: pure functions."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from .json_values import as_array, is_array, is_object
from .names import split_name
from .statements import NAMING_KEYS, content_words

_CUTS = tuple(map(re.compile, (r"\n\s*\n", r"\n", r";", r"(?<=[.!?])\s", r",|\b(?:and|or)\b")))
"""Where a text that tells of several things is cut, the clearest first."""


@dataclass(frozen=True, slots=True)
class Record:
    """What is said around an id.

    Attributes:
        names: What it is called: its title, its name. Nothing where its keys do not tell.
        values: All that is said, the names among it.
    """

    names: Sequence[str]
    values: Sequence[str]


class Mention(NamedTuple):
    """How clearly a message speaks of a record; of two, the greater one is the clearer."""

    is_named: bool
    """A whole name was said: `Dune` of `Dune`, and not of `Dune Messiah`."""
    shared_words: int
    largest_share: float
    """Of the value of which most was said, how much."""


def read_record(content: Mapping[str, object]) -> Record:
    """The record that a JSON object is, with what lies in it."""
    leaves = list(_leaves(content, key=""))
    return Record(
        names=[value for key, value in leaves if split_name(key)[-1] in NAMING_KEYS],
        values=[value for _, value in leaves],
    )


def read_text_record(text: str, start: int, end: int, *, others: Collection[int]) -> Record:
    """What a text says around `text[start:end]`: the part that holds it and none of the positions of others."""
    first, last = 0, len(text)
    for cut in _CUTS:
        if not any(first <= other < last for other in others):
            break
        found = [match.span() for match in cut.finditer(text, first, last)]
        first = max((after for _, after in found if after <= start), default=first)
        last = min((before for before, _ in found if before >= end), default=last)
    return Record(names=[f"{text[first:start]} {text[end:last]}"], values=[text[first:last]])


def rate_mention(record: Record, text: str, *, kind: str) -> Mention | None:
    """How clearly a text speaks of a record; None where they share no word.

    Args:
        kind: What the record is, in words that tell no record from another: "the book" is each of them.
    """
    generic = content_words(kind.replace("_", " "))
    said = content_words(text) - generic
    names, values = ([content_words(text) - generic for text in texts] for texts in (record.names, record.values))
    shared = said & set[str]().union(*values)
    if not shared:
        return None
    return Mention(
        is_named=any(name and name <= said for name in names),
        shared_words=len(shared),
        largest_share=max(len(said & value) / len(value) for value in values if value),
    )


def _leaves(content: object, key: str) -> Iterator[tuple[str, str]]:
    """The values of a JSON document that are no containers, as text, each with the key above it."""
    if is_object(content):
        for name, child in content.items():
            yield from _leaves(child, name)
    elif is_array(content):
        for child in as_array(content):
            yield from _leaves(child, key)
    elif content is not None and not isinstance(content, bool):
        yield key, str(content)
