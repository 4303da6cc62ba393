"""How a tool is called: the options of `@tool`, `Tool.from_callable` and `Toolset.configure`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Literal

from typing_extensions import TypedDict

from anyassistant_tools.errors import ToolDefinitionError

DEFAULT_TIMEOUT = 60.0
"""How many seconds a tool may take unless it says otherwise."""

MAX_CONTENT = 100_000
"""How many characters of a result a model gets unless the tool says otherwise, the note about the cut included."""

LEAST_CONTENT = 100


class CallOptions(TypedDict, total=False):
    """How a tool is called.

    Attributes:
        timeout: Seconds a call may take, the wait for a free thread included; `None` is no limit. By default 60.
        requires_approval: A person has to approve each call; or a function of the arguments, sync or async, that says
            whether.
        idempotent: A call whose outcome is unknown may be made again.
        sequential: No other call of the turn runs beside it.
        isolate: Where a sync function runs: in a `"thread"`, which cannot be stopped, or in a `"process"`, which is
            killed when its time is up or its run cancelled. That one imports the program, so what a script does belongs
            under `if __name__ == "__main__":`; what it prints goes to standard error.
        fatal: Exceptions that end a run instead of being told to the model.
        max_attempts: Calls in a row with arguments that do not fit, after which the run fails; as many as the run's
            limits allow unless given.
        inline: A sync function that only computes runs on the event loop, which saves a thread; no time-out holds it.
        max_content: Characters of a result that a model gets; by default 100,000.
        reconcile: A function that finds out what came of a call whose process went away, by the same arguments: it
            gives the result, or raises `CallHadNoEffect`.
    """

    timeout: float | None
    requires_approval: bool | Callable[..., bool | Awaitable[bool]]
    idempotent: bool
    sequential: bool
    isolate: Literal["thread", "process"]
    fatal: type[Exception] | tuple[type[Exception], ...]
    max_attempts: int | None
    inline: bool
    max_content: int
    reconcile: Callable[..., object] | None


class ToolOptions(CallOptions, total=False):
    """What can be said of a tool beside its function: how it is called, and

    Attributes:
        name: What a model calls it by; the function's name unless given.
        description: What a model reads about it; what the docstring says unless given, before its sections and of the
            result.
    """

    name: str
    description: str


@dataclass(frozen=True, slots=True)
class Settings:
    """The options of a tool, all of them, validated; what each means is said at `CallOptions`."""

    timeout: float | None = DEFAULT_TIMEOUT
    requires_approval: bool | Callable[..., bool | Awaitable[bool]] = False
    idempotent: bool = False
    sequential: bool = False
    isolate: Literal["thread", "process"] = "thread"
    fatal: tuple[type[Exception], ...] = ()
    max_attempts: int | None = None
    inline: bool = False
    max_content: int = MAX_CONTENT
    reconcile: Callable[..., object] | None = None

    def changed(self, options: Mapping[str, Any], *, tool: str) -> Settings:
        """The same with these options, but for `name` and `description`, which are the tool's own.

        Raises:
            ToolDefinitionError: An option does not exist, or cannot have that value.
        """
        changes = {key: value for key, value in options.items() if key not in ("name", "description")}
        if not isinstance(options.get("description", ""), str):
            raise ToolDefinitionError(f"`description` of {tool} must be a text.", tool=tool)
        for key, value in changes.items():
            refuse_unknown_option(key, ("name", "description", *CALL_OPTIONS), of="A tool", tool=tool)
            problem = _problem_with(key, value)
            if problem is not None:
                raise ToolDefinitionError(f"`{key}` of {tool} must be {problem}, not {value!r}.", tool=tool)
        fatal = changes.get("fatal")
        if isinstance(fatal, type):
            changes["fatal"] = (fatal,)
        settings = replace(self, **changes)
        if settings.inline and settings.isolate == "process":
            raise ToolDefinitionError(f"{tool} cannot be both `inline` and in a process of its own.", tool=tool)
        return settings


CALL_OPTIONS = tuple(field.name for field in fields(Settings))
"""The names of `CallOptions`."""


def refuse_unknown_option(option: str, known: Sequence[str], *, of: str, tool: str = "") -> None:
    """Refuse an option that does not exist; a near name is suggested.

    Args:
        option: Its name.
        known: The names of those that exist.
        of: What has these, for the error.
        tool: The tool's name.

    Raises:
        ToolDefinitionError: It does not exist.
    """
    if option in known:
        return
    import difflib

    near = difflib.get_close_matches(option, known, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    raise ToolDefinitionError(f"{of} has no option {option!r} (known: {', '.join(known)}).{hint}", tool=tool)


def _problem_with(option: str, value: object) -> str | None:
    """What an option must be, where a value is not."""
    match option:
        case "timeout":
            is_time = isinstance(value, int | float) and not isinstance(value, bool) and value > 0
            return None if value is None or is_time else "above 0 s or None"
        case "requires_approval":
            return None if isinstance(value, bool) or callable(value) else "True, False or a function of the arguments"
        case "isolate":
            return None if value in ("thread", "process") else "'thread' or 'process'"
        case "fatal":
            kinds = value if isinstance(value, tuple) else (value,)
            are_exceptions = all(isinstance(kind, type) and issubclass(kind, Exception) for kind in kinds)
            return None if are_exceptions else "exception classes"
        case "max_attempts":
            return None if value is None or _is_count(value, 1) else "a whole number of 1 or more, or None"
        case "max_content":
            return None if _is_count(value, LEAST_CONTENT) else f"a whole number of {LEAST_CONTENT} or more"
        case "reconcile":
            return None if value is None or callable(value) else "a function"
        case _:
            return None if isinstance(value, bool) else "True or False"


def _is_count(value: object, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least
