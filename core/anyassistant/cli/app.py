"""The commands, and how the command line starts.

Commands are named as "module:function" and imported when they are used, so that `--help` is quick.
"""

import os
import sys
from collections.abc import Sequence
from importlib.metadata import version
from io import TextIOWrapper

from cyclopts import App, CycloptsError, Group, Parameter

from .failures import DEBUG_VARIABLE, EXIT_USAGE, report
from .mounting import announced_providers, mount_provider_commands
from .plain import one_line

TALK = Group.create_ordered("Talk")
LOOK = Group.create_ordered("Look and tidy up")
BRING = Group.create_ordered("Commands of providers")
MEND = Group.create_ordered("This installation")

COMMANDS = (
    ("demo", "demo:demo", TALK, "A shop assistant at work: no key, no account."),
    ("chat", "chat:app", TALK, "Talk with an assistant, with tools of your own."),
    ("threads", "threads:app", LOOK, "Threads: list, show, delete."),
    ("runs", "runs:app", LOOK, "Runs: list, show; approve or reject a call."),
    ("assistants", "assistants:app", LOOK, "Assistants: list, show, delete."),
    ("tools", "tools:app", LOOK, "Your functions as a model sees them: list, schema, call."),
    ("providers", "providers:providers", MEND, "The providers that are installed."),
    ("provider", "provider:app", MEND, "For authors of providers: begin one."),
    ("doctor", "doctor:doctor", MEND, "What is installed, what failed and why, where the data lies."),
)

HELP = """Assistants, threads and runs on any language model."""

EPILOGUE = f"""Begin with:

    anyassistant demo
    anyassistant chat
    anyassistant chat --tools anyassistant.cli.shop:TOOLS

Every command has its own --help. Every command takes --debug;
{DEBUG_VARIABLE}=1 in the environment does the same."""


def make_app(command: str = "") -> App:
    """The command line's tree of commands.

    Args:
        command: The one that is used: it is imported, and its help is its docstring. All others have their summary.
    """
    app = App(
        name="anyassistant",
        help=HELP,
        help_epilogue="" if command else EPILOGUE,
        help_format="plaintext",
        default_parameter=Parameter(negative="", show_default=False),
        version=lambda: version("anyassistant"),
    )
    app["--help"].group = app["--version"].group = MEND
    for place, (name, where, group, text) in enumerate(COMMANDS):
        summary = None if name == command else text
        app.command(f"anyassistant.cli.{where}", name=name, group=group, help=summary, sort_key=place)
    if not command:
        _list_what_is_elsewhere(app)
    return app


def _list_what_is_elsewhere(app: App) -> None:
    """Put into the help what is taken out of the command line before it is parsed, or mounted when it is used."""
    app.command(App(name="--debug", group=MEND, help="A traceback where something fails, instead of one line."))
    for name, distribution in announced_providers().items():
        app.command(App(name=name, group=BRING, help=f"What {distribution} brings, where it has commands."))


def run(arguments: Sequence[str]) -> int:
    """Run one command line: its exit code."""
    tokens, debug = _without_debug(arguments)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal that has no arrows shows their escapes
    try:
        app = make_app(next((one for one in tokens if not one.startswith("-")), ""))
        mount_provider_commands(app, tokens)
        code = app(tokens, exit_on_error=False, print_error=False, result_action="return_value")
        sys.stdout.flush()
    except CycloptsError as error:
        _explain_usage(error, tokens)
        return EXIT_USAGE
    except SystemExit as error:
        return error.code if isinstance(error.code, int) else int(error.code is not None)
    except BaseException as error:  # noqa: BLE001 - here it ends, in one line and an exit code
        return report(error, debug=debug)
    return code if isinstance(code, int) else 0


def _without_debug(arguments: Sequence[str]) -> tuple[list[str], bool]:
    """Take `--debug` out, wherever it stands in front of `--`."""
    at = arguments.index("--") if "--" in arguments else len(arguments)
    tokens = [one for one in arguments[:at] if one != "--debug"] + list(arguments[at:])
    return tokens, len(tokens) < len(arguments) or os.environ.get(DEBUG_VARIABLE, "") not in ("", "0")


def _explain_usage(error: CycloptsError, tokens: Sequence[str]) -> None:
    chain = " ".join(["anyassistant", *(error.command_chain or ())])
    print(f"anyassistant: {one_line(str(error))} See: {chain} --help", file=sys.stderr)
