"""What a tool gave, in plain words: pure functions, true by construction."""

import json
import re
from collections.abc import Iterable, Sequence

from .json_values import as_array, is_array, is_object
from .transcript import to_one_line

NAMING_KEYS = ("name", "title", "label", "subject")
"""Keys of a record under which it says what it is called."""

_FINDING_VERBS = frozenset(
    {"get", "list", "search", "find", "show", "read", "look", "lookup", "fetch", "check", "query"}
)
_MIN_SENTENCE_WORDS = 3


def parse_result(text: str) -> object:
    """The JSON of a result, or its text where it is none."""
    try:
        value: object = json.loads(text)
    except ValueError:
        return text
    return value


def select_records(result: object, question: str) -> object:
    """Of a list of records those that share most words with the question; all where none shares any."""
    if not is_array(result) or len(result) < 2:
        return result
    words = content_words(question)
    overlaps = [len(words & content_words(describe(record))) for record in result]
    best = max(overlaps)
    return [record for record, overlap in zip(result, overlaps, strict=True) if overlap == best]


def say_plainly(results: Iterable[object], *, tool: str) -> str:
    """The data itself: a sentence stays as it is, anything else is read out.

    Args:
        tool: The name of the tool that gave them, which tells finding from doing.
    """
    said = [describe(result) for result in results if result is not None]
    if not said:
        return "Done."
    if all(is_sentence(text) for text in said):
        return " ".join(said)
    opening = "I found" if tool.lower().split("_")[0] in _FINDING_VERBS else "Done"
    return f"{opening}: {'; '.join(text.rstrip('.') for text in said)}."


def is_sentence(text: str) -> bool:
    """Whether a text speaks for itself."""
    return text[-1:] in (".", "!", "?") and len(text.split()) >= _MIN_SENTENCE_WORDS


def describe(value: object) -> str:
    """A JSON value in words: `straw hat (item id hat-7, price $25)`."""
    if is_object(value):
        naming = next((key for key in NAMING_KEYS if isinstance(value.get(key), str)), None)
        rest = ", ".join(f"{key.replace('_', ' ')} {describe(child)}" for key, child in value.items() if key != naming)
        if naming is None:
            return rest
        return f"{describe(value[naming])} ({rest})" if rest else describe(value[naming])
    if is_array(value):
        return "; ".join(map(describe, value)) or "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "nothing" if value is None else to_one_line(str(value))


def list_indispensable(value: object) -> list[str]:
    """What an answer must not leave out: ids, which the next message may be about, and the items of a plain list."""
    own: list[str] = []
    if is_object(value):
        own = [str(v) for key, v in value.items() if key.split("_")[-1] == "id" and isinstance(v, str | int)]
    elif is_array(value):
        own = [str(item) for item in value if isinstance(item, str | int | float)]
    children = value.values() if is_object(value) else as_array(value)
    return own + [found for child in children for found in list_indispensable(child)]


def content_words(text: str) -> set[str]:
    """The words of a text that carry its meaning, in lower case, without the plural's ending."""
    return {word.removesuffix("s") for word in re.findall(r"\w{3,}", text.lower())} - _FUNCTION_WORDS


_FUNCTION_WORDS = frozenset(
    """the and are was were has have had that this these those for with from its you your yes not what which who how can
    could would will shall please did does there here into any all been""".split()  # noqa: SIM905  # sixty words, one to a line
)


def find_facts(text: str, *, skip_first_word: bool = False) -> Sequence[str]:
    """What could be wrong in a sentence: its words with a digit and its names, in lower case, without leading zeros."""
    words = re.findall(r"\w[\w'.:,-]*\w|\w", text)
    facts = [
        word
        for i, word in enumerate(words)
        if any(character.isdigit() for character in word)
        or (word[:1].isupper() and word != "I" and not (skip_first_word and i == 0))
    ]
    return [part.lstrip("0") for fact in facts for part in re.findall(r"\w+", fact.lower())]
