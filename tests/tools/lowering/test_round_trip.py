"""For random types and random values of them: what is lowered is accepted, and is lifted to what it was."""

# ruff: noqa: UP007, UP045 (these unions are made at run time)
import datetime
import decimal
import enum
import inspect
import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import field, make_dataclass
from typing import Annotated, Any, Literal, NamedTuple, NotRequired, Optional, Union

import pytest
from anyassistant_tools import Tool
from anyassistant_tools.json_text import to_json_text
from anyassistant_tools.lowering import Target, lower
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from pydantic import BaseModel, ConfigDict, Field, create_model
from typing_extensions import TypedDict

TARGETS: list[Target] = ["openai-strict", "anthropic", "gemini", "grammar"]


class Node(BaseModel):
    value: int
    left: Optional["Node"] = None
    others: list["Node"] = []


class Leaf(BaseModel):
    kind: Literal["leaf"]
    number: float


class Branch(BaseModel):
    kind: Literal["branch"]
    named: dict[str, Union["Branch", Leaf]]


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"
    NONE = ""


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Size(NamedTuple):
    width: int
    unit: str = "mm"


class Partial(TypedDict, total=False):
    size: int | None
    text: str


class Open(BaseModel):
    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, int] = Field(init=False)
    known: str


class Picky(BaseModel):
    level: Annotated[int, Field(ge=0, lt=10)]
    code: Annotated[str, Field(pattern="^[a-c]{1,3}$", min_length=1)]
    some: Annotated[list[int], Field(min_length=1, max_length=3)]


TEXT = st.text(max_size=5)
SMALL = st.integers(-(2**53), 2**53)
ANYTHING = st.recursive(
    st.none() | st.booleans() | SMALL | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXT, inner, max_size=2),
    max_leaves=4,
)
NODES: st.SearchStrategy[Node] = st.recursive(
    st.builds(Node, value=SMALL),
    lambda inner: st.builds(Node, value=SMALL, left=inner | st.none(), others=st.lists(inner, max_size=2)),
    max_leaves=6,
)
LEAVES = st.builds(Leaf, kind=st.just("leaf"), number=st.floats(allow_nan=False, allow_infinity=False))
BRANCHES: st.SearchStrategy[Branch] = st.recursive(
    st.just(Branch(kind="branch", named={})),
    lambda inner: st.builds(
        Branch, kind=st.just("branch"), named=st.dictionaries(TEXT, inner | LEAVES, min_size=1, max_size=2)
    ),
    max_leaves=3,
)
NAMES = st.sampled_from(["a", "key", "value", "schema", "item_1", "option_1", "items", "properties", "x_y"])

TypeAndValues = tuple[Any, st.SearchStrategy[Any]]
SIMPLE: list[TypeAndValues] = [
    (int, SMALL),
    (float, st.floats(allow_nan=False, allow_infinity=False)),
    (str, TEXT),
    (bool, st.booleans()),
    (None, st.none()),
    (Any, ANYTHING),
    (bytes, st.binary(max_size=4)),
    (decimal.Decimal, st.decimals(allow_nan=False, allow_infinity=False, places=2)),
    (datetime.datetime, st.datetimes() | st.datetimes(timezones=st.just(datetime.UTC))),
    (datetime.date, st.dates()),
    (datetime.time, st.times()),
    (datetime.timedelta, st.timedeltas(datetime.timedelta(-999), datetime.timedelta(999))),
    (uuid.UUID, st.uuids()),
    (Colour, st.sampled_from(Colour)),
    (Level, st.sampled_from(Level)),
    (Literal[1, "1", "a", True, None], st.sampled_from([1, "1", "a", True, None])),
    (Literal["x"], st.just("x")),
    (Size, st.builds(Size, SMALL, TEXT)),
    (Node, NODES),
    (Branch, BRANCHES),
    (Annotated[Leaf | Branch, Field(discriminator="kind")], LEAVES | BRANCHES),
    (Partial, st.fixed_dictionaries({}, optional={"size": SMALL | st.none(), "text": TEXT})),
    (Open, st.dictionaries(NAMES, SMALL, max_size=2).flatmap(lambda e: st.builds(Open, known=TEXT, **_just(e)))),
    (Picky, st.builds(Picky, level=st.integers(0, 9), code=st.from_regex("^[a-c]{1,3}$", fullmatch=True),
                      some=st.lists(SMALL, min_size=1, max_size=3))),
]  # fmt: skip


def _just(values: Mapping[str, int]) -> dict[str, st.SearchStrategy[int]]:
    return {name: st.just(value) for name, value in values.items()}


