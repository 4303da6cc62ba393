"""Asking the person at the terminal whether a call may be made."""

import json
import sys
from collections.abc import Mapping

from ..errors import InvalidRequest
from ..sync import Run
from ..types import PendingCall
from .approvals import Approver, this_person
from .plain import one_line, printable
from .render import Renderer

QUESTION = "  Call it? y = yes, n = no (Enter), e = edit the arguments: "
REASON = "  Why not? The model is told (Enter for no reason): "
EDIT = "  Call it with: "

NO_REASON = "They gave no reason."


class Person(Approver):
    """Asks for each call. Ctrl-C and Ctrl-D leave it undecided.

    Args:
        renderer: Shows the call.
    """

    def __init__(self, renderer: Renderer) -> None:
        self._renderer = renderer
        self._by = this_person()

    def decide(self, run: Run[str], call: PendingCall, /) -> bool:
        self._show(call)
        while (answer := _ask(QUESTION)) is not None:
            match answer.strip().lower():
                case "y" | "yes":
                    run.approve(call.id, by=self._by)
                    return True
                case "" | "n" | "no":
                    if self._reject(run, call):
                        return True
                case "e" | "edit":
                    if self._edit(run, call):
                        return True
                case _:
                    self._renderer.remark("  Answer y, n or e; Ctrl-C leaves it undecided.")
        return False

    def _show(self, call: PendingCall) -> None:
        """Show all of the call: nothing that is approved is cut."""
        self._renderer.close()
        self._renderer.remark(f"  ? {printable(call.name)} needs your approval:", "bold yellow")
        arguments = _parse(call.arguments)
        if arguments is None:
            self._renderer.remark(f"      {printable(call.arguments)}", "")
            return
        for name, value in arguments.items():
            self._renderer.remark(f"      {printable(name)}: {printable(json.dumps(value, ensure_ascii=False))}", "")
        if not arguments:
            self._renderer.remark("      (no arguments)", "")

    def _reject(self, run: Run[str], call: PendingCall) -> bool:
        reason = _ask(REASON)
        if reason is None:
            return False
        run.reject(call.id, reason.strip() or NO_REASON, by=self._by)
        return True

    def _edit(self, run: Run[str], call: PendingCall) -> bool:
        """Approve the call with other arguments. False: nothing was decided."""
        known = _parse(call.arguments)
        text = printable(call.arguments) if known is None else json.dumps(known, ensure_ascii=False)
        while (edited := _ask(EDIT, text)) is not None:
            text = edited
            arguments = _parse(text)
            if arguments is None:
                self._renderer.remark("  That is no JSON object. Mend it, or go back with Ctrl-C.", "red")
                continue
            try:
                run.approve(call.id, arguments=arguments, by=self._by)
                return True
            except InvalidRequest as error:
                if error.param != "arguments":
                    raise
                self._renderer.remark(f"  {one_line(str(error))}", "red")
        return False


def _parse(arguments: str) -> Mapping[str, object] | None:
    """The arguments by name; None where the text is no JSON object."""
    try:
        parsed: object = json.loads(arguments)
    except ValueError:
        return None
    return parsed if isinstance(parsed, dict) else None


def _ask(label: str, text: str = "") -> str | None:
    """What is typed from now on, on one line; None after Ctrl-C or Ctrl-D.

    What was typed before the question was there is no answer to it, and is thrown away.
    """
    from prompt_toolkit import PromptSession
    from prompt_toolkit.input.typeahead import clear_typeahead
    from prompt_toolkit.utils import is_dumb_terminal

    session: PromptSession[str] = PromptSession()
    clear_typeahead(session.app.input)
    _drop_unread()
    try:
        return session.prompt(label, default="" if is_dumb_terminal() else text)  # which would not show it
    except (KeyboardInterrupt, EOFError):
        return None


def _drop_unread() -> None:
    if sys.platform == "win32":
        return
    import termios

    termios.tcflush(sys.stdin, termios.TCIFLUSH)
