"""How arguments by name become a call, and what kind of callable it is."""

from __future__ import annotations

import inspect
import opcode
import types
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Union, get_args, get_origin

from typing_extensions import TypeAliasType

from anyassistant_tools.context import RunContext
from anyassistant_tools.errors import ToolDefinitionError
from anyassistant_tools.signature import MISSING, Parameter

_Kind = inspect.Parameter
_POSITIONAL = (_Kind.POSITIONAL_ONLY, _Kind.POSITIONAL_OR_KEYWORD)
_BY_NAME = (_Kind.POSITIONAL_OR_KEYWORD, _Kind.KEYWORD_ONLY, _Kind.VAR_KEYWORD)


def is_async(fn: Callable[..., object]) -> bool:
    """Whether calling it runs nothing but makes a coroutine or an async generator, which belongs on the event loop.

    What counts is the outermost callable: a sync wrapper around an async function may block, and goes to a thread.
    """
    if inspect.iscoroutinefunction(fn) or inspect.isasyncgenfunction(fn):  # also of a partial, and of a bound method
        return True
    if inspect.isroutine(fn):
        return False
    call = type(fn).__call__
    return inspect.iscoroutinefunction(call) or inspect.isasyncgenfunction(call)


def is_generator(fn: Callable[..., object]) -> bool:
    """Whether calling it makes a generator, sync or async."""
    return any(
        inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function)
        for function in (fn, type(fn).__call__)
    )


def can_suspend(fn: Callable[..., object]) -> bool:
    """Whether an async function awaits anything at all: one that does not needs no time-out on the event loop.

    (A time-out costs more than such a call.) Every `await`, `async for` and `async with` compiles to a SEND.
    """
    code = getattr(fn, "__code__", None)
    send = opcode.opmap.get("SEND")
    if code is None or send is None or not code.co_flags & inspect.CO_COROUTINE:
        return True
    return send in code.co_code[::2]


class Arrangement:
    """How a callable wants its arguments: by position or by name, with what makes those that were left out.

    Args:
        parameters: All that it takes, contexts included.
        contexts: The names of the parameters that get the `RunContext`.
        factories: What makes the value of an argument that was left out, where the function's own default does not.
        tool: The tool's name, for the error.

    Attributes:
        is_plain: The arguments by name, as JSON has them, are what the callable takes.
    """

    def __init__(
        self,
        parameters: Sequence[Parameter],
        contexts: Sequence[str],
        factories: Mapping[str, Callable[[], object]],
        *,
        tool: str,
    ) -> None:
        self.is_plain = not (contexts or factories) and all(one.kind in _BY_NAME for one in parameters)
        self._tool = tool
        self._contexts = [one for one in parameters if one.name in contexts]
        self._factories = factories
        self._positional = [one for one in parameters if one.kind in _POSITIONAL]
        self._variadic = next((one.name for one in parameters if one.kind is _Kind.VAR_POSITIONAL), None)

    def __call__(
        self, values: dict[str, object], context: RunContext[object] | None
    ) -> tuple[list[object], dict[str, object]]:
        """Give the arguments by position and those by name. Takes `values` apart."""
        for parameter in self._contexts:
            if context is not None:
                values[parameter.name] = context
            elif parameter.default is MISSING:
                raise ToolDefinitionError(
                    f"{self._tool} takes a RunContext: call it in a run, or with context=RunContext(deps=...).",
                    tool=self._tool,
                    parameter=parameter.name,
                )
        for name, make in self._factories.items():
            if name not in values:
                values[name] = make()
        rest = values.pop(self._variadic, ()) if self._variadic is not None else ()
        leading = self._positional if rest else _up_to_the_last_given(self._positional, values)
        ahead = [values.pop(parameter.name, parameter.default) for parameter in leading]
        return [*ahead, *rest], values  # type: ignore[misc]  # pyright: ignore  # validated as a list


def _up_to_the_last_given(positional: list[Parameter], values: Mapping[str, object]) -> list[Parameter]:
    """Give the parameters that have to go by position: the positional-only ones as far as any was given."""
    given = [
        index
        for index, parameter in enumerate(positional)
        if parameter.kind is _Kind.POSITIONAL_ONLY and parameter.name in values
    ]
    return positional[: given[-1] + 1] if given else []


def is_context(annotation: object) -> bool:
    """Whether a parameter gets the `RunContext`: annotated with it, with or without `Deps`, or with it `| None`."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return is_context(get_args(annotation)[0])
    if origin in (Union, types.UnionType):
        return any(is_context(part) for part in get_args(annotation))
    if isinstance(annotation, TypeAliasType):
        return is_context(annotation.__value__)
    return annotation is RunContext or origin is RunContext
