"""Types as pydantic can read them where it cannot read, or not wholly, what stands in a signature."""

import sys
import typing
from collections.abc import Callable, Collection, Iterable
from enum import Enum
from types import GenericAlias, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import typing_extensions

_REQUIRED: tuple[object, ...] = (typing.Required, typing_extensions.Required)
_NOT_REQUIRED: tuple[object, ...] = (typing.NotRequired, typing_extensions.NotRequired)
_LISTS: tuple[object, ...] = (Iterable, Collection)
_UNION: tuple[object, ...] = (Union, UnionType)


def readable(annotation: Any, within: tuple[object, ...] = ()) -> Any:
    """Give a type that means the same to a function and that pydantic reads wholly.

    - An `Iterable` and a `Collection` become a `list`: pydantic does not know the latter, and would validate the items
      of the former only when the function comes to them.
    - A `Literal` of members of an enum takes their values, as an enum does: pydantic would take no JSON value.
    - Before Python 3.12, a `typing.TypedDict` becomes one of `typing_extensions`, as pydantic demands; one that holds
      itself cannot, and is left to pydantic's refusal.

    Args:
        annotation: Any type, its strings resolved.
        within: The TypedDicts that it is a part of.
    """

    def change(part: Any) -> Any:
        origin, args = get_origin(part), get_args(part)
        if part in _LISTS:
            return list
        if origin in _LISTS:
            return GenericAlias(list, args)
        if origin is Literal and any(isinstance(member, Enum) for member in args):
            return _literal_of_members(part, args)
        if _is_unreadable_typed_dict(part) and part not in within:
            return _typed_dict(part, (*within, part))
        return part

    return rebuild(annotation, change)


def rebuild(annotation: Any, change: Callable[[Any], Any]) -> Any:
    """Give a type with something changed in each of its parts, itself the last, and itself where nothing is."""
    origin: Any = get_origin(annotation)
    args = get_args(annotation)
    if origin is Annotated:
        inner = rebuild(args[0], change)
        return change(annotation if inner is args[0] else Annotated[(inner, *args[1:])])
    if not args or not (isinstance(origin, type) or origin in _UNION):
        return change(annotation)
    parts = tuple(part if isinstance(part, list) else rebuild(part, change) for part in args)
    if any(new is not old for new, old in zip(parts, args, strict=True)):
        remade: Any = Union if origin in _UNION else origin
        annotation = remade[parts]
    return change(annotation)


def keys_of_typed_dict(cls: Any) -> dict[str, tuple[object, bool]]:
    """Give the type of each key of a TypedDict, and whether it is required.

    Raises:
        AttributeError: It is no TypedDict.
        NameError: A type in it names something that cannot be found.
    """
    required_keys = cls.__required_keys__
    keys: dict[str, tuple[object, bool]] = {}
    for name, annotation in typing_extensions.get_type_hints(cls, include_extras=True).items():
        # What is written as a string was no qualifier yet when the class was made.
        is_required = name in required_keys
        origin: object = get_origin(annotation)
        while origin in (*_REQUIRED, *_NOT_REQUIRED, typing_extensions.ReadOnly):
            is_required = origin in _REQUIRED or (is_required and origin not in _NOT_REQUIRED)
            (annotation,) = get_args(annotation)
            origin = get_origin(annotation)
        keys[name] = (annotation, is_required)
    return keys


def _literal_of_members(annotation: Any, members: tuple[object, ...]) -> Any:
    values = [member.value if isinstance(member, Enum) else member for member in members]
    if not all(value is None or isinstance(value, str | int) for value in values):
        return annotation  # pydantic will tell
    from pydantic import AfterValidator

    by_value = {(type(value), value): member for value, member in zip(values, members, strict=True)}
    literal: Any = Literal
    return Annotated[literal[tuple(values)], AfterValidator(lambda value: by_value.get((type(value), value), value))]


def _is_unreadable_typed_dict(annotation: object) -> bool:
    is_old = sys.version_info < (3, 12) and isinstance(annotation, type)
    return is_old and type(annotation).__module__ == "typing" and typing.is_typeddict(annotation)


def _typed_dict(cls: Any, within: tuple[object, ...]) -> Any:
    try:
        keys = keys_of_typed_dict(cls)
    except NameError:  # pydantic will tell
        return cls
    fields = {
        name: (typing_extensions.Required if is_required else typing_extensions.NotRequired)[readable(kind, within)]
        for name, (kind, is_required) in keys.items()
    }
    make: Any = typing_extensions.TypedDict  # type checkers take literal names only
    anew = make(cls.__name__, fields)
    anew.__doc__, anew.__module__ = cls.__doc__, cls.__module__
    return anew
