"""What a callable takes: its parameters with their resolved types, whatever kind of callable it is."""

import functools
import inspect
import sys
import typing
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import SimpleNamespace

import typing_extensions

from anyassistant_tools.annotations import keys_of_typed_dict, readable
from anyassistant_tools.errors import ToolDefinitionError

MISSING = inspect.Parameter.empty
"""Stands for the default that a parameter does not have, and for the type that it does not state."""

_UNPACK = (typing.Unpack, typing_extensions.Unpack)


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a callable.

    Attributes:
        name: Its name, which is the argument's name in JSON.
        kind: One of the five kinds of `inspect.Parameter`.
        annotation: Its type with all strings in it resolved, or `MISSING`.
        default: The value of its default, or `MISSING`. A `Field(...)` written as a default is here as it was written.
        is_omissible: Whether it may be left out although it has no default: a `NotRequired` key of `**kwargs`.
        excluded: The names that `**kwargs` must not hold, since the callable has them already.
    """

    name: str
    kind: int  # a member of an enum of `inspect` that has no public name
    annotation: object
    default: object
    is_omissible: bool = False
    excluded: frozenset[str] = frozenset()


def name_of(fn: Callable[..., object]) -> str:
    """Give the name a callable goes by: of a `partial` that of its function, of an object that of its class."""
    while isinstance(fn, functools.partial):
        fn = fn.func
    return getattr(fn, "__name__", None) or type(fn).__name__


def docstring_of(fn: Callable[..., object]) -> str:
    """Give a callable's cleaned docstring or an empty text; of a callable object that of `__call__`, else its class."""
    while isinstance(fn, functools.partial):
        fn = fn.func
    if inspect.isroutine(fn) or inspect.isclass(fn):
        return inspect.getdoc(fn) or ""
    call_doc = inspect.getdoc(type(fn).__call__) if "__call__" in vars(type(fn)) else None
    return call_doc or inspect.getdoc(type(fn)) or ""


def read_parameters(fn: Callable[..., object], *, tool: str) -> list[Parameter]:
    """List what a callable takes, in its order; what a `partial` has bound is not among it.

    The keys of `**kwargs: Unpack[TypedDict]` are parameters of their own.

    Args:
        fn: Any callable that has a signature.
        tool: The tool's name, for the error.

    Raises:
        ToolDefinitionError: It has no signature, or a type in it names something that cannot be found.
    """
    try:
        signature = _signature(fn)
    except (ValueError, TypeError) as error:
        raise ToolDefinitionError(
            f"{tool} has no signature that Python can read ({error}): wrap it in a function with typed parameters.",
            tool=tool,
        ) from error
    bound = _bound_keywords(fn)
    parameters = [parameter for parameter in signature.parameters.values() if parameter.name not in bound]
    types = _resolve(fn, {parameter.name: parameter.annotation for parameter in parameters}, tool)
    found: list[Parameter] = []
    for parameter in parameters:
        annotation = types[parameter.name]
        if parameter.kind is not inspect.Parameter.VAR_KEYWORD:
            found.append(Parameter(parameter.name, parameter.kind, readable(annotation), parameter.default))
        elif typing.get_origin(annotation) in _UNPACK:
            (typed_dict,) = typing.get_args(annotation)
            found += _parameters_of_typed_dict(typed_dict, parameter.name, bound, tool)
        else:
            excluded = _names_that_have_a_value(fn)
            found.append(Parameter(parameter.name, parameter.kind, readable(annotation), MISSING, excluded=excluded))
    return found


def _parameters_of_typed_dict(
    typed_dict: object, parameter: str, bound: frozenset[str], tool: str
) -> Iterable[Parameter]:
    try:
        keys = keys_of_typed_dict(typed_dict)
    except (NameError, AttributeError) as error:
        raise ToolDefinitionError(
            f"The keys of parameter {parameter!r} of {tool} cannot be read ({error}): Unpack takes a TypedDict whose "
            "types exist when the program runs.",
            tool=tool,
            parameter=parameter,
        ) from error
    for name, (annotation, is_required) in keys.items():
        if name not in bound:
            kind = inspect.Parameter.KEYWORD_ONLY
            yield Parameter(name, kind, readable(annotation), MISSING, is_omissible=not is_required)


def _signature(fn: Callable[..., object]) -> inspect.Signature:
    if sys.version_info >= (3, 14):
        from annotationlib import Format

        return inspect.signature(fn, annotation_format=Format.FORWARDREF)  # else one unknown name raises for all
    return inspect.signature(fn)


