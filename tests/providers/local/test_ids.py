"""Which ids a parameter can mean: those said, those of what was spoken of, never those of another kind."""

import json
from collections.abc import Mapping, Sequence

import pytest
from anyassistant.protocols import AssistantMessage, ModelMessage, ToolMessage, UserMessage
from anyassistant.types import Text
from anyassistant_local.ids import find_ids, list_examples
from anyassistant_local.statements import parse_result, say_plainly
from anyassistant_local.transcript import split_conversation

HISTORY = '[{"item_id": "sg-1", "name": "Ray-Ban sunglasses"}, {"item_id": "hat-7", "name": "straw hat"}]'
KINDS = {"item", "order"}


def say(*texts: str, result: str | None = None) -> Sequence[ModelMessage]:
    messages: list[ModelMessage] = [
        AssistantMessage(text) if i % 2 else UserMessage([Text(text)]) for i, text in enumerate(texts)
    ]
    return messages if result is None else [*messages[:-1], ToolMessage("call_1", "tool", result), messages[-1]]


@pytest.mark.parametrize(
    ("messages", "name", "ids"),
    [
        (say("Order sg-1."), "item_id", ["sg-1"]),
        (say("Order item sg-1, not order ord-2."), "item_id", ["sg-1"]),
        (say("What is new on ticket number 4711?"), "ticket_id", ["4711"]),
        (say("I paid $12 on 2024-05-01."), "item_id", []),
        (say("My sunglasses?", "You bought Ray-Bans.", "Order them again.", result=HISTORY), "item_id", ["sg-1"]),
        (say("My hat?", "You bought a hat.", "Order it again.", result=HISTORY), "item_id", ["hat-7"]),
        (say("My hat?", "You bought a hat.", "Order it again.", result=HISTORY), "order_id", []),
        (say("Order.", "Done.", "Yes.", result='{"id": "ord-1", "item_id": "sg-1"}'), "order_id", ["ord-1"]),
        (say("Order.", "It is order ord-9 of item sg-1.", "Yes."), "orderId", ["ord-9"]),
        (say("Order.", "Done.", "Yes.", result="Order ord-3 is placed."), "order_id", ["ord-3"]),
    ],
)
def test_ids_are_told_apart_by_where_they_stand(messages: Sequence[ModelMessage], name: str, ids: list[str]) -> None:
    assert find_ids(split_conversation(messages), name, kinds=KINDS) == ids


BOOKS = '[{"book_id": "bk-1", "title": "Dracula"}]'
TICKETS = '[{"book_id": 52}]'


def after(result: str, text: str) -> Sequence[ModelMessage]:
    return say("Dracula?", "I found it.", text, result=result)


@pytest.mark.parametrize(
    ("messages", "examples", "ids"),
    [
        (after(BOOKS, "Lend it to me for 3 weeks."), ["bk-1"], ["bk-1"]),
        (after(BOOKS, "Lend it to me for 3 weeks."), [], ["bk-1"]),
        (after(BOOKS, "Lend me number 3."), [], ["bk-1"]),
        (after(BOOKS, "Lend me book 3."), ["bk-1"], ["3"]),
        (after(BOOKS, "Lend me bk-9 as mp3."), ["bk-1"], ["bk-9"]),
        (after(BOOKS, "Lend it to me as mp3."), ["bk-1"], ["bk-1"]),
        (after(BOOKS, "Lend me XY77."), [], ["XY77"]),
        (after(TICKETS, "Lend me 53."), [], ["53"]),
        (after(TICKETS, "Lend it to me for 3 weeks."), [], ["52"]),
        (say("Lend me the 2nd one."), [], []),
        (say("I would like 3 novels."), [], []),
        (say("Lend me 17."), [], ["17"]),
        (say("Lend me 17."), ["bk-1"], []),
    ],
)
def test_a_number_is_no_id_where_an_id_is_known(
    messages: Sequence[ModelMessage], examples: Sequence[str], ids: list[str]
) -> None:
    assert find_ids(split_conversation(messages), "book_id", kinds={"book", "loan"}, examples=examples) == ids


@pytest.mark.parametrize(
    ("schema", "examples"),
    [
        ({"description": "The book, such as bk-1."}, ["bk-1"]),
        ({"description": "The book.", "examples": ["12"]}, ["12"]),
        ({"description": "One of 100 books."}, []),
        ({}, []),
    ],
)
def test_a_schema_gives_examples_of_ids(schema: Mapping[str, object], examples: list[str]) -> None:
    assert list_examples(schema) == examples


LIBRARY = json.dumps(
    [
        {"book_id": "bk-1", "title": "Dune", "author": "Frank Herbert"},
        {"book_id": "bk-2", "title": "Emma", "author": "Jane Austen"},
        {"book_id": "bk-3", "title": "Dune Messiah", "author": "Frank Herbert"},
        {"book_id": "bk-4", "title": "The Book Thief", "author": "Markus Zusak"},
        {"book_id": "bk-5", "title": "Catch-22", "author": "Joseph Heller"},
        {"book_id": "bk-6", "title": "1984", "author": "George Orwell"},
    ]
)
LINES = "bk-1: Dune\nbk-2: Emma\nbk-3: Dune Messiah"
WITHOUT_KIND = '{"results": [{"id": "bk-1", "title": "Dune"}, {"id": "bk-2", "title": "Emma"}]}'


