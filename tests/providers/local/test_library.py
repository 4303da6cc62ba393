"""A library on the embedded model: an id is one that somebody has named, or it is asked for."""

from collections.abc import Callable, Sequence

import pytest
from anyassistant import Client


def search_books(title: str) -> list[dict[str, str]]:
    """Search for books by their title."""
    return [{"book_id": "bk-1", "title": title, "author": "Bram Stoker"}]


def list_books() -> list[dict[str, str]]:
    """List the books."""
    return [
        {"book_id": "bk-1", "title": "Dune"},
        {"book_id": "bk-2", "title": "Emma"},
        {"book_id": "bk-3", "title": "Moby Dick"},
    ]


def list_titles() -> str:
    """List the books."""
    return "bk-1: Dune\nbk-2: Emma\nbk-3: Moby Dick"


def reserve_book(book_id: str) -> str:
    """Reserve a book."""
    return f"Book {book_id} is reserved."


def lend_book(book_id: str, weeks: int = 2) -> dict[str, object]:
    """Lend a book.

    Args:
        book_id: The book, such as bk-1.
        weeks: For how long.
    """
    return {"loan_id": "ln-7", "book_id": book_id, "weeks": weeks}


def return_book(loan_id: str) -> str:
    """Return a book."""
    return f"Loan {loan_id} is over."


def converse(*texts: str, tools: Sequence[Callable[..., object]] = (search_books, lend_book, return_book)) -> list[str]:
    """The answers to the texts."""
    answers: list[str] = []
    with Client("local", store=":memory:") as client:
        assistant = client.assistants.create(name="Librarian", tools=tools)
        thread = client.threads.create()
        for text in texts:
            thread.add(text)
            answers.append(thread.run(assistant, temperature=0).result().text)
    return answers


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("request_", ["Please lend it to me for 3 weeks.", "Please lend me the book for 3 weeks."])
def test_the_book_that_was_found_is_lent_and_not_the_number_of_weeks(request_: str) -> None:
    answer = converse("Do you have Dracula?", request_)[-1]

    assert "bk-1" in answer
    assert "ln-7" in answer


@pytest.mark.usefixtures("engine")
def test_an_id_that_nobody_has_named_is_asked_for() -> None:
    assert converse("I want to return a book.")[-1] == "Please tell me the id of the loan."


@pytest.mark.usefixtures("engine")
def test_the_id_that_was_asked_for_is_taken() -> None:
    assert converse("I want to return a book.", "Return loan ln-7.")[-1] == "Loan ln-7 is over."


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("listing", [list_books, list_titles])
def test_the_book_that_is_spoken_of_is_reserved_turn_after_turn(listing: Callable[[], object]) -> None:
    said = ["List the books.", "Reserve Emma.", "Reserve the book Moby Dick please."]

    _, emma, moby_dick = converse(*said, tools=[listing, reserve_book])

    assert emma == "Book bk-2 is reserved."
    assert moby_dick == "Book bk-3 is reserved."
