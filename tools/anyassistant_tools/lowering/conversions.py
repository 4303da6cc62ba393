"""How values get from the canonical form to the lowered one and back.

Each conversion passes on what it does not know, since a model's mistake is the validation's to explain.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, repeat

from anyassistant_tools.errors import ToolArgumentsError
from anyassistant_tools.lowering.lowered import Conversion
from anyassistant_tools.lowering.matching import are_equal, matches
from anyassistant_tools.lowering.shapes import Array, Object, Shape, resolve
from anyassistant_tools.narrowing import is_json_array, is_json_object


@dataclass(slots=True)
class Unchanged:
    """Leaves values as they are."""

    def lift(self, value: object) -> object:
        return value

    def lower(self, value: object) -> object:
        return value


@dataclass(slots=True)
class AsJsonText:
    """Any value as its JSON text. A text that is no JSON is taken for the string that the model meant."""

    def lift(self, value: object) -> object:
        if not isinstance(value, str):
            return value
        try:
            parsed: object = json.loads(value, parse_constant=_refuse_constant)
        except (ValueError, RecursionError):
            return value
        return parsed

    def lower(self, value: object) -> object:
        return json.dumps(value, ensure_ascii=False)


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is not JSON")


@dataclass(slots=True)
class AsTexts:
    """Constants as texts that stand for them."""

    texts: Mapping[str, object]

    def lift(self, value: object) -> object:
        return self.texts.get(value, value) if isinstance(value, str) else value

    def lower(self, value: object) -> object:
        return next((text for text, constant in self.texts.items() if are_equal(constant, value)), value)


@dataclass(slots=True)
class Elements:
    """The items of a list, each by its own conversion."""

    prefix: Sequence[Conversion]
    items: Conversion

    def lift(self, value: object) -> object:
        return [each.lift(item) for each, item in self._pairs(value)] if is_json_array(value) else value

    def lower(self, value: object) -> object:
        return [each.lower(item) for each, item in self._pairs(value)] if is_json_array(value) else value

    def _pairs(self, values: list[object]) -> "zip[tuple[Conversion, object]]":
        return zip(chain(self.prefix, repeat(self.items)), values, strict=False)


@dataclass(slots=True)
class Member:
    """One property of an object.

    Attributes:
        conversion: That of its value.
        null_is_absent: Whether null only stands for leaving the property out.
        null_if_absent: Whether an absent property has to be written as null.
    """

    conversion: Conversion
    null_is_absent: bool = False
    null_if_absent: bool = False


@dataclass(slots=True)
class Members:
    """The properties of an object, written in the order of the schema.

    Attributes:
        extras: The conversion of the properties that the schema does not name, where these stay in place.
        gathered: The property that carries them otherwise, and the conversion of an object of them.
        is_always_gathered: Whether that property is also there when there are none.
    """

    members: Mapping[str, Member]
    extras: Conversion
    gathered: tuple[str, Conversion] | None = None
    is_always_gathered: bool = False

    def lift(self, value: object) -> object:
        if not is_json_object(value):
            return value
        lifted: dict[str, object] = {}
        for name, part in value.items():
            member = self.members.get(name)
            if member is not None:
                if not (part is None and member.null_is_absent):
                    lifted[name] = member.conversion.lift(part)
            elif self.gathered is None or name != self.gathered[0]:
                lifted[name] = self.extras.lift(part)
        if self.gathered is not None and self.gathered[0] in value:
            others = self.gathered[1].lift(value[self.gathered[0]])
            if not is_json_object(others):
                return lifted if others is None else {**lifted, self.gathered[0]: others}
            if both := sorted(others.keys() & lifted.keys()):
                raise ToolArgumentsError(f"{self.gathered[0]} has the key {both[0]!r}, which is an argument itself.")
            lifted |= others
        return lifted

    def lower(self, value: object) -> object:
        if not is_json_object(value):
            return value
        lowered: dict[str, object] = {}
        for name, member in self.members.items():
            if name in value:
                lowered[name] = member.conversion.lower(value[name])
            elif member.null_if_absent:
                lowered[name] = None
        others = {name: part for name, part in value.items() if name not in self.members}
        if self.gathered is None:
            return lowered | {name: self.extras.lower(part) for name, part in others.items()}
        if others or self.is_always_gathered:
            lowered[self.gathered[0]] = self.gathered[1].lower(others)
        return lowered


@dataclass(slots=True)
class Entries:
    """An open object as a list of `{key, value}`, which `pairs` converts further."""

    pairs: Conversion

    def lift(self, value: object) -> object:
        pairs = self.pairs.lift(value)
        if not is_json_array(pairs):
            return pairs
        lifted: dict[str, object] = {}
        for pair in pairs:
            if not is_json_object(pair) or not isinstance(pair.get("key"), str) or "value" not in pair:
                return pairs
            key = str(pair["key"])
            if key in lifted:
                raise ToolArgumentsError(f"The key {key!r} is given twice in a list of pairs: give each key once.")
            lifted[key] = pair["value"]
        return lifted

    def lower(self, value: object) -> object:
        if not is_json_object(value):
            return value
        return self.pairs.lower([{"key": key, "value": part} for key, part in value.items()])


@dataclass(slots=True)
class Places:
    """A list as an object with one property for each place, and one for the rest, which `members` converts further."""

    names: Sequence[str]
    rest: str | None
    members: Conversion

    def lift(self, value: object) -> object:
        places = self.members.lift(value)
        if not is_json_object(places):
            return places
        lifted = [places[name] for name in self.names if name in places]
        further = places.get(self.rest) if self.rest is not None else None
        return [*lifted, *further] if is_json_array(further) else lifted

    def lower(self, value: object) -> object:
        if not is_json_array(value):
            return value
        places = dict(zip(self.names, value, strict=False))
        if self.rest is not None:
            places[self.rest] = value[len(self.names) :]
        return self.members.lower(places)


@dataclass(slots=True)
class Boxed:
    """A value as the only property of an object."""

    name: str
    content: Conversion

    def lift(self, value: object) -> object:
        if is_json_object(value) and value.keys() == {self.name}:
            return self.content.lift(value[self.name])
        return value

    def lower(self, value: object) -> object:
        return {self.name: self.content.lower(value)}


@dataclass(slots=True)
class Named:
    """The conversion of a definition, which may not be made yet."""

    name: str
    conversions: Mapping[str, Conversion]

    def lift(self, value: object) -> object:
        return self.conversions[self.name].lift(value)

    def lower(self, value: object) -> object:
        return self.conversions[self.name].lower(value)


@dataclass(slots=True)
class Alternative:
    """One option of a union, in both forms."""

    canonical: Shape
    lowered: Shape
    conversion: Conversion


@dataclass(slots=True)
class Alternatives:
    """The conversion of the first option that a value has the shape of.

    A value that fits none takes that of the first object or list: a small slip must not cost all of the lifting.
    """

    options: Sequence[Alternative]
    canonical_definitions: Mapping[str, Shape]
    lowered_definitions: Mapping[str, Shape]

    def lift(self, value: object) -> object:
        for option in self.options:
            if matches(option.lowered, value, self.lowered_definitions):
                return option.conversion.lift(value)
        nearest = [
            each for each in self.options if _is_container(resolve(each.lowered, self.lowered_definitions), value)
        ]
        return nearest[0].conversion.lift(value) if nearest else value

    def lower(self, value: object) -> object:
        for option in self.options:
            if matches(option.canonical, value, self.canonical_definitions):
                return option.conversion.lower(value)
        nearest = [e for e in self.options if _is_container(resolve(e.canonical, self.canonical_definitions), value)]
        return nearest[0].conversion.lower(value) if nearest else value


def _is_container(shape: Shape, value: object) -> bool:
    return (is_json_object(value) and isinstance(shape, Object)) or (is_json_array(value) and isinstance(shape, Array))


def is_unchanged(conversion: Conversion) -> bool:
    """Whether a conversion gives back every value of its shape as it is."""
    return _is_unchanged(conversion, set())


def _is_unchanged(conversion: Conversion, seen: set[int]) -> bool:
    if id(conversion) in seen:
        return True
    seen.add(id(conversion))
    match conversion:
        case Unchanged():
            return True
        case Elements():
            return all(_is_unchanged(each, seen) for each in (*conversion.prefix, conversion.items))
        case Members():
            if conversion.gathered is not None or any(m.null_is_absent for m in conversion.members.values()):
                return False
            parts = [conversion.extras, *(member.conversion for member in conversion.members.values())]
            return all(_is_unchanged(part, seen) for part in parts)
        case Named():
            return _is_unchanged(conversion.conversions[conversion.name], seen)
        case Alternatives():
            return all(_is_unchanged(option.conversion, seen) for option in conversion.options)
        case _:
            return False