def turn(text: str, result: str, *, tool: str = "list_books") -> list[ModelMessage]:
    """One turn as the embedded model leaves it: what a tool gave stands in the answer once more."""
    answer = say_plainly([parse_result(result)], tool=tool)
    return [
        UserMessage([Text(text)]),
        AssistantMessage(""),
        ToolMessage("call_1", tool, result),
        AssistantMessage(answer),
    ]


def find_book(*earlier: Sequence[ModelMessage], request: str, name: str = "book_id") -> list[str]:
    messages = [message for messages in earlier for message in messages]
    return find_ids(split_conversation([*messages, UserMessage([Text(request)])]), name, kinds={"book", "loan"})


@pytest.mark.parametrize(
    ("request_", "ids"),
    [
        ("Reserve Emma.", ["bk-2"]),
        ("Reserve the book Emma please.", ["bk-2"]),
        ("reserve emma", ["bk-2"]),
        ("Reserve the one by Jane Austen.", ["bk-2"]),
        ("Reserve Dune.", ["bk-1"]),
        ("Reserve Dune Messiah.", ["bk-3"]),
        ("Reserve The Book Thief.", ["bk-4"]),
        ("Reserve Catch-22.", ["bk-5"]),
        ("Reserve the book 1984.", ["bk-6"]),
        ("Reserve Emma for 3 weeks.", ["bk-2"]),
        ("Reserve bk-1 and not Emma.", ["bk-1"]),
        ("Reserve bk-9.", ["bk-9"]),
        ("Reserve the one by Frank Herbert.", ["bk-1", "bk-3"]),
    ],
)
def test_the_record_counts_whose_words_are_spoken_of(request_: str, ids: list[str]) -> None:
    assert find_book(turn("List the books.", LIBRARY), request=request_) == ids


@pytest.mark.parametrize(
    "result",
    [
        LINES,
        json.dumps(LINES),
        "There are Dune (bk-1), Emma (bk-2) and Dune Messiah (bk-3).",
        '["Dune (bk-1)", "Emma (bk-2)"]',
        '{"bk-1": "Dune", "bk-2": "Emma"}',
        WITHOUT_KIND,
        '[{"book_id": "bk-1", "book": {"name": "Dune"}}, {"book_id": "bk-2", "book": {"name": "Emma"}}]',
        '[{"bookId": "bk-1", "about": ["Dune"]}, {"bookId": "bk-2", "about": ["Emma"]}]',
    ],
)
@pytest.mark.parametrize(("request_", "ids"), [("Reserve Emma.", ["bk-2"]), ("Reserve Dune.", ["bk-1"])])
def test_records_are_told_apart_in_whatever_form_a_tool_gives_them(result: str, request_: str, ids: list[str]) -> None:
    assert find_book(turn("List the books.", result), request=request_) == ids


@pytest.mark.parametrize("books", [LIBRARY, LINES, WITHOUT_KIND])
@pytest.mark.parametrize(
    "reserved",
    [
        "Book bk-2 is reserved.",
        '{"book_id": "bk-2", "status": "reserved"}',
        '{"book_id": "bk-2", "title": "Emma", "reserved_for": "Ann Lee"}',
    ],
)
@pytest.mark.parametrize(
    ("request_", "ids"),
    [
        ("Reserve Dune.", ["bk-1"]),
        ("Reserve Dune for Ann Lee.", ["bk-1"]),
        ("Reserve it for longer.", ["bk-2"]),
        ("Reserve the book again.", ["bk-2"]),
    ],
)
def test_what_is_spoken_of_is_found_in_any_earlier_turn_and_else_in_the_latest(
    books: str, reserved: str, request_: str, ids: list[str]
) -> None:
    earlier = [turn("List the books.", books), turn("Reserve Emma.", reserved, tool="reserve_book")]

    assert find_book(*earlier, request=request_) == ids


def test_what_was_listed_again_counts_as_it_was_listed_last() -> None:
    again = turn("List them again.", '[{"book_id": "bk-7", "title": "Emma"}, {"book_id": "bk-1", "title": "Dune"}]')

    assert find_book(turn("List the books.", LIBRARY), again, request="Reserve Emma.") == ["bk-7"]


def test_an_answer_that_reads_out_every_record_speaks_of_none() -> None:
    listed = turn(
        "List the books.", '[{"book_id": "bk-1", "title": "Emma"}, {"book_id": "bk-2", "title": "Moby Dick"}]'
    )

    assert find_book(listed, request="Reserve it.") == ["bk-1", "bk-2"]


def test_a_name_leads_to_no_id_of_another_kind() -> None:
    loans = turn("List my loans.", '[{"loan_id": "ln-1", "title": "Emma"}, {"loan_id": "ln-2", "title": "Dune"}]')

    assert find_book(loans, request="Reserve Dune.") == []
    assert find_book(turn("List the books.", LIBRARY), loans, request="Reserve Dune.") == ["bk-1"]
    assert find_book(turn("List the books.", LIBRARY), loans, request="Renew Dune.", name="loan_id") == ["ln-2"]


def test_where_no_record_is_spoken_of_all_of_the_latest_are_left() -> None:
    assert find_book(turn("List the books.", LINES), request="Reserve Ulysses.") == ["bk-1", "bk-2", "bk-3"]
