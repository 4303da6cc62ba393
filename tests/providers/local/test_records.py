"""How clearly a message speaks of a record."""

import pytest
from anyassistant_local.records import Mention, Record, rate_mention, read_record

DUNE = {"book_id": "bk-1", "title": "Dune", "shelf": {"number": 120, "free": True}, "tags": ["desert", None]}


def test_a_record_is_all_that_lies_in_an_object_and_its_name_is_under_a_key_that_says_so() -> None:
    assert read_record(DUNE) == Record(names=["Dune"], values=["bk-1", "Dune", "120", "desert"])
    assert read_record({"loan_id": "ln-1", "book": {"fullName": "Dune"}}).names == ["Dune"]
    assert read_record({"city": "Oslo"}).names == []


@pytest.mark.parametrize(
    ("text", "mention"),
    [
        ("Reserve Dune.", Mention(True, 1, 1.0)),
        ("The dunes of the desert", Mention(True, 2, 1.0)),
        ("The one with the desert", Mention(False, 1, 1.0)),
        ("The book, please.", None),
        ("", None),
    ],
)
def test_a_message_speaks_of_a_record_by_its_words(text: str, mention: Mention | None) -> None:
    assert rate_mention(read_record(DUNE), text, kind="book") == mention


def test_what_all_records_are_speaks_of_none() -> None:
    thief = read_record({"title": "The Book Thief"})

    assert rate_mention(thief, "Reserve the book.", kind="book") is None
    assert rate_mention(thief, "Reserve the book.", kind="") == Mention(False, 1, 0.5)
    assert rate_mention(thief, "Reserve the thief.", kind="book") == Mention(True, 1, 1.0)


@pytest.mark.parametrize(
    ("text", "clearer", "vaguer"),
    [
        ("Reserve Dune.", {"title": "Dune"}, {"title": "Dune Messiah"}),
        ("Reserve Dune Messiah.", {"title": "Dune Messiah"}, {"title": "Dune"}),
        ("Reserve Dune for Ann Lee.", {"title": "Dune"}, {"title": "Emma", "reserved_for": "Ann Lee"}),
        ("The flight to York.", {"to": "York"}, {"to": "New York"}),
        ("The flight from Oslo to York.", {"from": "Oslo", "to": "York"}, {"from": "Rome", "to": "York"}),
    ],
)
def test_a_whole_name_is_clearer_than_many_words_and_many_than_few(
    text: str, clearer: dict[str, object], vaguer: dict[str, object]
) -> None:
    first, second = (rate_mention(read_record(record), text, kind="") for record in (clearer, vaguer))

    assert first is not None
    assert second is not None
    assert first > second
