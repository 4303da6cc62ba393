"""The tables of `docs/tools.md` and `docs/lowering.md` against the code: each row is tried."""

import json
import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import pytest
from anyassistant_tools import Tool, ToolArgumentsError
from anyassistant_tools.lowering import Target, lower
from anyassistant_tools.options import Settings
from pydantic import Field

DOCS = Path(__file__).parents[2] / "docs"
TOOLS = (DOCS / "tools.md").read_text("utf-8")
LOWERING = (DOCS / "lowering.md").read_text("utf-8")


def rows(page: str, header: str) -> Iterator[list[str]]:
    """The cells of the table below a header's row."""
    table = page[page.index(f"\n| {header} |") :].lstrip().partition("\n\n")[0]
    for line in table.splitlines()[2:]:
        yield [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


def block_before(page: str, text: str) -> str:
    """The code of the last block before a text."""
    return re.findall(r"```python\n(.*?)```", page[: page.index(text)], re.DOTALL)[-1]


TYPES = list(rows(TOOLS, "type | JSON Schema | the model writes | the function gets"))
TEXTS = list(rows(TOOLS, "the model wrote | what becomes of it"))
NAMES: dict[str, Any] = {"Annotated": Annotated, "Field": Field, "Literal": Literal, "__name__": __name__}
exec(block_before(TOOLS, "| type | JSON Schema |"), NAMES)
exec(block_before(TOOLS, "| the model wrote |"), NAMES)


def code(cell: str) -> str:
    found = re.match(r"`(.*?)`(?=: |$)", cell)
    assert found is not None, cell
    return found[1]


def without_patterns(schema: object) -> object:
    """What versions of pydantic differ in is the pattern of a Decimal."""
    if isinstance(schema, dict):
        return {key: without_patterns(value) for key, value in schema.items() if key not in ("pattern", "title")}
    return [without_patterns(part) for part in schema] if isinstance(schema, list) else schema


@pytest.mark.parametrize("row", TYPES, ids=lambda row: code(row[0]))
async def test_each_type_becomes_what_the_table_says(row: list[str]) -> None:
    written, schema, came, becomes = map(code, row)
    got: list[object] = []

    def take(value: object) -> None:
        got.append(value)

    take.__annotations__["value"] = eval(written, NAMES)
    tool = Tool.from_callable(take, inline=True)
    shown: Any = dict(tool.parameters)
    entry = shown["properties"]["value"]
    if entry.keys() == {"$ref"}:
        entry = shown["$defs"][entry["$ref"].removeprefix("#/$defs/")]
    assert without_patterns(entry) == without_patterns(json.loads(schema))
    await tool.call(f'{{"value": {came}}}')
    expected = eval(becomes, NAMES)
    assert got == [expected]
    assert type(got[0]) is type(expected)


@pytest.mark.parametrize("row", TEXTS, ids=lambda row: row[0])
def test_each_text_becomes_what_the_table_says(row: list[str]) -> None:
    text, outcome = code(row[0]), row[1]
    tool = Tool.from_callable(NAMES["order"])
    verdict, _, said = outcome.partition(" ")
    if verdict == "taken":
        assert tool.read(text) == json.loads(code(said.removeprefix("as ")))
    else:
        assert verdict == "refused:"
        with pytest.raises(ToolArgumentsError) as caught:
            tool.read(text)
        assert code(said) in str(caught.value)


def test_each_option_has_its_default() -> None:
    found: dict[str, str] = {}
    for names, default, _ in rows(TOOLS, "option | default | meaning"):
        for name in re.findall(r"`(\w+)`", names):
            found[name] = default.strip("`").replace(",", "").replace('"', "'")
    for own in ("name", "description"):
        assert found.pop(own) == "the function's"
    assert found.keys() == {field.name for field in fields(Settings)}
    for name, default in found.items():
        assert eval(default) == getattr(Settings(), name)


STR: Any = {"type": "string"}
INT: Any = {"type": "integer"}


def an_object(**properties: object) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def a_tuple(*parts: object) -> dict[str, Any]:
    return {"type": "array", "prefixItems": list(parts), "minItems": len(parts), "maxItems": len(parts)}


A_NODE = an_object(value=INT, children={"type": "array", "items": {"$ref": "#/$defs/Node"}})
AN_OPEN_DICT = {"type": "object", "additionalProperties": INT}
EXAMPLES: list[list[dict[str, Any]]] = [
    [an_object(p={"type": kind}) for kind in ("string", "number", "integer", "boolean", "null")],
    [an_object(p=INT | {"minimum": 1, "maximum": 4})],
    [an_object(p=INT | {"exclusiveMinimum": 1})],
    [an_object(p=INT | {"multipleOf": 2})],
    [an_object(p=STR | {"minLength": 1, "maxLength": 4})],
    [an_object(p=STR | {"pattern": "^a"})],
    [an_object(p=STR | {"format": "date-time"})],
    [an_object(p={"enum": ["a", "b"]})],
    [an_object(p={"type": "array", "items": STR, "minItems": 1, "maxItems": 4})],
    [an_object(p={"type": "array", "items": STR, "uniqueItems": True})],
    [an_object(p=a_tuple(STR, STR)), an_object(p=a_tuple(STR, INT))],
    [an_object(p=an_object(a=STR))],
    [an_object(p=STR) | {"required": []}],
    [an_object(p=STR | {"default": "a"})],
    [an_object(p=AN_OPEN_DICT), an_object(p=an_object(a=STR) | {"additionalProperties": INT})],
    [an_object(p={"type": "object", "patternProperties": {"^a": INT}, "additionalProperties": False})],
    [an_object(p=AN_OPEN_DICT | {"minProperties": 1})],
    [an_object(p={"anyOf": [STR, INT]}), an_object(p={"type": ["string", "null"]})],
    [an_object(p={"oneOf": [STR, INT]})],
    [an_object(p={"anyOf": [AN_OPEN_DICT, {"type": "array", "items": INT}]})],
    [an_object(p={"allOf": [STR, {"title": "A"}]})],
    [
        an_object(p=STR | {"not": {"const": "a"}}),
        an_object(p=an_object(a=STR) | {"dependentRequired": {"a": ["b"]}}),
        an_object(p={"type": "array", "items": STR, "contains": STR}),
    ],
    [an_object(p={"$ref": "#/$defs/A"}) | {"$defs": {"A": an_object(a=STR)}}],
    [an_object(p={"$ref": "#/$defs/Node"}) | {"$defs": {"Node": A_NODE}}],
    [an_object(p={})],
    [an_object(**{"a-b": STR})],
    [{"anyOf": [an_object(a=STR), an_object(b=STR)]}],
    [an_object(p={"enum": [f"a{number}" for number in range(1_001)]})],
]
"""For each row of the table of lowerings what its first column means."""

LOWERINGS = list(rows(LOWERING, "in the schema | `openai-strict` | `anthropic` | `gemini` | `grammar`"))


@pytest.mark.parametrize(
    ("row", "schemas"), [*zip(LOWERINGS, EXAMPLES, strict=True)], ids=[row[0] for row in LOWERINGS]
)
def test_each_schema_is_lowered_as_the_table_says(row: list[str], schemas: list[dict[str, Any]]) -> None:
    for target, cell in zip(get_args(Target), row[1:], strict=True):
        said = row[1] if cell == "as `openai-strict`" else cell
        verdict = re.match("kept|rewritten|weakened", said)
        assert verdict is not None, cell
        for schema in schemas:
            found = {change.kind for change in lower(schema, target).report}
            assert not found if verdict[0] == "kept" else verdict[0] in found, (target, schema)


def test_the_page_of_lowering_has_each_target() -> None:
    assert [row[0].strip("`") for row in rows(LOWERING, "target | for")] == list(get_args(Target))
