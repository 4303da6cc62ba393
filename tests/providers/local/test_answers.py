"""What is said of a tool's result, and what is not said because it does not hold."""

import tomllib
from pathlib import Path

import pytest
from anyassistant.protocols import ToolMessage
from anyassistant_local.answers import answer_from_results, cut_after_first_sentence, is_supported
from anyassistant_local.engine import Engine
from anyassistant_local.statements import say_plainly, select_records

ANSWERS = Path(__file__).parent / "answers.toml"
QUESTION = "Which sunglasses did I buy?"
DATA = '{"item_id": "sg-1", "name": "Ray-Ban sunglasses", "price": "$120"}'


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.mark.parametrize(
    ("sentence", "holds"),
    [
        ("You bought the Ray-Ban sunglasses sg-1 for $120.", True),
        ("You bought the Ray-Ban sunglasses for $120.", False),  # the id is missing
        ("You bought the Ray-Ban sunglasses sg-1 for $130.", False),
        ("You bought the Gucci sunglasses sg-1.", False),
        ("You did not buy the Ray-Ban sunglasses sg-1.", False),
        ("Which sunglasses did I buy?", False),
        ("The sunglasses sg-1 are wonderful accessories for every summer holiday.", False),
        ("", False),
    ],
)
def test_a_sentence_is_said_only_where_the_data_holds_it(sentence: str, holds: bool) -> None:
    assert is_supported(sentence, QUESTION, DATA, indispensable=["sg-1"]) is holds


@pytest.mark.parametrize(
    ("result", "tool", "said"),
    [
        ("Order ord-1 is confirmed.", "confirm", "Order ord-1 is confirmed."),
        ({"name": "hat", "item_id": "h-1"}, "get_item", "I found: hat (item id h-1)."),
        ({"id": "ord-1", "price": "$12"}, "order_item", "Done: id ord-1, price $12."),
        (["a.md", "b.md"], "list_files", "I found: a.md; b.md."),
        ([], "search", "I found: nothing."),
        (None, "lock_door", "Done."),
        (True, "is_open", "Done: yes."),
    ],
)
def test_data_is_read_out_in_plain_words(result: object, tool: str, said: str) -> None:
    assert say_plainly([result], tool=tool) == said


def test_of_many_records_those_are_meant_that_the_question_names() -> None:
    records = [{"name": "straw hat"}, {"name": "sunglasses"}, {"name": "blue hat"}]

    assert select_records(records, "Which sunglasses?") == [{"name": "sunglasses"}]
    assert select_records(records, "My hats?") == [{"name": "straw hat"}, {"name": "blue hat"}]
    assert select_records(records, "What did I buy?") == records


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("It costs $1.50. Shall I?", "It costs $1.50."),
        ("Mr. Smith came. He left.", "Mr. Smith came."),
        (" No end", "No end"),
    ],
)
def test_an_answer_is_cut_after_its_first_sentence(text: str, sentence: str) -> None:
    assert cut_after_first_sentence(text) == sentence


async def test_four_of_five_answers_name_the_right_fact(engine: Engine) -> None:
    wrong = []
    for case in tomllib.loads(ANSWERS.read_text())["case"]:
        if case["part"] == "measured":
            answer = await answer_from_results(engine, case["say"], [ToolMessage("call_1", "tool", case["result"])])
            names = [any(name.lower() in answer.lower() for name in names.split("|")) for names in case["names"]]
            if not all(names):
                wrong.append(f"{case['say']!r}: {answer}")

    assert len(wrong) <= 2, "\n".join(wrong)