def compound(inner: st.SearchStrategy[TypeAndValues]) -> st.SearchStrategy[TypeAndValues]:
    """Types made of others, each with a strategy for its values."""
    fields = st.dictionaries(NAMES, inner, min_size=1, max_size=3)
    return st.one_of(
        inner.map(lambda t: (list[t[0]], st.lists(t[1], max_size=3))),
        inner.map(lambda t: (dict[str, t[0]], st.dictionaries(TEXT, t[1], max_size=2))),
        inner.map(lambda t: (dict[int, t[0]], st.dictionaries(SMALL, t[1], max_size=2))),
        inner.map(lambda t: (dict[Literal["a", ""], t[0]], st.dictionaries(st.sampled_from(["a", ""]), t[1]))),
        inner.map(lambda t: (tuple[t[0], ...], st.lists(t[1], max_size=2).map(tuple))),
        inner.map(lambda t: (tuple[t[0], t[0]], st.tuples(t[1], t[1]))),
        st.tuples(inner, inner).map(lambda t: (tuple[t[0][0], t[1][0]], st.tuples(t[0][1], t[1][1]))),
        inner.map(lambda t: (Optional[t[0]], t[1] | st.none())),
        st.tuples(inner, inner).map(lambda t: (Union[t[0][0], t[1][0]], t[0][1] | t[1][1])),
        st.sampled_from([(set[int], st.sets(SMALL, max_size=3)), (frozenset[str], st.frozensets(TEXT, max_size=2))]),
        fields.map(model_of),
        fields.map(dataclass_of),
        fields.map(typed_dict_of),
    )


def model_of(fields: dict[str, TypeAndValues]) -> TypeAndValues:
    renamed: dict[str, Any] = {f"f{i}": (t[0], Field(alias=name)) for i, (name, t) in enumerate(fields.items())}
    model = create_model("Model", **renamed)
    return model, st.fixed_dictionaries({name: t[1] for name, t in fields.items()}).map(
        lambda values: model.model_construct(**{f"f{i}": values[name] for i, name in enumerate(fields)})
    )


def dataclass_of(fields: dict[str, TypeAndValues]) -> TypeAndValues:
    made = make_dataclass("Data", [(name, Optional[t[0]], field(default=None)) for name, t in fields.items()])
    return made, st.fixed_dictionaries({name: t[1] | st.none() for name, t in fields.items()}).map(
        lambda values: made(**values)
    )


def typed_dict_of(fields: dict[str, TypeAndValues]) -> TypeAndValues:
    made = TypedDict("Keys", {name: NotRequired[t[0]] for name, t in fields.items()})  # type: ignore[misc]
    return made, st.fixed_dictionaries({}, optional={name: t[1] for name, t in fields.items()})


TYPES = st.recursive(st.sampled_from(SIMPLE), compound, max_leaves=5)


def tool_of(annotations: Mapping[str, Any], omissible: Mapping[str, Any], extras: Any) -> Tool:
    def function(**arguments: Any) -> None: ...

    keyword_only = inspect.Parameter.KEYWORD_ONLY
    parameters = [inspect.Parameter(name, keyword_only, annotation=kind) for name, kind in annotations.items()]
    parameters += [inspect.Parameter(f"opt_{n}", keyword_only, annotation=k, default=0) for n, k in omissible.items()]
    if extras is not None:
        parameters.append(inspect.Parameter("others", inspect.Parameter.VAR_KEYWORD, annotation=extras))
    function.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return Tool.from_callable(function, name="function")


@st.composite
def calls(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any]]:
    """The canonical schema of a random tool, and arguments that it accepts."""
    required = draw(st.dictionaries(NAMES, TYPES, max_size=2))
    omissible = draw(st.dictionaries(NAMES, TYPES, max_size=2))
    extras = draw(st.none() | TYPES)
    types = {**required, **{f"opt_{name}": kind for name, kind in omissible.items()}}
    tool = tool_of(
        {n: t[0] for n, t in required.items()}, {n: t[0] for n, t in omissible.items()}, extras and extras[0]
    )
    given = [name for name in types if name in required or draw(st.booleans())]
    arguments = {name: json.loads(to_json_text(draw(types[name][1]))) for name in given}
    if extras is not None:
        arguments |= {f"more {i}": json.loads(to_json_text(draw(extras[1]))) for i in range(draw(st.integers(0, 2)))}
    return dict(tool.parameters), arguments


@pytest.mark.parametrize("target", TARGETS)
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(call=calls())
def test_lowered_arguments_are_accepted_and_lift_to_what_they_were(
    call: tuple[dict[str, Any], dict[str, Any]],
    target: Target,
    accepts: Callable[[str, dict[str, Any], object], bool],
    check_rules: Callable[[str, dict[str, Any]], list[str]],
    read_gbnf: Callable[[str], Any],
) -> None:
    schema, arguments = call
    assert Draft202012Validator(schema).is_valid(arguments)

    lowered = lower(schema, target)
    value = lowered.lower_value(arguments)

    assert check_rules(target, lowered.schema) == []
    assert accepts(target, lowered.schema, value)
    if lowered.grammar is not None:
        gbnf = read_gbnf(lowered.grammar)
        assert gbnf.accepts(json.dumps(value))
        assert gbnf.accepts(json.dumps(value, ensure_ascii=False))
        assert not gbnf.accepts(json.dumps(value)[:-1])
    lifted = lowered.lift(json.loads(json.dumps(value)))
    assert json.dumps(lifted, sort_keys=True) == json.dumps(arguments, sort_keys=True)
