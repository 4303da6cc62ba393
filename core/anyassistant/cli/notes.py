"""What happens behind the answer: a model that is loaded, a warning. Told by logging, shown as remarks."""

import logging
from collections.abc import Callable

from .plain import one_line

Tell = Callable[[str], None]


def tell_notes(provider: str, tell: Tell) -> None:
    """Show what the provider's package logs as information, and the warnings of all.

    Args:
        provider: The provider's name.
        tell: Shows one line; called from any thread.
    """
    handler = _Notes(tell)
    for name in ("anyassistant", _package_of(provider)):
        logger = logging.getLogger(name)
        logger.addHandler(handler)
        logger.propagate = False
        logger.setLevel(logging.INFO)


class _Notes(logging.Handler):
    def __init__(self, tell: Tell) -> None:
        super().__init__()
        self._tell = tell

    def emit(self, record: logging.LogRecord) -> None:
        text = one_line(record.getMessage())
        if record.exc_info and record.exc_info[1] is not None:
            text += f" ({type(record.exc_info[1]).__name__}: {one_line(str(record.exc_info[1]))})"
        level = f"{record.levelname.lower()}: " if record.levelno >= logging.WARNING else ""
        self._tell(f"  {level}{text}")


def _package_of(provider: str) -> str:
    from ..plugins import Plugins

    modules = [one.module for one in Plugins().installed() if one.name == provider]
    return modules[0].partition(".")[0] if modules else "anyassistant"
