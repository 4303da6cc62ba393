"""Arrays and mappings of each kind."""

import collections
from collections.abc import Collection, Iterable, Mapping, MutableMapping, MutableSequence, Sequence
from collections.abc import Set as AbstractSet

from case import of_type
from declared_types import Item
from schemas import INT, ITEM, STR, array

CASES = [
    of_type(
        "list", list[int], array(items=INT), "[1, 2]", [1, 2], '[1, "x"]', "- value[1]: Input should be a valid int"
    ),
    of_type("bare list", list, array(items={}), '[1, "a"]', [1, "a"], "1", "- value: Input should be a valid array"),
    of_type(
        "set", set[int], array(items=INT, uniqueItems=True), "[1, 2]", {1, 2}, "1", "- value: Input should be a valid"
    ),
    of_type(
        "set with repeats",
        set[int],
        array(items=INT, uniqueItems=True),
        "[1, 1]",
        {1},
        "1",
        "- value: Input should be a valid array",
        is_lax=True,
    ),
    of_type(
        "frozenset", frozenset[int], array(items=INT, uniqueItems=True), "[1]", frozenset({1}), '["x"]', "- value[0]: "
    ),
    of_type(
        "AbstractSet",
        AbstractSet[int],
        array(items=INT, uniqueItems=True),
        "[1]",
        frozenset({1}),
        '["x"]',
        "- value[0]: ",
    ),
    of_type(
        "tuple of two",
        tuple[int, str],
        array(prefixItems=[INT, STR], minItems=2, maxItems=2),
        '[1, "a"]',
        (1, "a"),
        "[1]",
        "- value[1]: missing",
    ),
    of_type("tuple of any number", tuple[int, ...], array(items=INT), "[1, 2]", (1, 2), '["x"]', "- value[0]: Input"),
    of_type("bare tuple", tuple, array(items={}), "[1]", (1,), "1", "- value: Input should be a valid array"),
    of_type("empty tuple", tuple[()], array(minItems=0, maxItems=0), "[]", (), "[1]", "- value: "),
    of_type("Sequence", Sequence[int], array(items=INT), "[1]", [1], "{}", "- value: "),
    of_type("MutableSequence", MutableSequence[int], array(items=INT), "[1]", [1], "{}", "- value: "),
    of_type("Collection", Collection[int], array(items=INT), "[1]", [1], "1", "- value: "),
    of_type(
        "Iterable", Iterable[int], array(items=INT), "[1]", [1], '["x"]', "- value[0]: Input should be a valid int"
    ),
    of_type(
        "list of Iterables", list[Iterable[int]], array(items=array(items=INT)), "[[1]]", [[1]], '[["x"]]', "[0][0]"
    ),
    of_type("deque", collections.deque[int], array(items=INT), "[1]", collections.deque([1]), '["x"]', "- value[0]: "),
    of_type(
        "dict",
        dict[str, int],
        {"type": "object", "additionalProperties": INT},
        '{"a": 1}',
        {"a": 1},
        '{"a": "x"}',
        '- value.a: Input should be a valid integer, unable to parse string as an integer; "x" came',
    ),
    of_type(
        "bare dict", dict, {"type": "object", "additionalProperties": True}, '{"a": 1}', {"a": 1}, "1", "- value: "
    ),
    of_type(
        "dict with keys of another type",
        dict[int, str],
        {"type": "object", "additionalProperties": STR},
        '{"1": "a"}',
        {1: "a"},
        '{"x": "a"}',
        "- value.x: Input should be a valid integer",
    ),
    of_type(
        "dict of models",
        dict[str, list[Item]],
        {"type": "object", "additionalProperties": array(items={"$ref": "#/$defs/Item"})},
        '{"a": [{"name": "hat", "price": 2}]}',
        {"a": [Item(name="hat", price=2)]},
        '{"a": [{"name": "hat"}]}',
        "- value.a[0].price: missing",
        definitions=ITEM,
    ),
    of_type(
        "Mapping", Mapping[str, int], {"type": "object", "additionalProperties": INT}, '{"a": 1}', {"a": 1}, "[]", "-"
    ),
    of_type(
        "MutableMapping",
        MutableMapping[str, int],
        {"type": "object", "additionalProperties": INT},
        '{"a": 1}',
        {"a": 1},
        "[]",
        "- value: Input should be ",
    ),
]
