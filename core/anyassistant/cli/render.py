"""A run's events for people: its text as it comes, its tool calls with their outputs, and how it ended."""

from collections.abc import Mapping, Sequence
from typing import cast

from rich.console import Console
from rich.status import Status

from ..client.outcome import outcome_error
from ..types import (
    ErrorEvent,
    Event,
    ExtensionEvent,
    MessageDeltaEvent,
    MessageEvent,
    RunEvent,
    RunRecord,
    RunStep,
    RunStepDeltaEvent,
    RunStepEvent,
)
from .decided import describe_decision
from .missing_deps import HINT, looks_for_deps
from .plain import MAX_OUTPUT, clip, last_line, printable
from .progress import describe_progress

NUMBERS = "Events are numbered; the numbers between are deltas, shown as text."
"""What is said where every event gets a line."""


class Renderer:
    """Writes events to a console.

    Args:
        every_event: Whether each event gets a line of its own, beside the text and the calls that it carries.
        has_deps: Whether tools are given `deps`; else it is said of those that fail for want of them.
    """

    def __init__(self, console: Console, *, every_event: bool = False, has_deps: bool = True) -> None:
        self._console = console
        self._every_event = every_event
        self._has_deps = has_deps
        self._writing: str | None = None  # the message or call whose line is not finished
        self._names: dict[str, str] = {}
        self._status: Status | None = None

    def user(self, text: str) -> None:
        """Show what the user says."""
        self._line("You: ", "bold cyan", printable(text))

    def remark(self, text: str, style: str = "dim") -> None:
        """Show a line about what happens."""
        self._line(text, style)

    def note(self, text: str) -> None:
        """Show a line about what happens behind the answer; called from any thread."""
        self._finish_line()
        self._console.print(printable(text), style="dim")

    def wait(self) -> None:
        """Show that something goes on, at a terminal, until there is something to show."""
        if self._console.is_terminal and not self._console.is_dumb_terminal and self._status is None:
            self._status = self._console.status("the model is at it", spinner="dots")
            self._status.start()

    def close(self) -> None:
        """Finish what is half written."""
        self._stop_waiting()
        self._finish_line()

    def __call__(self, event: Event) -> None:
        """Show an event."""
        match event:
            case MessageDeltaEvent():
                self._write(str(event.data["id"]), "Assistant: ", "bold green", event.text)
            case RunStepDeltaEvent():
                self._calls(_calls_of(event))
            case MessageEvent():
                self._finish_line()
                self._event(event, _status_of_message(event))
            case RunStepEvent():
                self._finish_line()
                self._errors(event.data)
                self._event(event, _describe_step(event.data))
                if event.event == "thread.run.step.completed" and event.data.type == "tool_calls":
                    self.wait()
            case RunEvent():
                self._run(event)
            case ExtensionEvent(event="anyassistant.reasoning.delta"):
                self._write("reasoning", "  ", "dim", str(event.data.get("text", "")), style="dim italic")
            case ExtensionEvent():
                self._extension(event)
            case ErrorEvent():
                self.remark(f"error: {clip(event.data.message, MAX_OUTPUT)}", "red")

    def _run(self, event: RunEvent) -> None:
        self._finish_line()
        usage = event.data.usage
        tokens = f"{usage.prompt_tokens} tokens in, {usage.completion_tokens} out" if usage is not None else ""
        self._event(event, event.data.id if event.event == "thread.run.created" else tokens)
        ending = describe_outcome(event.data)
        is_over = event.data.status != "requires_action"  # what it waits for may be given here
        if ending and is_over and event.event != "thread.run.cancelling":
            self.remark(ending, "yellow" if event.data.status == "cancelled" else "red")
        if event.event == "thread.run.in_progress":
            self.wait()

    def _extension(self, event: ExtensionEvent) -> None:
        name = self._names.get(str(event.data.get("tool_call_id", "")), "?")
        self._event(event, name)
        match event.event:
            case "anyassistant.tool.progress":
                was_waiting = self._status is not None
                self.remark(f"  … {name}: {describe_progress(event.data.get('progress'))}")
                if was_waiting:
                    self.wait()
            case "anyassistant.approval.decided":
                text, style = describe_decision(event.data)
                self.remark(f"  {text}", style)
            case "anyassistant.approval.asked" | "anyassistant.reasoning.delta":
                pass  # whoever decides shows the call; reasoning is text

    def _calls(self, calls: Sequence[Mapping[str, object]]) -> None:
        for call in calls:
            call_id = str(call.get("id", ""))
            function = cast("Mapping[str, object]", call.get("function") or {})
            if "name" in function:
                self._names[call_id] = str(function["name"])
            name = self._names.get(call_id, "?")
            output = function.get("output")
            if output is None:
                self._write(call_id, f"  → {name} ", "cyan", str(function.get("arguments", "")))
            else:
                self._line(f"  ← {name} ", "cyan", clip(str(output), MAX_OUTPUT))

    def _errors(self, step: RunStep) -> None:
        for call in step.tool_calls:
            if call.outcome == "rejected":
                continue  # shown as a decision
            reason = last_line(call.error or "")  # of a traceback, what was raised
            told = (call.output or "").strip()  # shown already, as what the model is told
            if reason and (not told or (told not in reason and reason not in told)):
                self.remark(f"  ! {call.name}: {clip(reason, MAX_OUTPUT)}", "red")
                if not self._has_deps and looks_for_deps(call.error or ""):
                    self.remark(f"    {HINT}", "red")

    def _event(self, event: Event, detail: str) -> None:
        if self._every_event:
            self.remark(f"{event.sequence:4} {event.event}  {detail}".rstrip())

    def _write(self, key: str, label: str, label_style: str, text: str, *, style: str = "") -> None:
        """Go on with the line of a message or a call, or begin it."""
        self._stop_waiting()
        if self._writing != key:
            self._finish_line()
            self._console.print(printable(label), style=label_style, end="")
            self._writing = key
        if text:
            self._console.print(printable(text), style=style, end="")

    def _line(self, label: str, style: str, text: str = "") -> None:
        self._stop_waiting()
        self._finish_line()
        self._console.print(printable(label), style=style, end="")
        self._console.print(text)

    def _finish_line(self) -> None:
        if self._writing is not None:
            self._stop_waiting()
            self._console.print()
            self._writing = None

    def _stop_waiting(self) -> None:
        if self._status is not None:
            self._status.stop()
            self._status = None


