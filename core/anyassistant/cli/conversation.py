"""A conversation: a thread, the assistant that answers on it, and what its runs are given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from anyassistant_tools import ToolLike

from ..client import RunOptions
from ..errors import AnyAssistantError
from ..sync import Assistant, Client, Run, Thread
from ..types import Message, RunRecord
from .approvals import Approver, LeaveAll, follow_and_decide
from .follow import Show
from .marks import assistant_of, delete_unused, last_thread, new_thread


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the user asks for.

    Attributes:
        thread: A thread's id; else the last one that `chat` made.
        new: Begin a new thread.
        assistant: An assistant's id; else one of the command line's own.
        instructions: Instead of the assistant's.
        model: Instead of the assistant's.
        tools: What can be called here.
        deps: What the tools find as `RunContext.deps`.
    """

    thread: str | None = None
    new: bool = False
    assistant: str | None = None
    instructions: str | None = None
    model: str | None = None
    tools: Sequence[ToolLike] = ()
    deps: object = None


class Conversation:
    """A thread and who answers on it. Its thread is made with the first message."""

    def __init__(self, client: Client, wanted: Wanted, assistant: Assistant, thread: Thread | None):
        self._client = client
        self._wanted = wanted
        self._assistant = assistant
        self.thread = thread
        self._seen: dict[str, int] = {}  # the last event of each run that was shown

    @classmethod
    def open(cls, client: Client, wanted: Wanted) -> Conversation:
        """Find the thread and the assistant.

        Raises:
            NotFound: There is no such thread, or no such assistant.
        """
        thread: Thread | None = None
        if wanted.thread is not None:
            thread = client.threads.get(wanted.thread)
        elif not wanted.new:
            thread = last_thread(client, "chat")
        if wanted.assistant is not None:
            assistant = client.assistants.get(wanted.assistant, tools=wanted.tools)
        else:
            assistant = assistant_of(client, "chat", bound=wanted.tools, name="Chat")
        return cls(client, wanted, assistant, thread)

    def last_messages(self, count: int) -> Sequence[Message]:
        """The last messages, in the order in which they were said."""
        if self.thread is None:
            return []
        page = self.thread.messages(order="desc", limit=count).page()
        return list(reversed(page.data))

    def resume(self, show: Show, approver: Approver) -> RunRecord | None:
        """Go on with the thread's open run, and show what was not shown yet; None where there is none."""
        run = self._open_run()
        return None if run is None else self._follow(run, show, approver, after=self._seen.get(run.id, 0))

    def say(self, text: str, show: Show, approver: Approver) -> RunRecord:
        """Say something, and show the run that answers.

        Args:
            approver: Decides on calls that need an approval.

        Raises:
            ThreadBusy: The thread has an open run.
        """
        is_new = self.thread is None
        if self.thread is None:
            self.thread = new_thread(self._client, "chat")
        self.thread.add(text)
        try:
            return self._follow(self.thread.run(self._assistant, **_options(self._wanted)), show, approver)
        except AnyAssistantError:
            if is_new and delete_unused(self._client, self.thread):
                self.thread = None
            raise

    def cancel(self, show: Show) -> RunRecord | None:
        """End the thread's open run; None where there is none."""
        run = None if self.thread is None else self.thread.resume()
        if run is None:
            return None
        run.cancel()
        return self._follow(run, show, LeaveAll(), after=self._seen.get(run.id, 0))

    def _open_run(self) -> Run[str] | None:
        if self.thread is None:
            return None
        return self.thread.resume(tools=self._wanted.tools, deps=self._wanted.deps)

    def _follow(self, run: Run[str], show: Show, approver: Approver, *, after: int = 0) -> RunRecord:
        record, seen = follow_and_decide(run, show, approver, self._open_run, after=after)
        self._seen[record.id] = seen
        return record


def _options(wanted: Wanted) -> RunOptions:
    options = RunOptions(deps=wanted.deps)
    if wanted.instructions is not None:
        options["instructions"] = wanted.instructions
    if wanted.model is not None:
        options["model"] = wanted.model
    return options
