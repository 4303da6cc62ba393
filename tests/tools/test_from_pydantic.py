"""Tools that are a pydantic model: fields as arguments, an instance as what they become."""

from collections.abc import Callable
from datetime import date
from typing import Annotated, Any, Generic, Literal, TypeVar

import pytest
from anyassistant_tools import Tool, ToolArgumentsError, ToolDefinitionError, Toolset
from pydantic import AliasChoices, BaseModel, ConfigDict, Field, RootModel, field_validator, model_validator

T = TypeVar("T")


class Order(BaseModel):
    """An order.

    One item at a time.
    """

    item: Annotated[str, Field(description="Its id.", min_length=2)]
    count: int = 1
    until: date | None = None


class Node(BaseModel):
    """A node."""

    value: int
    children: "list[Node]" = []


class Box(BaseModel, Generic[T]):
    content: T


class Aliased(BaseModel):
    model_config = ConfigDict(populate_by_name=True)

    item_id: str = Field(alias="itemId")
    size: int = Field(1, validation_alias=AliasChoices("dimension", "extent"))


class Open(BaseModel):
    model_config = ConfigDict(extra="allow")

    item: str


class Loose(BaseModel):
    """By pydantic's own default, what a model does not know is left out in silence."""

    item: str = "hat"


class Checked(BaseModel):
    low: int
    high: int

    @field_validator("low")
    @classmethod
    def even(cls, value: int) -> int:
        if value % 2:
            raise ValueError("low must be even")
        return value

    @model_validator(mode="after")
    def ordered(self) -> "Checked":
        if self.low > self.high:
            raise ValueError("low is above high")
        return self


def test_it_has_the_models_name_docstring_and_fields() -> None:
    tool = Tool.from_pydantic(Order)
    assert (tool.name, tool.description) == ("Order", "An order.\n\nOne item at a time.")
    assert tool.parameters == {
        "type": "object",
        "properties": {
            "item": {"type": "string", "description": "Its id.", "minLength": 2},
            "count": {"type": "integer", "default": 1},
            "until": {"anyOf": [{"type": "string", "format": "date"}, {"type": "null"}], "default": None},
        },
        "required": ["item"],
        "additionalProperties": False,
    }
    assert not tool.can_run


def test_a_model_without_a_docstring_has_no_description() -> None:
    assert Tool.from_pydantic(Checked).description == ""
    assert Tool.from_pydantic(Checked).changed(description="A range.").description == "A range."


async def test_a_call_gives_an_instance_and_its_json() -> None:
    result = await Tool.from_pydantic(Order).call('{"item": "hat", "count": "2", "until": "2026-01-02"}')
    assert result.value == Order(item="hat", count=2, until=date(2026, 1, 2))
    assert result.content == '{"item":"hat","count":2,"until":"2026-01-02"}'


def test_read_gives_the_instance_without_a_call() -> None:
    tool = Tool.from_pydantic(Order)
    assert tool.read('{"item": "hat"}') == Order(item="hat")
    with pytest.raises(ToolArgumentsError, match=r"^Order was not called.*\n- item: .*2 characters"):
        tool.read('{"item": "h"}')


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{}", "item: missing"),
        ('{"item": "hat", "cuont": 2}', r"Unknown arguments .known: item, count, until.: cuont"),
        ('{"item": "hat", "count": "many"}', "count: .*integer"),
        ('{"item": "hat", "item": "cap"}', 'the key "item" is given twice'),
        ('{"item": "ha', "cut off"),
        ('["hat"]', "must be one JSON object"),
        ('{"item": null}', "item: .*null came"),
    ],
)
def test_arguments_that_do_not_fit_are_refused_as_a_callables_are(text: str, message: str) -> None:
    with pytest.raises(ToolArgumentsError, match=message) as caught:
        Tool.from_pydantic(Order).read(text)
    assert caught.value.tool == "Order"


def test_the_text_is_taken_as_a_callables_is() -> None:
    assert Tool.from_pydantic(Order).read('"{\\"item\\": \\"hat\\"}"') == Order(item="hat")
    assert Tool.from_pydantic(Loose).read(" ") == Loose()


def test_null_means_the_default_where_it_is_no_value() -> None:
    read = Tool.from_pydantic(Order).read
    assert read('{"item": "hat", "count": null, "until": null}') == Order(item="hat")
    with pytest.raises(ToolArgumentsError, match=r"item: ") as caught:
        read('{"item": "", "count": null}')
    assert "count" not in str(caught.value)
    assert Tool.from_pydantic(Aliased).read('{"itemId": "a", "dimension": null}') == Aliased(item_id="a")


def test_an_alias_is_the_arguments_name() -> None:
    tool = Tool.from_pydantic(Aliased)
    assert list(properties(tool)) == ["itemId", "dimension"]
    assert tool.read('{"itemId": "a", "dimension": 3}') == Aliased(item_id="a", size=3)
    for unknown in ("item_id", "extent"):
        with pytest.raises(ToolArgumentsError, match=f"known: itemId, dimension.: {unknown}"):
            tool.read(f'{{"itemId": "a", "{unknown}": 3}}')


