"""The types that the cases are about."""

import dataclasses
import enum
import typing
from typing import Annotated, Generic, Literal, NamedTuple, NewType, NotRequired, Required, TypeVar

import pydantic.dataclasses
from pydantic import AliasChoices, BaseModel, ConfigDict, Field, RootModel, field_validator
from pydantic.alias_generators import to_camel
from typing_extensions import TypeAliasType, TypedDict

T = TypeVar("T")
Number = TypeVar("Number", bound=int)
Sku = NewType("Sku", str)
OwnSku = NewType("OwnSku", Sku)
Names = TypeAliasType("Names", list[str])
PairOf = TypeAliasType("PairOf", tuple[T, T], type_params=(T,))
Tree = TypeAliasType("Tree", "dict[str, Tree] | int")
Amounts = list[Annotated[int, Field(ge=0)]]


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Mixed(enum.Enum):
    """Of a text and a number."""

    A = "a"
    TWO = 2


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Unit(enum.StrEnum):
    PIECE = "piece"
    DOZEN = "dozen"


class Item(BaseModel):
    """Something for sale."""

    name: str
    price: float = Field(ge=0, description="In euros.")
    inside: list["Item"] = []


class Checked(BaseModel):
    even: int

    @field_validator("even")
    @classmethod
    def _is_even(cls, value: int) -> int:
        if value % 2:
            raise ValueError("it must be even")
        return value


class Aliased(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel)
    item_id: str
    how_many: int = Field(1, validation_alias=AliasChoices("howMany", "count"))


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")
    size: int


class Box(BaseModel, Generic[T]):
    item: T


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int = 9


class Dog(BaseModel):
    kind: Literal["dog"]
    tricks: list[str]


class Scores(RootModel[dict[str, int]]):
    pass


@dataclasses.dataclass
class Point:
    x: int
    y: int = 0
    tags: list[str] = dataclasses.field(default_factory=list)


@dataclasses.dataclass(frozen=True, slots=True)
class Parcel:
    item: str
    _: dataclasses.KW_ONLY
    count: int = 1
    weight: dataclasses.InitVar[float] = 0.0

    def __post_init__(self, weight: float) -> None:
        pass


@dataclasses.dataclass
class Node:
    value: int
    next: "Node | None" = None


@pydantic.dataclasses.dataclass
class Range:
    low: int = Field(ge=0)
    high: int = 9


class Options(TypedDict, total=False):
    wrap: bool
    width: Required[int]


class Address(TypedDict):
    city: str
    zip: NotRequired[str]


class OldOptions(typing.TypedDict, total=False):
    wrap: bool
    width: typing.Required[int]
    inner: "OldAddress"


class OldAddress(typing.TypedDict):
    city: str
    zip: typing.NotRequired[str]


class Size(NamedTuple):
    width: int
    height: int = 1
