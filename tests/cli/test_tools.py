"""`anyassistant tools`."""

import json

import pytest

SHOP = "anyassistant.cli.shop"


def test_a_module_lists_its_tools(cli):
    listed = cli("tools", "list", SHOP)
    assert listed.code == 0
    assert [line.split()[0] for line in listed.out.splitlines()[1:]] == [
        "get_shopping_history",
        "order_item",
        "confirm_order_item",
    ]
    assert cli("tools", "list", f"{SHOP}:TOOLS", "--json").json == cli("tools", "list", SHOP, "--json").json


def test_a_module_without_a_list_offers_its_public_functions_and_says_what_it_left_out(cli):
    (cli.folder / "mine.py").write_text(
        "from json import dumps\n\n"
        'def good(count: int = 1) -> str:\n    """Do good."""\n    return dumps(count)\n\n'
        "def bad(module: type(dumps)): ...\n\ndef _hidden() -> None: ...\n"
    )
    listed = cli("tools", "list", "mine", "--json")
    assert listed.code == 0
    assert [tool["function"]["name"] for tool in listed.json] == ["good"]
    assert "left out mine:bad" in listed.err
    assert "[count]" in cli("tools", "list", "mine").out


def test_schema_is_what_a_model_gets(cli):
    schema = cli("tools", "schema", f"{SHOP}:order_item").json
    assert schema["name"] == "order_item"
    assert schema["description"] == "Order an item; confirm_order_item() actually buys it."
    assert schema["parameters"]["properties"] == {
        "item_id": {"type": "string", "description": "The item, such as sg-1."}
    }
    assert schema["parameters"]["required"] == ["item_id"]


def test_call_prints_what_a_model_would_be_told(cli):
    called = cli("tools", "call", f"{SHOP}:order_item", '{"item_id": "sg-1"}')
    assert called.code == 0
    assert json.loads(called.out)["order_id"] == "ord-4101"
    assert cli("tools", "call", f"{SHOP}:get_shopping_history").code == 0
    assert cli("tools", "call", f"{SHOP}:order_item", "-", stdin='{"item_id": "sg-1"}').out == called.out
    answered = cli("tools", "call", f"{SHOP}:order_item", '{"item_id": "sg-1"}', "--json").json
    assert answered == {"name": "order_item", "output": called.out.rstrip("\n"), "error": None}


@pytest.mark.parametrize(
    ("arguments", "says", "code"),
    [
        (["call", f"{SHOP}:order_item", "{}"], "item_id: missing", 2),
        (["call", f"{SHOP}:order_item", "{"], "order_item was not called", 2),
        (["call", f"{SHOP}:order_item", '{"item_id": "x"}'], "order_item failed: There is no item 'x'", 1),
        (["call", SHOP, "{}"], f"has 3 tools; name one of them: {SHOP}:get_shopping_history", 2),
        (["schema", f"{SHOP}:nothing"], "has no 'nothing'", 2),
        (["schema", f"{SHOP}:INSTRUCTIONS"], "has no 'INSTRUCTIONS'", 2),
        (["schema", f"{SHOP}:CATALOGUE"], "neither a function nor a list", 2),
        (["list", "shop.py"], "is a file: name the module, shop", 2),
        (["list", "./shop"], "./shop is a path: name the module, shop, or shop:FUNCTION", 2),
        (["list", "../shop:order_item"], "name the module, shop, or shop:FUNCTION, from the folder that it is in", 2),
        (["list", "library:BOOKS"], "library:BOOKS[1] is a dict, neither a function nor a list of functions", 2),
        (["list", "library:MORE"], "library:MORE['b'] is a int, neither a function", 2),
        (["list", "nowhere"], "There is no module 'nowhere'", 2),
        (["list", "libary:find"], "Did you mean library?", 2),
        (["schema", "library:nope"], "has no 'nope'; it has: find, BOOKS.", 2),
        (["list", "broken"], "Module 'broken' cannot be imported: ZeroDivisionError", 2),
        (["list", "lacking"], "No module named 'not_installed'", 2),
        (["list"], "requires an argument", 2),
    ],
)
def test_what_cannot_be_done_is_one_line_and_an_exit_code(cli, arguments, says, code):
    (cli.folder / "broken.py").write_text("1 / 0\n")
    (cli.folder / "lacking.py").write_text("import not_installed\n")
    (cli.folder / "library.py").write_text(
        'def find() -> str:\n    """Find."""\n    return ""\n\n'
        'BOOKS = [find, {"title": "Emma"}]\nMORE = {"a": find, "b": 5}\n'
    )
    refused = cli("tools", *arguments)
    assert refused.code == code
    assert says in refused.err
    assert refused.err.count("\n") == 1
    assert refused.out == ""