async def test_validators_of_the_model_speak_to_the_model() -> None:
    tool = Tool.from_pydantic(Checked)
    assert (await tool.call('{"low": 2, "high": 3}')).value == Checked(low=2, high=3)
    with pytest.raises(ToolArgumentsError, match="low must be even"):
        await tool.call('{"low": 1, "high": 3}')
    with pytest.raises(ToolArgumentsError, match="low is above high"):
        await tool.call('{"low": 4, "high": 3}')


def test_extras_are_refused_unless_the_model_takes_them() -> None:
    assert Tool.from_pydantic(Loose).parameters["additionalProperties"] is False
    with pytest.raises(ToolArgumentsError, match="Unknown arguments"):
        Tool.from_pydantic(Loose).read('{"colour": "red"}')
    assert Tool.from_pydantic(Open).parameters["additionalProperties"] is True
    assert Tool.from_pydantic(Open).read('{"item": "hat", "colour": "red"}').model_extra == {"colour": "red"}


@pytest.mark.parametrize("tool", [Tool.from_pydantic(Node), Tool.from_pydantic(Node).changed(name="leaf")])
def test_a_recursive_model_is_an_object_with_definitions(tool: Tool) -> None:
    assert tool.parameters["type"] == "object"
    assert tool.parameters["properties"] == {
        "value": {"type": "integer"},
        "children": {"type": "array", "items": {"$ref": "#/$defs/Node"}, "default": []},
    }
    assert "Node" in tool.parameters["$defs"]  # type: ignore[operator]
    assert tool.read('{"value": 1, "children": [{"value": 2}]}') == Node(value=1, children=[Node(value=2)])


def test_a_generic_model_needs_a_name_of_its_own() -> None:
    class BoxOfInt(Box[int]):
        """A box."""

    with pytest.raises(ToolDefinitionError, match=r"cannot be called 'Box\[int\]': derive a model"):
        Tool.from_pydantic(Box[int])
    tool = Tool.from_pydantic(BoxOfInt)
    assert tool.name == "BoxOfInt"
    assert tool.read('{"content": "5"}') == BoxOfInt(content=5)


def test_what_is_no_model_with_fields_is_refused() -> None:
    class Items(RootModel[list[int]]): ...

    class ByName(RootModel[dict[str, int]]): ...

    for model in (Items, ByName, RootModel[Order]):
        with pytest.raises(ToolDefinitionError, match=r"RootModel .* has no fields"):
            Tool.from_pydantic(model)
    for other in (dict, Order(item="hat"), "Order"):
        with pytest.raises(ToolDefinitionError, match="takes a pydantic model"):
            Tool.from_pydantic(other)  # type: ignore[arg-type]


def test_a_field_without_a_json_form_is_refused_when_the_tool_is_made() -> None:
    class HasCallback(BaseModel):
        callback: Callable[[int], int]

    with pytest.raises(ToolDefinitionError, match=r"'callback' of HasCallback .* cannot send as JSON"):
        Tool.from_pydantic(HasCallback)


def test_a_model_whose_types_never_come_is_refused_on_first_use() -> None:
    class Unfinished(BaseModel):
        thing: "Nowhere"  # type: ignore[name-defined]  # noqa: F821

    tool = Tool.from_pydantic(Unfinished)
    with pytest.raises(ToolDefinitionError, match=r"Unfinished has no JSON Schema: .*`Nowhere`") as caught:
        _ = tool.parameters
    assert "errors.pydantic.dev" not in str(caught.value)


def test_a_model_without_fields_takes_no_arguments() -> None:
    class Ping(BaseModel): ...

    tool = Tool.from_pydantic(Ping)
    assert tool.parameters == {"type": "object", "properties": {}, "additionalProperties": False}
    assert tool.read("") == Ping()


def test_discriminated_unions_are_told_apart() -> None:
    class Cash(BaseModel):
        kind: Literal["cash"]

    class Card(BaseModel):
        kind: Literal["card"]
        number: str

    class Pay(BaseModel):
        by: Annotated[Cash | Card, Field(discriminator="kind")]

    tool = Tool.from_pydantic(Pay)
    assert tool.read('{"by": {"kind": "card", "number": "1"}}').by == Card(kind="card", number="1")
    with pytest.raises(ToolArgumentsError, match="number"):
        tool.read('{"by": {"kind": "card"}}')


def test_it_goes_into_a_toolset_like_any_other() -> None:
    [tool] = Toolset("shop", [Tool.from_pydantic(Node)]).prefix("shop_").tools
    assert tool.name == "shop_Node"
    with pytest.raises(ToolArgumentsError, match=r"^shop_Node was not called"):
        tool.read("{}")


def properties(tool: Tool) -> dict[str, Any]:
    found: dict[str, Any] = tool.parameters["properties"]  # type: ignore[assignment]
    return found


def test_its_schema_is_made_once() -> None:
    asked: list[str] = []

    class Noting(BaseModel):
        """Note it."""

        item: str

        @classmethod
        def model_json_schema(cls, *args: Any, **kwargs: Any) -> dict[str, Any]:
            asked.append("schema")
            return super().model_json_schema(*args, **kwargs)

    tool = Tool.from_pydantic(Noting)
    assert tool.parameters["required"] == ["item"]
    assert tool.read('{"item": "hat"}') == Noting(item="hat")
    assert tool.changed(timeout=1).read('{"item": "cap"}') == Noting(item="cap")
    assert asked == ["schema"]
    with pytest.raises(ToolArgumentsError, match=r"^note was not called"):
        tool.changed(name="note").read("{}")