def describe_outcome(record: RunRecord) -> str | None:
    """How a run ended or why it rests, for people; None where it completed, or goes on."""
    match record.status:
        case "completed" | "queued" | "in_progress" | "cancelling":
            return None
        case "requires_action":
            return f"Run {record.id} waits for {_pending(record)}"
        case _:
            return clip(str(outcome_error(record, "", None)), 2000)


def _pending(record: RunRecord) -> str:
    """What a run waits for."""
    asked, foreign = (
        ", ".join(
            f"{one.name}({clip(one.arguments, 200)}){' (approved)' if one.decision is not None else ''}"
            for one in record.pending_calls
            if one.waits_for == kind
        )
        for kind in ("approval", "output")
    )
    says = [f"an approval of {asked}"] if asked else []
    if foreign:
        says.append(
            f"{foreign}: nobody here can call that. It goes on in a chat that is started with the function: --tools "
            "MODULE:FUNCTION"
        )
    return f"{'; and for '.join(says)}."


def _calls_of(event: RunStepDeltaEvent) -> Sequence[Mapping[str, object]]:
    delta = cast("Mapping[str, Mapping[str, object]]", event.data["delta"])
    return cast("Sequence[Mapping[str, object]]", delta["step_details"].get("tool_calls") or ())


def _describe_step(step: RunStep) -> str:
    return f"{step.type} {', '.join(call.name for call in step.tool_calls)}".strip()


def _status_of_message(event: MessageEvent) -> str:
    details = event.data.incomplete_details
    return f"({details.reason})" if details is not None else ""
