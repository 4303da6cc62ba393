"""Rules of every store, whatever it keeps its objects in."""

from __future__ import annotations

from dataclasses import replace

from ..errors import ThreadBusy
from ..types import Turn


def busy(thread_id: str, run_id: str) -> ThreadBusy:
    """The error of a thread whose open run holds it."""
    return ThreadBusy(
        f"Thread {thread_id} has an open run {run_id}: wait for it, answer what it rests for "
        f"(client.runs.get({run_id!r}).record.pending_calls), cancel it, or take it over with thread.resume().",
        thread_id=thread_id,
        run_id=run_id,
    )


def silenced(turn: Turn) -> Turn | None:
    """A turn whose message was deleted: without its text, and the provider's state, which may repeat it.

    None where nothing is left of it.
    """
    return replace(turn, text="", refusal="", message_id=None, provider_state=None) if turn.tool_calls else None
