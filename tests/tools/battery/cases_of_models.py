"""Models, dataclasses, typed dicts and named tuples."""

from typing import Annotated

from case import of_type
from declared_types import (
    Address,
    Aliased,
    Box,
    Cat,
    Checked,
    Dog,
    Item,
    Node,
    OldOptions,
    Options,
    Parcel,
    Point,
    Range,
    Scores,
    Size,
    Strict,
)
from pydantic import Field
from schemas import INT, ITEM, STR, array, object_of, titled

PETS = titled(
    "Cat",
    object_of("kind", kind={"const": "cat", "type": "string"}, lives={"type": "integer", "default": 9}),
) | titled(
    "Dog",
    object_of("kind", "tricks", kind={"const": "dog", "type": "string"}, tricks={"type": "array", "items": STR}),
)
EITHER_PET = [{"$ref": "#/$defs/Cat"}, {"$ref": "#/$defs/Dog"}]


CASES = [
    of_type(
        "model",
        Item,
        {"$ref": "#/$defs/Item"},
        '{"name": "hat", "price": 2}',
        Item(name="hat", price=2),
        '{"name": "hat", "price": -1}',
        "- value.price: Input should be greater than or equal to 0; -1 came",
        definitions=ITEM,
    ),
    of_type(
        "recursive model",
        Item,
        {"$ref": "#/$defs/Item"},
        '{"name": "box", "price": 1, "inside": [{"name": "hat", "price": 2, "inside": []}]}',
        Item(name="box", price=1, inside=[Item(name="hat", price=2)]),
        '{"name": "box", "price": 1, "inside": [{"name": "hat"}]}',
        "- value.inside[0].price: missing",
        definitions=ITEM,
    ),
    of_type(
        "model with a validator",
        Checked,
        {"$ref": "#/$defs/Checked"},
        '{"even": 2}',
        Checked(even=2),
        '{"even": 3}',
        "- value.even: Value error, it must be even; 3 came",
        definitions=titled("Checked", object_of("even", even=INT)),
    ),
    of_type(
        "model with aliases",
        Aliased,
        {"$ref": "#/$defs/Aliased"},
        '{"itemId": "sg-1", "howMany": 2}',
        Aliased.model_validate({"itemId": "sg-1", "howMany": 2}),
        '{"item_id": "sg-1"}',
        "- value.itemId: missing",
        definitions=titled("Aliased", object_of("itemId", itemId=STR, howMany={"type": "integer", "default": 1})),
    ),
    of_type(
        "model without further keys",
        Strict,
        {"$ref": "#/$defs/Strict"},
        '{"size": 2}',
        Strict(size=2),
        '{"size": 2, "weight": 3}',
        "- value.weight: unknown key; 3 came",
        definitions=titled("Strict", object_of("size", size=INT), additionalProperties=False),
    ),
    of_type(
        "generic model",
        Box[int],
        {"$ref": "#/$defs/Box_int_"},
        '{"item": 4}',
        Box[int](item=4),
        '{"item": "x"}',
        "- value.item: Input should be a valid integer",
        definitions={"Box_int_": {**object_of("item", item=INT), "title": "Box[int]"}},
    ),
    of_type(
        "root model",
        Scores,
        {"$ref": "#/$defs/Scores"},
        '{"ann": 4}',
        Scores({"ann": 4}),
        '{"ann": "x"}',
        "- value.ann: Input should be a valid integer",
        definitions=titled("Scores", {"type": "object", "additionalProperties": INT}),
    ),
    of_type(
        "discriminated union",
        Annotated[Cat | Dog, Field(discriminator="kind")],
        {
            "oneOf": EITHER_PET,
            "discriminator": {
                "propertyName": "kind",
                "mapping": {"cat": "#/$defs/Cat", "dog": "#/$defs/Dog"},
            },
        },
        '{"kind": "dog", "tricks": ["sit"]}',
        Dog(kind="dog", tricks=["sit"]),
        '{"kind": "cow"}',
        "- value: Input tag 'cow' found using 'kind' does not match any of the expected tags: 'cat', 'dog'",
        definitions=PETS,
    ),
    of_type(
        "union of models",
        Cat | Dog,
        {"anyOf": EITHER_PET},
        '{"kind": "cat", "lives": 7}',
        Cat(kind="cat", lives=7),
        '{"kind": "dog"}',
        "- value.tricks: missing",
        definitions=PETS,
    ),
    of_type(
        "dataclass",
        Point,
        {"$ref": "#/$defs/Point"},
        '{"x": 1}',
        Point(1),
        '{"y": 1}',
        "- value.x: missing",
        definitions=titled(
            "Point",
            object_of("x", x=INT, y={"type": "integer", "default": 0}, tags=array(items=STR)),
        ),
    ),
    of_type(
        "dataclass of names alone",
        Parcel,
        {"$ref": "#/$defs/Parcel"},
        '{"item": "hat", "count": 2, "weight": 1.5}',
        Parcel("hat", count=2, weight=1.5),
        '{"item": "hat", "weight": "x"}',
        "- value.weight: Input should be a valid number",
        definitions=titled(
            "Parcel",
            object_of(
                "item",
                item=STR,
                count={"type": "integer", "default": 1},
                weight={"type": "number", "default": 0.0},
            ),
        ),
    ),
    of_type(
        "recursive dataclass",
        Node,
        {"$ref": "#/$defs/Node"},
        '{"value": 1, "next": {"value": 2}}',
        Node(1, Node(2)),
        '{"value": 1, "next": {"value": "x"}}',
        "- value.next.value: Input should be a valid integer",
        definitions=titled(
            "Node",
            object_of(
                "value", value=INT, next={"anyOf": [{"$ref": "#/$defs/Node"}, {"type": "null"}], "default": None}
            ),
        ),
    ),
    of_type(
        "dataclass of pydantic",
        Range,
        {"$ref": "#/$defs/Range"},
        '{"low": 1}',
        Range(low=1),
        '{"low": -1}',
        "- value.low: Input should be greater than or equal to 0; -1 came",
        definitions=titled(
            "Range", object_of("low", low={"type": "integer", "minimum": 0}, high={"type": "integer", "default": 9})
        ),
    ),
    of_type(
        "TypedDict, total=False",
        Options,
        {"$ref": "#/$defs/Options"},
        '{"width": 1}',
        {"width": 1},
        '{"wrap": true}',
        "- value.width: missing",
        definitions=titled("Options", object_of("width", wrap={"type": "boolean"}, width=INT)),
    ),
    of_type(
        "TypedDict",
        Address,
        {"$ref": "#/$defs/Address"},
        '{"city": "Rome"}',
        {"city": "Rome"},
        '{"city": 1}',
        "- value.city: Input should be a valid string; 1 came",
        definitions=titled("Address", object_of("city", city=STR, zip=STR)),
    ),
    of_type(
        "TypedDict of typing",
        list[OldOptions],
        array(items={"$ref": "#/$defs/OldOptions"}),
        '[{"width": 1, "inner": {"city": "Rome"}}]',
        [{"width": 1, "inner": {"city": "Rome"}}],
        '[{"wrap": true, "inner": {}}]',
        '- value[0].width: missing; expected {"type": "integer"}\n- value[0].inner.city: missing',
        definitions=titled("OldAddress", object_of("city", city=STR, zip=STR))
        | titled(
            "OldOptions",
            object_of("width", wrap={"type": "boolean"}, width=INT, inner={"$ref": "#/$defs/OldAddress"}),
        ),
    ),
    of_type(
        "NamedTuple",
        Size,
        {"$ref": "#/$defs/Size"},
        "[1, 2]",
        Size(1, 2),
        "[]",
        "- value[0]: missing",
        definitions={
            "Size": array(prefixItems=[INT, {"type": "integer", "default": 1}], minItems=1, maxItems=2),
        },
    ),
]
