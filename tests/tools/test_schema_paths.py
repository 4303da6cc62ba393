"""The part of a JSON Schema that speaks of a place in a value."""

from collections.abc import Sequence

import pytest
from anyassistant_tools.schema_paths import schema_at

NODE: dict[str, object] = {"anyOf": [{"$ref": "#/$defs/Left"}, {"$ref": "#/$defs/Right"}, {"type": "null"}]}
SCHEMA: dict[str, object] = {
    "properties": {
        "item": {"type": "string"},
        "pair": {"prefixItems": [{"type": "string"}, {"type": "integer"}], "items": {"type": "boolean"}},
        "notes": {"additionalProperties": {"type": "string"}},
        "node": NODE,
        "circle": {"$ref": "#/$defs/Circle"},
        "nowhere": {"$ref": "#/$defs/Nothing"},
        "odd": {"properties": 5, "anyOf": "x", "$ref": 5},
    },
    "$defs": {
        "Left": {"properties": {"next": NODE, "value": {"type": "integer"}, "left": {"type": "boolean"}}},
        "Right": {"properties": {"next": dict(NODE), "value": {"type": "string"}}},
        "Circle": {"allOf": [{"$ref": "#/$defs/Circle"}], "properties": {"a": {"const": 1}}},
    },
}


@pytest.mark.parametrize(
    ("path", "said"),
    [
        (["item"], {"type": "string"}),
        (["pair", 1], {"type": "integer"}),
        (["pair", 7], {"type": "boolean"}),
        (["notes", "x"], {"type": "string"}),
        (["node", "left"], {"type": "boolean"}),
        (["node", *["next"] * 200, "left"], {"type": "boolean"}),
        (["circle", "a"], {"const": 1}),
        (["node", "value"], None),  # each alternative says another thing
        (["item", "x"], None),
        (["item", 0], None),
        (["nowhere", "x"], None),
        (["odd", "x"], None),
        (["price"], None),
        ([5], None),
    ],
)
def test_it_is_found_through_references_and_alternatives_or_is_none(path: Sequence[object], said: object) -> None:
    assert schema_at(SCHEMA, path) == said
