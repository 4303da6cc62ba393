"""What can go wrong with a tool, as one tree.

    AnyAssistantError
    ├── ToolError               the tool speaks to the model
    ├── ToolDefinitionError     the callable cannot become a tool       (also a TypeError)
    ├── ToolArgumentsError      the model's arguments do not fit        (also a ValueError)
    ├── ToolResultError         the result cannot be sent to a model    (also a TypeError)
    ├── ToolTimeoutError        the tool took longer than it may        (also a TimeoutError)
    ├── ToolCancelled           nobody waits for the tool's call any more
    ├── ToolProcessError        the process of a tool went away         (also a RuntimeError)
    ├── CallHadNoEffect         a `reconcile` function found that the call was never made
    └── WorkerThreadsExhausted  too many functions were given up on     (also a RuntimeError)

The root is also the root of everything that `anyassistant` raises. All of them can be pickled.
"""


class AnyAssistantError(Exception):
    """The root of the one tree of exceptions of `anyassistant` and `anyassistant_tools`."""


class ToolError(AnyAssistantError):
    """Raised inside a tool to say something to the model, in place of a result.

    Args:
        message: What the model is told, word for word.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)


class ToolDefinitionError(AnyAssistantError, TypeError):
    """A callable cannot become a tool: its message names the tool, the parameter, the type and a remedy.

    Attributes:
        tool: The tool's name, as far as it has one.
        parameter: The parameter that is at fault, or `None` where it is not a parameter's fault.
    """

    def __init__(self, message: str, *, tool: str = "", parameter: str | None = None) -> None:
        super().__init__(message)
        self.tool = tool
        self.parameter = parameter


class ToolArgumentsError(AnyAssistantError, ValueError):
    """A model's arguments do not fit the tool's parameters; the tool was not called.

    The message says for each argument what was expected and what came, so that a model can mend its call by it.

    Attributes:
        tool: The tool's name.
    """

    def __init__(self, message: str, *, tool: str = "") -> None:
        super().__init__(message)
        self.tool = tool


class ToolResultError(AnyAssistantError, TypeError):
    """A tool ran and returned something that has no JSON form: return a model, a dataclass, containers or a `str`.

    Attributes:
        tool: The tool's name.
    """

    def __init__(self, message: str, *, tool: str = "") -> None:
        super().__init__(message)
        self.tool = tool


class ToolTimeoutError(AnyAssistantError, TimeoutError):
    """A tool took longer than its `timeout` allows.

    Attributes:
        tool: The tool's name.
        timeout: The limit that it overran, in seconds.
        orphaned: Whether its body is still running in a thread, which cannot be stopped: it may still have side
            effects. An async tool was cancelled and is never orphaned.
        may_have_taken_effect: Whether its body had begun. Otherwise it waited for a thread or a process.
    """

    def __init__(
        self,
        message: str,
        *,
        tool: str = "",
        timeout: float = 0.0,
        orphaned: bool = False,
        may_have_taken_effect: bool = False,
    ) -> None:
        super().__init__(message)
        self.tool = tool
        self.timeout = timeout
        self.orphaned = orphaned
        self.may_have_taken_effect = may_have_taken_effect or orphaned


class ToolCancelled(AnyAssistantError):
    """Raised inside a tool, by its `RunContext`: the call was given up on. Let it pass, so that the tool stops."""


class ToolProcessError(AnyAssistantError, RuntimeError):
    """A tool with `isolate="process"` could not be sent to its process, or that ended before it told what came of it.

    Attributes:
        tool: The tool's name.
        may_have_taken_effect: Whether the call had been sent, so that its body may have begun.
    """

    def __init__(self, message: str, *, tool: str = "", may_have_taken_effect: bool = False) -> None:
        super().__init__(message)
        self.tool = tool
        self.may_have_taken_effect = may_have_taken_effect


class CallHadNoEffect(AnyAssistantError):
    """Raised inside a `reconcile` function: the call whose outcome was unknown did nothing, and is made now."""


class WorkerThreadsExhausted(AnyAssistantError, RuntimeError):
    """So many abandoned functions still run in worker threads that no further one is started.

    A function that was given up on (after a time-out, a cancel) cannot be stopped. Give the functions time-outs of
    their own (of the socket, of the query), or raise `max_orphans`.

    Attributes:
        orphans: How many were running.
    """

    def __init__(self, message: str, *, orphans: int = 0) -> None:
        super().__init__(message)
        self.orphans = orphans
