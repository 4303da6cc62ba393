"""Functions that go with a tool: one says whether a call needs approval, one finds out what came of a call."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping

from anyassistant_tools.calling import Arrangement, is_context
from anyassistant_tools.errors import ToolDefinitionError
from anyassistant_tools.execution import Execute, make_execute
from anyassistant_tools.options import Settings
from anyassistant_tools.signature import MISSING, read_parameters

_VARIADIC = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


class Companion:
    """A function that takes those of a tool's arguments which it names, and the context where it has a place for it.

    Args:
        fn: The function, sync or async.
        option: The tool's option that it is, for the error.
        tool: The tool's name.
        known: The names of the tool's arguments; None where its schema leaves them open.

    Raises:
        ToolDefinitionError: It needs an argument that the tool does not have.
    """

    def __init__(self, fn: Callable[..., object], *, option: str, tool: str, known: frozenset[str] | None) -> None:
        name = f"`{option}` of {tool}"
        parameters = read_parameters(fn, tool=name)
        contexts = [one.name for one in parameters if is_context(one.annotation)]
        own = [one for one in parameters if one.name not in contexts and one.kind not in _VARIADIC]
        for parameter in own:
            if known is not None and parameter.name not in known and parameter.default is MISSING:
                raise ToolDefinitionError(
                    f"{name} takes {parameter.name!r}, which is no argument of {tool} "
                    f"(it has: {', '.join(sorted(known)) or 'none'}).",
                    tool=tool,
                    parameter=parameter.name,
                )
        self._fn = fn
        self._name = name
        self._names = None if parameters and parameters[-1].kind is _VARIADIC[1] else {one.name for one in own}
        self._arrange = Arrangement(parameters, contexts, {}, tool=name)

    def execution(self, timeout: float | None) -> Execute:
        """Give what calls it as a tool is called: on the event loop, or in a thread."""
        execute = make_execute(self._fn, self._arrange, Settings(timeout=timeout), tool=self._name)
        return lambda values, context, threads: execute(self._taken(values), context, threads)

    def _taken(self, values: Mapping[str, object]) -> dict[str, object]:
        return {name: value for name, value in values.items() if self._names is None or name in self._names}
