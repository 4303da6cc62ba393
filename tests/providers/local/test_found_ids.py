"""What in a text or a result is an id, and which part of it is said of the id."""

import pytest
from anyassistant_local.found_ids import read_result_ids, read_text_ids


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("bk-1: Dune", ["bk-1"]),
        ("Dune (bk-1), Emma [bk-2], **bk-3**", ["bk-1", "bk-2", "bk-3"]),
        ("It is bk-1.", ["bk-1"]),
        ("From 7:30 to 8.5, about 12%, for $20.", []),
        ("On 2024-05-01 at 3 pm, the 2nd of 4 days.", ["3"]),
        ("A word-without a digit.", []),
    ],
)
def test_an_id_is_a_whole_word_with_a_digit(text: str, ids: list[str]) -> None:
    assert [found.value for found in read_text_ids(text)] == ids


@pytest.mark.parametrize(
    "text",
    [
        "bk-1 Dune\nbk-2 Emma",
        "Id: bk-1\nTitle: Dune\n\nId: bk-2\nTitle: Emma",
        "Dune (bk-1); Emma (bk-2)",
        "There is Dune, 1965, which is bk-1. There is Emma, 1815, which is bk-2.",
        "Dune (bk-1) and Emma (bk-2)",
        "1. Dune, 1965 (bk-1)\n2. Emma, 1815 (bk-2)",
    ],
)
def test_a_text_says_of_an_id_what_no_other_id_comes_between(text: str) -> None:
    said = {found.value: found.record.values[0] for found in read_text_ids(text)}

    assert "Dune" in said["bk-1"]
    assert "Emma" not in said["bk-1"]
    assert "Emma" in said["bk-2"]
    assert "Dune" not in said["bk-2"]


def test_what_a_text_says_of_no_id_in_particular_is_said_of_none() -> None:
    said = [found.record.values[0] for found in read_text_ids("Dune\nbk-1\nEmma\nbk-2")]

    assert said == ["bk-1", "bk-2"]


@pytest.mark.parametrize(
    ("result", "ids"),
    [
        ('{"book_id": "bk-1", "loan": {"id": 7}, "is_id": true}', [("bk-1", "book"), ("7", "")]),
        ('"Book bk-1 is lent."', [("bk-1", "book")]),
        ('["Dune bk-1"]', [("bk-1", "dune")]),
        ("Book bk-1 is lent.", [("bk-1", "book")]),
        ("[]", []),
        ("true", []),
    ],
)
def test_a_result_tells_by_its_keys_what_an_id_is_an_id_of_and_else_by_its_words(
    result: str, ids: list[tuple[str, str]]
) -> None:
    assert [(found.value, found.kind) for found in read_result_ids(result)] == ids