def _bound_keywords(fn: Callable[..., object]) -> frozenset[str]:
    if isinstance(fn, functools.partial):  # nested ones are flattened by `functools`
        return frozenset(fn.keywords)
    return frozenset()


def _names_that_have_a_value(fn: Callable[..., object]) -> frozenset[str]:
    """Name what the callable would be given twice if it were among its `**kwargs`: what is bound, and `self`."""
    if isinstance(fn, functools.partial):
        still_open = _signature(fn).parameters
        bound = {
            name
            for name, parameter in _signature(fn.func).parameters.items()
            if name not in still_open and parameter.kind is not inspect.Parameter.POSITIONAL_ONLY
        }
        return _names_that_have_a_value(fn.func) | bound | fn.keywords.keys()
    if inspect.ismethod(fn):
        method: Callable[..., object] = fn.__func__
    elif inspect.isroutine(fn):
        return frozenset()
    else:
        method = fn.__init__ if inspect.isclass(fn) else type(fn).__call__
    first = next(iter(_signature(method).parameters.values()), None)
    is_named = first is not None and first.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD
    return frozenset({first.name}) if first is not None and is_named else frozenset()


def _resolve(fn: Callable[..., object], annotations: dict[str, object], tool: str) -> dict[str, object]:
    """Evaluate what is written as a string, in the place where the function was defined."""
    stated = {name: annotation for name, annotation in annotations.items() if annotation is not MISSING}
    namespaces = _namespaces(fn)
    try:
        resolved = _evaluate(stated, *namespaces)
    except Exception:  # an annotation is any expression  # noqa: BLE001
        resolved = dict[str, object]()
        for name, annotation in stated.items():
            try:
                resolved |= _evaluate({name: annotation}, *namespaces)
            except Exception as error:
                raise ToolDefinitionError(
                    f"The type {annotation!r} of parameter {name!r} of {tool} cannot be resolved ({error}): a name "
                    "in it must exist when the program runs, not only under TYPE_CHECKING.",
                    tool=tool,
                    parameter=name,
                ) from error
    return {name: resolved.get(name, MISSING) for name in annotations}


def _evaluate(
    annotations: dict[str, object], global_names: dict[str, object], local_names: Mapping[str, object]
) -> dict[str, object]:
    carrier = SimpleNamespace(__annotations__=annotations)
    return typing.get_type_hints(carrier, global_names, dict(local_names), include_extras=True)


def _namespaces(fn: Callable[..., object]) -> tuple[dict[str, object], dict[str, object]]:
    """Give the global and the local names that a function's annotations may use."""
    function = _underlying_function(fn)
    global_names = getattr(function, "__globals__", None)
    if global_names is None:
        module = sys.modules.get(getattr(function, "__module__", None) or "")
        global_names = vars(module) if module is not None else {}
    local_names: dict[str, object] = {}
    code = getattr(function, "__code__", None)
    if code is not None:
        local_names |= _names_of_the_defining_calls(code)
        local_names |= _closure(function, code.co_freevars)
    local_names |= {str(parameter): parameter for parameter in getattr(function, "__type_params__", ())}
    return global_names, local_names


def _underlying_function(fn: Callable[..., object]) -> Callable[..., object]:
    while isinstance(fn, functools.partial):
        fn = fn.func
    fn = inspect.unwrap(fn)
    if inspect.isroutine(fn):
        return fn
    owner, method = (fn, "__init__") if inspect.isclass(fn) else (type(fn), "__call__")
    function: Callable[..., object] = inspect.unwrap(getattr(owner, method))
    return function


def _closure(function: object, names: tuple[str, ...]) -> dict[str, object]:
    cells = getattr(function, "__closure__", None) or ()
    found: dict[str, object] = {}
    for name, cell in zip(names, cells, strict=True):
        try:
            found[name] = cell.cell_contents
        except ValueError:  # not assigned yet
            continue
    return found


def _names_of_the_defining_calls(code: object) -> dict[str, object]:
    """Give the local names of the call that defines the function, and of those around it, as far as still under way.

    That is the usual case of a tool defined inside a function, whose annotations name local classes.
    """
    names: dict[str, object] = {}
    frame = inspect.currentframe()
    while frame is not None:
        if code in frame.f_code.co_consts and frame.f_locals is not frame.f_globals:
            names = {**frame.f_locals, **names}
            code = frame.f_code
        frame = frame.f_back
    return names
