"""An answer that says what a tool has found: written by the model, checked against the data."""

import json
import re
from collections.abc import Sequence

from anyassistant.protocols import ToolMessage

from .engine import Engine
from .transcript import to_one_line

DEMONSTRATIONS = (
    (
        "When does the next train to Leeds leave?",
        '[{"train": "IC 204", "to": "Leeds", "departs": "14:05", "platform": 3}]',
        "The next train to Leeds, IC 204, leaves at 14:05 from platform 3.",
    ),
    (
        "Please reserve the blue room for Monday.",
        '{"reservation": "R-17", "room": "blue", "day": "Monday"}',
        "I have reserved the blue room for Monday, reservation R-17.",
    ),
    ("How tall is the church tower?", "52 metres", "The church tower is 52 metres tall."),
)
MAX_DATA_CHARACTERS = 1200
MAX_ANSWER_TOKENS = 80


async def answer_from_results(engine: Engine, question: str, results: Sequence[ToolMessage]) -> str:
    """One sentence that answers the question from the results; the data in plain words where the model invents."""
    failed = [result for result in results if result.is_error]
    if failed:
        return f"That did not work: {to_one_line(failed[-1].text)}"
    data = " ".join(to_one_line(result.text) for result in results)
    sentence = await _write_answer(engine, question, data[:MAX_DATA_CHARACTERS])
    if sentence and is_supported(sentence, f"{question} {data}"):
        return sentence
    return say_plainly(results)


async def _write_answer(engine: Engine, question: str, data: str) -> str:
    shown = "".join(f"Question: {q}\nData: {d}\nAnswer: {a}\n\n" for q, d, a in DEMONSTRATIONS)
    body = {
        "prompt": f"{shown}Question: {question}\nData: {data}\nAnswer:",
        "n_predict": MAX_ANSWER_TOKENS,
        "temperature": 0,
        "stop": ["\n"],
    }
    return cut_after_first_sentence("".join([str(e.get("content", "")) async for e in engine.complete(body)]))


def cut_after_first_sentence(text: str) -> str:
    """The first sentence; a full stop inside a number, a name or an abbreviation such as `Mr.` does not end it."""
    text = text.strip()
    ending = re.search(r"(?<!\b[A-Z])(?<!\b(?:Mr|Dr|St|No))[.!?](?=\s|$)", text)
    return text[: ending.end()] if ending else text


def is_supported(sentence: str, source: str) -> bool:
    """Whether every number, id and name of a sentence occurs in its source."""
    known = set(_facts(source, first_word=True)) | set(re.findall(r"[\w]+", source.lower()))
    return all(fact in known for fact in _facts(sentence, first_word=False))


def say_plainly(results: Sequence[ToolMessage]) -> str:
    """The data itself, in as many words as it needs."""
    said = "; ".join(_say(_parse(result.text)) for result in results)
    return f"Here is what I found: {said}." if said else "That is done."


def _facts(text: str, *, first_word: bool) -> list[str]:
    """Words with a digit, and capitalised words beyond the sentence's first, in lower case."""
    words = re.findall(r"[\w][\w'.:-]*[\w]|[\w]", text)
    return [
        part
        for i, word in enumerate(words)
        if any(c.isdigit() for c in word) or (word[:1].isupper() and (i > 0 or first_word) and word != "I")
        for part in re.findall(r"\w+", word.lower())
    ]


def _parse(text: str) -> object:
    try:
        value: object = json.loads(text)
    except ValueError:
        return text
    return value


def _say(value: object) -> str:
    match value:
        case dict():
            return ", ".join(f"{str(key).replace('_', ' ')} {_say(child)}" for key, child in value.items())
        case list():
            return "; ".join(_say(child) for child in value) or "nothing"
        case None:
            return "nothing"
        case bool():
            return "yes" if value else "no"
        case _:
            return to_one_line(str(value)).rstrip(".")
