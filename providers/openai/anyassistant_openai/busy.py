"""A thread's open run, which the service tells of in words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from anyassistant.errors import AnyAssistantError, InvalidRequest, ProviderError, ThreadBusy

CODES = frozenset({"thread_busy", "thread_locked", "conversation_locked"})
"""What servers say that have a code for it; OpenAI's had none."""
_SAYS_SO = re.compile(r"while a run \S+ is active|already has an active run", re.IGNORECASE)
_RUN_ID = re.compile(r"\brun_\w+")


@contextmanager
def busy_is_told(thread_id: str) -> Iterator[None]:
    """Raise `ThreadBusy` for what the service refuses because the thread has an open run."""
    try:
        yield
    except (InvalidRequest, ProviderError) as error:
        busy = read_busy(error, thread_id)
        if busy is None:
            raise
        raise busy from error


def read_busy(error: AnyAssistantError, thread_id: str) -> ThreadBusy | None:
    """What the service's refusal is, if it is for an open run; its `run_id` is empty where the service names none."""
    if not isinstance(error, InvalidRequest | ProviderError):
        return None
    text = str(error)
    if error.code not in CODES and not (error.status_code in (400, 409) and _SAYS_SO.search(text)):
        return None
    named = _RUN_ID.search(text)
    run_id = named[0] if named else ""
    which = f"run {run_id}" if run_id else "a run"
    return ThreadBusy(f"Thread {thread_id} has an open run: {which}.", thread_id=thread_id, run_id=run_id)
