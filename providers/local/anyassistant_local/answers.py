"""An answer that says what a tool has found: written by the model, checked against the data.

A model this small names a wrong fact in one answer of three. What it writes is only said where it holds against the
data; everywhere else the data is read out, which is plain and true.
"""

import re
from collections.abc import Sequence
from contextlib import aclosing

from anyassistant.protocols import ToolMessage
from pydantic_core import to_json

from .engine import Engine
from .statements import (
    content_words,
    describe,
    find_facts,
    is_sentence,
    list_indispensable,
    parse_result,
    say_plainly,
    select_records,
)
from .transcript import to_one_line

DEMONSTRATIONS = (
    (
        "Which train did I take to Leeds in May?",
        '[{"train": "IC 204", "to": "Leeds", "price": "$31", "date": "2023-05-14"}]',
        "You took the train IC 204 to Leeds on 2023-05-14 for $31.",
    ),
    (
        "Please reserve the blue room for Monday.",
        '{"reservation_id": "R-17", "room": "blue", "day": "Monday", "fee": "$9"}',
        "I have reserved the blue room for Monday, reservation R-17, for $9.",
    ),
    ("Is the library open now?", '{"open": true, "closes": "18:00"}', "Yes, the library is open and closes at 18:00."),
    ("How tall is the church tower?", "52 metres", "The church tower is 52 metres tall."),
    ("Yes, cancel it.", '{"reservation_id": "R-17", "state": "cancelled"}', "The reservation R-17 is cancelled."),
)
MAX_DATA_CHARACTERS = 600
"""More than that, and the model loses the thread: it is read out."""

MAX_ANSWER_TOKENS = 80
"""One sentence is not longer."""

MIN_GROUNDED_SHARE = 0.75
"""Of an answer's words so many must come from the question or the data."""

_NEGATIONS = re.compile(r"\b(?:no|not|never|none|nothing|neither|cannot|\w+n't)\b", re.IGNORECASE)


async def answer_from_results(engine: Engine, question: str, results: Sequence[ToolMessage]) -> str:
    """One sentence that answers the question from the results; the data in plain words where the model invents.

    Raises:
        ProviderError: As for every call of an `Engine`.
    """
    failed = [result for result in results if result.is_error]
    if failed:
        return f"That did not work: {to_one_line(failed[-1].text)}"
    found = [select_records(parse_result(result.text), question) for result in results]
    plain = say_plainly(found, tool=results[-1].name)
    data = " ".join(to_one_line(value if isinstance(value, str) else to_json(value).decode()) for value in found)
    if all(is_sentence(describe(value)) for value in found) or len(data) > MAX_DATA_CHARACTERS:
        return plain
    sentence = await _write_answer(engine, question, data)
    return sentence if is_supported(sentence, question, data, indispensable=list_indispensable(found)) else plain


def is_supported(sentence: str, question: str, data: str, *, indispensable: Sequence[str] = ()) -> bool:
    """Whether a sentence answers a question with the data and nothing else.

    Its numbers, ids and names occur in the question or the data, and so do most of its words; it says something of the
    data that the question did not, leaves out nothing indispensable, and denies nothing that the data does not deny.
    """
    source = f"{question} {data}"
    words, new = content_words(sentence), content_words(data) - content_words(question)
    return (
        bool(words)
        and set(find_facts(sentence, skip_first_word=True))
        <= {word.lstrip("0") for word in re.findall(r"\w+", source.lower())}
        and len(words & content_words(source)) >= MIN_GROUNDED_SHARE * len(words)
        and (not new or bool(words & new))
        and all(value.lower() in sentence.lower() for value in indispensable)
        and (not _NEGATIONS.search(sentence) or bool(_NEGATIONS.search(source)))
    )


def cut_after_first_sentence(text: str) -> str:
    """The first sentence; a full stop inside a number or after an initial or `Mr` does not end it."""
    text = text.strip()
    ending = re.search(r"(?<!\b[A-Z])(?<!\bMr)(?<!\bDr)(?<!\bSt)(?<!\bNo)[.!?](?=\s|$)", text)
    return text[: ending.end()] if ending else text


async def _write_answer(engine: Engine, question: str, data: str) -> str:
    shown = "".join(f"Question: {q}\nData: {d}\nAnswer: {a}\n\n" for q, d, a in DEMONSTRATIONS)
    body = {
        "prompt": f"{shown}Question: {question}\nData: {data}\nAnswer:",
        "n_predict": MAX_ANSWER_TOKENS,
        "temperature": 0,
        "stop": ["\n"],
    }
    async with aclosing(engine.complete(body)) as events:
        return cut_after_first_sentence("".join([str(event.get("content", "")) async for event in events]))
