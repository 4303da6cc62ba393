"""From an exception to the one line and the exit code that a user gets."""

import os
import sys

from anyassistant_tools import ToolArgumentsError, ToolDefinitionError
from cyclopts import CycloptsError

from ..errors import AnyAssistantError, ConfigError, InvalidRequest
from .plain import one_line

EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_INTERRUPTED = 130
EXIT_BROKEN_PIPE = 141

DEBUG_VARIABLE = "ANYASSISTANT_DEBUG"


class UsageError(AnyAssistantError):
    """The command line asks for something that cannot be done; the message says what to write instead."""


class CommandFailed(AnyAssistantError):
    """The command could not do what it is for."""


def report(error: BaseException, *, debug: bool) -> int:
    """Say on standard error what went wrong, and give the exit code."""
    match error:
        case KeyboardInterrupt():
            return EXIT_INTERRUPTED
        case BrokenPipeError():
            _silence_stdout()
            return EXIT_BROKEN_PIPE
        case OSError() if _is_of_stdout(error):
            _silence_stdout()
            failed = CommandFailed(f"Cannot write to standard output: {error.strerror}.")
            failed.__cause__ = error
            return report(failed, debug=debug)
        case BaseExceptionGroup() if len(error.exceptions) == 1:
            return report(error.exceptions[0], debug=debug)
        case _:
            pass
    if debug:
        import traceback

        traceback.print_exception(error)
    else:
        print(f"anyassistant: {_message(error)}", file=sys.stderr)
    usage = (UsageError, CycloptsError, InvalidRequest, ConfigError, ToolArgumentsError, ToolDefinitionError)
    return EXIT_USAGE if isinstance(error, usage) else EXIT_FAILED


def _is_of_stdout(error: OSError) -> bool:
    """Whether it was standard output that failed: what could not be written is still there, and fails again."""
    if error.filename is not None:
        return False
    try:
        sys.stdout.flush()
        os.write(sys.stdout.fileno(), b"")  # where nothing is buffered, a device may still refuse
    except OSError as again:
        return again.errno == error.errno
    return False


def _message(error: BaseException) -> str:
    message = one_line(str(error)).replace("`store=`", "--store")
    if isinstance(error, AnyAssistantError | CycloptsError):
        return message or type(error).__name__
    if isinstance(error, OSError) and message:
        return message
    return f"{type(error).__name__}: {message}. Set {DEBUG_VARIABLE}=1 to see where it comes from."


def _silence_stdout() -> None:
    """Nobody reads any more: what is still buffered must not complain when the interpreter flushes it."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
