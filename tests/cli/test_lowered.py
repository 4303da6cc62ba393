"""`anyassistant tools schema --for`: what a provider gets, and what of the schema changes on the way."""

import json

import pytest
from anyassistant_tools.lowering import lower

SHOP = "anyassistant.cli.shop"

MINE = '''
from datetime import date
from anyassistant_tools import Toolset

def book(day: date, prices: dict[str, int], nights: int = 1) -> str:
    """Book a room.

    Args:
        day: The first night.
    """
    return ""

def leave() -> str:
    """Leave."""
    return ""

BOTH = Toolset("both", [book, leave])
'''


@pytest.fixture
def mine(cli):
    (cli.folder / "mine.py").write_text(MINE)
    return cli


@pytest.mark.parametrize("target", ["openai-strict", "anthropic", "gemini"])
def test_the_schema_is_what_the_lowering_gives(mine, target):
    plain = mine("tools", "schema", "mine:book").json
    lowered = mine("tools", "schema", "mine:book", "--for", target)
    assert lowered.code == 0
    assert lowered.json == {**plain, "parameters": lower(plain["parameters"], target).schema}


def test_the_report_goes_where_people_read_it_and_names_kept_rewritten_and_weakened(mine):
    lines = mine("tools", "schema", "mine:book", "--for", "gemini").err.splitlines()
    assert lines[0].startswith("book for gemini: ")
    kinds = {line.split()[1]: line.split()[0] for line in lines[1:]}
    assert kinds["prices"] == "rewritten"
    assert kinds["day"] == "weakened"
    kept = mine("tools", "schema", "mine:book", "--for", "anthropic").err
    assert "  kept       day\n" in kept or kept == "book for anthropic: everything is kept\n"


def test_a_tool_of_which_nothing_changes_says_so(cli):
    assert cli("tools", "schema", f"{SHOP}:order_item", "--for", "openai-strict").err == (
        "order_item for openai-strict: everything is kept\n"
    )


def test_a_grammar_is_printed_as_it_is(mine):
    schema = mine("tools", "schema", "mine:book").json["parameters"]
    assert mine("tools", "schema", "mine:book", "--for", "grammar").out == lower(schema, "grammar").grammar
    both = mine("tools", "schema", "mine:BOTH", "--for", "grammar")
    assert both.out.startswith("# book\nroot ::= ")
    assert "\n# leave\nroot ::= " in both.out
    assert "leave for grammar: everything is kept" in both.err


def test_several_tools_are_a_list(mine):
    lowered = mine("tools", "schema", "mine:BOTH", "--for", "openai-strict")
    assert [tool["name"] for tool in lowered.json] == ["book", "leave"]
    assert [line.split()[0] for line in lowered.err.splitlines() if " for openai-strict: " in line] == ["book", "leave"]


def test_json_has_the_report_in_it_and_nothing_is_said_beside(mine):
    lowered = mine("tools", "schema", "mine:book", "--for", "gemini", "--json")
    assert lowered.err == ""
    told = lowered.json
    assert set(told) == {"name", "description", "target", "schema", "grammar", "kept", "report"}
    assert {change["path"]: change["kind"] for change in told["report"]}["day"] == "weakened"
    assert all(set(change) == {"path", "kind", "what"} for change in told["report"])
    both = mine("tools", "schema", "mine:BOTH", "--for", "grammar", "--json").json
    assert [tool["name"] for tool in both] == ["book", "leave"]
    assert both[0]["grammar"].startswith("root ::= ")


def test_what_cannot_be_carried_is_one_line_that_names_the_tool(cli):
    schema = {"type": "object", "properties": {"a": {"type": "string", "enum": [1]}}, "required": ["a"]}
    (cli.folder / "odd.py").write_text(
        f"from anyassistant_tools import Tool\nodd = Tool.from_schema('odd', 'Odd.', {json.dumps(schema)})\n"
    )
    refused = cli("tools", "schema", "odd:odd", "--for", "gemini")
    assert refused.code == 2
    assert refused.err.startswith("anyassistant: odd has no form for gemini: The schema accepts no arguments at all")
    assert refused.err.count("\n") == 1
    assert refused.out == ""


def test_another_target_is_refused_with_those_that_there_are(cli):
    refused = cli("tools", "schema", f"{SHOP}:order_item", "--for", "mistral")
    assert refused.code == 2
    assert '"openai-strict", "anthropic", "gemini", "grammar"' in refused.err
