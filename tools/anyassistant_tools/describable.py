"""Whether a model can send a value of a type as JSON at all: looked at when a tool is made, without building a schema.

The common types are known by their names or their structure; a class that nobody knows is put to pydantic, which is
the only case that costs more than some microseconds.
"""

import dataclasses
import inspect
import types
import typing
from collections.abc import Callable, Generator, Iterable, Sequence
from enum import Enum
from typing import Annotated, Literal, Union, get_args, get_origin

from anyassistant_tools.errors import ToolDefinitionError
from anyassistant_tools.signature import MISSING, Parameter

_KNOWN = frozenset(
    {
        *("builtins." + name for name in ("str", "int", "float", "bool", "bytes", "complex", "object")),
        *("builtins." + name for name in ("NoneType", "list", "tuple", "set", "frozenset", "dict")),
        *("datetime." + name for name in ("datetime", "date", "time", "timedelta")),
        *("collections." + name for name in ("deque", "defaultdict", "OrderedDict", "Counter")),
        *("collections.abc." + name for name in ("Mapping", "MutableMapping", "Sequence", "Iterable", "Set")),
        *("decimal.Decimal", "fractions.Fraction", "uuid.UUID", "re.Pattern"),
        *("pathlib.Path", "pathlib.PurePath", "pathlib._local.Path", "pathlib._local.PurePath"),
    }
)
_NEVER = (types.FunctionType, types.MethodType, types.BuiltinFunctionType, types.ModuleType, type)


def check_describable(parameters: Sequence[Parameter], *, tool: str) -> None:
    """Refuse a parameter whose type no JSON value can stand for: a callable, a module, a context manager.

    Raises:
        ToolDefinitionError: It names the tool, the parameter, the type, and a remedy.
    """
    for parameter in parameters:
        if parameter.annotation is not MISSING:
            try:
                _check(parameter.annotation, set())
            except _NotDescribableError as error:
                raise refusal(tool, parameter.name, parameter.annotation, error) from error


def refusal(tool: str, parameter: str, annotation: object, why: Exception) -> ToolDefinitionError:
    """Give the error that names tool, parameter, type and remedy."""
    reason = str(why).partition("\n")[0].partition(". ")[0].rstrip(".")  # pydantic goes on about its own settings
    return ToolDefinitionError(
        f"Parameter {parameter!r} of {tool} has a type that a model cannot send as JSON: {type_name(annotation)} "
        f"({reason}). Take what it is made from (a str, a number, a model) and make it inside the tool, or bind the "
        "argument with functools.partial.",
        tool=tool,
        parameter=parameter,
    )


def type_name(annotation: object) -> str:
    """Give a type as it is written: `Shop`, not `<class 'shop.Shop'>`."""
    return annotation.__name__ if inspect.isclass(annotation) and not get_args(annotation) else str(annotation)


class _NotDescribableError(Exception):
    """Says which part of a type it is."""


def _check(annotation: object, seen: set[int]) -> None:
    if id(annotation) in seen:
        return
    seen.add(id(annotation))
    origin = get_origin(annotation)
    if origin in (Callable, Generator, type):
        raise _NotDescribableError(f"there is no JSON form of {type_name(annotation)}")
    if origin is Annotated:
        inner, *metadata = get_args(annotation)
        if not any(_describes_itself(item) for item in metadata):
            _check(inner, seen)
    elif origin is Literal:
        return
    elif origin in (Union, types.UnionType):
        _check_all(get_args(annotation), seen)
    elif origin is not None:
        _check(origin, seen)
        _check_all((part for part in get_args(annotation) if part is not ...), seen)
    elif inspect.isclass(annotation):
        _check_class(annotation, seen)
    elif (aliased := getattr(annotation, "__supertype__", None) or getattr(annotation, "__value__", None)) is not None:
        if isinstance(aliased, str):  # of a TypeAliasType
            _ask_pydantic(annotation)
        else:
            _check(aliased, seen)
    elif type(annotation).__module__ not in ("typing", "typing_extensions"):  # those are Any, a TypeVar and the like
        _ask_pydantic(annotation)


def _check_all(annotations: Iterable[object], seen: set[int]) -> None:
    for annotation in annotations:
        _check(annotation, seen)


def _describes_itself(item: object) -> bool:
    return hasattr(item, "__get_pydantic_core_schema__") or hasattr(item, "__get_pydantic_json_schema__")


def _check_class(cls: type[object], seen: set[int]) -> None:
    if f"{cls.__module__}.{cls.__qualname__}" in _KNOWN or (issubclass(cls, Enum) and len(cls)):
        return
    if f"{cls.__module__}.{cls.__qualname__}" == "pydantic.main.BaseModel":
        raise _NotDescribableError("it stands for any model: name one")
    if issubclass(cls, (*_NEVER, Enum)) or cls is Generator:  # an Enum without members
        raise _NotDescribableError(f"there is no JSON form of {type_name(cls)}")
    if (fields := getattr(cls, "__pydantic_fields__", None)) is not None:
        for field in fields.values():
            if not any(_describes_itself(item) for item in field.metadata):
                _check(field.annotation, seen)
    elif _describes_itself(cls) or _is_typed_dict_of_typing(cls):
        _ask_pydantic(cls)
    elif dataclasses.is_dataclass(cls) or hasattr(cls, "__total__") or hasattr(cls, "_fields"):
        _check_all(_hints(cls), seen)
    else:
        _ask_pydantic(cls)


def _is_typed_dict_of_typing(cls: type[object]) -> bool:
    """Whether it is one that pydantic does not take before Python 3.12, even here: one that holds itself."""
    return type(cls).__module__ == "typing"


def _hints(cls: type[object]) -> list[object]:
    """The types of the fields of a dataclass, TypedDict or NamedTuple."""
    try:
        hints = typing.get_type_hints(cls, include_extras=True)
    except NameError:  # not yet defined; the schema, which is made on first use, will tell
        return []
    if dataclasses.is_dataclass(cls):  # without its KW_ONLY, which looks like a field, and its InitVars
        return [hints[field.name] for field in dataclasses.fields(cls)]
    return list(hints.values())


def _ask_pydantic(annotation: object) -> None:
    from pydantic import TypeAdapter
    from pydantic.errors import PydanticUserError

    try:
        # Whether it is a type is what is asked.
        adapter: TypeAdapter[object] = TypeAdapter(annotation)  # type: ignore[arg-type]  # pyright: ignore
        adapter.json_schema()
    except NameError:  # not yet defined; the schema, which is made on first use, will tell
        return
    except (PydanticUserError, ImportError) as error:  # some types of pydantic need a further package
        raise _NotDescribableError(str(error)) from error
