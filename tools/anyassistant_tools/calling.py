"""How arguments by name become a call, and how long the call may take."""

import inspect
import opcode
from collections.abc import Callable, Iterable, Mapping

from anyassistant_tools.signature import Parameter

_Kind = inspect.Parameter
_POSITIONAL = (_Kind.POSITIONAL_ONLY, _Kind.POSITIONAL_OR_KEYWORD)
_BY_NAME = (_Kind.POSITIONAL_OR_KEYWORD, _Kind.KEYWORD_ONLY, _Kind.VAR_KEYWORD)


def is_async(fn: Callable[..., object]) -> bool:
    """Whether calling it runs nothing but makes a coroutine, which belongs on the event loop.

    What counts is the outermost callable: a sync wrapper around an async function may block, and goes to a thread.
    """
    if inspect.iscoroutinefunction(fn):  # also of a partial, and of a bound method
        return True
    return not inspect.isroutine(fn) and inspect.iscoroutinefunction(type(fn).__call__)


def can_suspend(fn: Callable[..., object]) -> bool:
    """Whether an async function awaits anything at all: one that does not needs no time-out on the event loop.

    (A time-out costs more than such a call.) Every `await`, `async for` and `async with` compiles to a SEND.
    """
    code = getattr(fn, "__code__", None)
    send = opcode.opmap.get("SEND")
    if code is None or send is None or not code.co_flags & inspect.CO_COROUTINE:
        return True
    return send in code.co_code[::2]


def bind_by_name(
    fn: Callable[..., object], parameters: Iterable[Parameter], factories: Mapping[str, Callable[[], object]]
) -> Callable[..., object]:
    """Give a callable that takes all arguments by name, as JSON has them, and calls `fn` as it wants to be called.

    Args:
        fn: The callable.
        parameters: What it takes.
        factories: What makes the value of an argument that was left out, where the function's own default does not.
    """
    takes = list(parameters)
    if not factories and all(parameter.kind in _BY_NAME for parameter in takes):
        return fn
    positional = [parameter for parameter in takes if parameter.kind in _POSITIONAL]
    variadic = next((parameter.name for parameter in takes if parameter.kind is _Kind.VAR_POSITIONAL), None)

    def call(**values: object) -> object:
        for name, make in factories.items():
            if name not in values:
                values[name] = make()
        rest = values.pop(variadic, ()) if variadic is not None else ()
        leading = positional if rest else _up_to_the_last_given(positional, values)
        ahead = [values.pop(parameter.name, parameter.default) for parameter in leading]
        return fn(*ahead, *rest, **values)  # type: ignore[misc]  # pyright: ignore  # validated as a list

    return call


def _up_to_the_last_given(positional: list[Parameter], values: Mapping[str, object]) -> list[Parameter]:
    """Give the parameters that have to go by position: the positional-only ones as far as any was given."""
    given = [
        index
        for index, parameter in enumerate(positional)
        if parameter.kind is _Kind.POSITIONAL_ONLY and parameter.name in values
    ]
    return positional[: given[-1] + 1] if given else []
