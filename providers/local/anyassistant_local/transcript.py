"""A conversation as plain lines, for a model that has been trained on too little to follow roles."""

from collections.abc import Sequence
from dataclasses import dataclass

from anyassistant.protocols import AssistantMessage, ModelMessage, ToolMessage, UserMessage

MAX_LINES = 8
"""Of a conversation so many are shown, the last ones."""

MAX_LINE_CHARACTERS = 300
"""Of a longer message the beginning is shown."""


@dataclass(frozen=True, slots=True)
class Transcript:
    """What was said, split where a small model needs it split.

    Attributes:
        earlier: The messages before the user's last one.
        question: What the user said last; empty where the user said nothing.
        answers: What followed it: calls and their results, and what the assistant said.
    """

    earlier: Sequence[ModelMessage]
    question: str
    answers: Sequence[ModelMessage]

    @property
    def results(self) -> Sequence[ToolMessage]:
        """The results of the calls made since the user spoke last."""
        return [message for message in self.answers if isinstance(message, ToolMessage)]

    @property
    def is_answered(self) -> bool:
        """Whether the assistant has said what it had to say, and the user nothing since."""
        return any(isinstance(message, AssistantMessage) and not message.tool_calls for message in self.answers[-1:])

    def around_question(self) -> Sequence[ModelMessage]:
        """All messages but the user's last one, the latest first."""
        return [*reversed(self.answers), *reversed(self.earlier)]

    def earlier_lines(self, *, with_results: bool = False) -> str:
        """The end of what was said before the last message, one line each, as `User: ...` and `Assistant: ...`."""
        lines = [line for message in self.earlier if (line := _to_line(message, with_results))]
        return "".join(lines[-MAX_LINES:])


def split_conversation(messages: Sequence[ModelMessage]) -> Transcript:
    """Splits a conversation at the user's last message; where the user said nothing, all of it answers nothing."""
    last = max((i for i, message in enumerate(messages) if isinstance(message, UserMessage)), default=-1)
    if last < 0:
        return Transcript(earlier=(), question="", answers=messages)
    message = messages[last]
    return Transcript(earlier=messages[:last], question=to_one_line(message.text), answers=messages[last + 1 :])


def to_one_line(text: str) -> str:
    """A text without line breaks, and without what the tokenizer would take for the end of a turn."""
    return " ".join(text.split()).replace("<|", "< |")


def _to_line(message: ModelMessage, with_results: bool) -> str:
    match message:
        case UserMessage():
            speaker = "User"
        case AssistantMessage():
            speaker = "Assistant"
        case ToolMessage():
            speaker = "Result" if with_results else ""
    text = to_one_line(message.text)[:MAX_LINE_CHARACTERS]
    return f"{speaker}: {text}\n" if speaker and text else ""
