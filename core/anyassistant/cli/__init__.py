"""The command line: `anyassistant`. Needs the extra `cli`."""

import sys

__all__ = ["main"]

_NEEDED = frozenset({"cyclopts", "rich", "prompt_toolkit"})


def main() -> None:
    """Run the command line and exit."""
    try:
        from .app import run

        code = run(sys.argv[1:])
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in _NEEDED:
            raise
        print(
            f"anyassistant: its command line needs {error.name!r}: pip install 'anyassistant[cli]'",
            file=sys.stderr,
        )
        code = 1
    except KeyboardInterrupt:  # so early that nothing has begun
        code = 130
    sys.exit(code)
