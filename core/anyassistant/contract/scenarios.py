"""Scenarios: what the kit needs a model to do, and how a backend is brought to do it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

from ..protocols import ModelRequest
from ..types import HostedTool
from .verdicts import Cannot


@dataclass(frozen=True, slots=True)
class Scene:
    """One thing that the model is brought to do.

    Attributes:
        message: What the user says.
        answer: What the model then answers, to the letter; None where that cannot be foretold.
    """

    message: str
    answer: str | None = None


@dataclass(frozen=True, slots=True)
class ScriptedCall:
    """A tool call that the model is to make.

    Attributes:
        arguments: Their JSON value.
    """

    name: str
    arguments: Mapping[str, object]


class Scenarios:
    """How a backend is brought to do what the checks need.

    Each method prepares the backend, if that is needed, and gives the user's message that sets the scene. One that is
    not overridden says that it cannot: the checks that need it are then not applicable, with that reason.

    Attributes:
        crowd: How many threads the checks of concurrency run at once.
        least_tokens: The least that a run's `max_prompt_tokens` and `max_completion_tokens` can be.
        hosted_tool: A tool that the service runs itself, if it claims any.
    """

    crowd: int = 50
    least_tokens: int = 1
    hosted_tool: HostedTool = HostedTool("file_search", {"max_num_results": 3})

    def staged(self, check: str, *, secrets: Sequence[str] = ()) -> AbstractContextManager[None]:
        """Entered around each run of a check: once on each event loop, in the thread of that loop.

        A double of the backend is there for as long, such as routes of a mocked service or a cassette.

        Args:
            check: Its group and name, as reports show them.
            secrets: What must not be written down.

        Raises:
            Cannot: It cannot be there for this check, which is then not applicable.
        """
        return nullcontext()

    def answer(self, text: str) -> Scene:
        """The model answers, with a text made of this one where it can be told what to say."""
        raise self._cannot("answer a given text")

    def long_answer(self, pieces: int) -> Scene:
        """The model answers at length: with so many pieces at least, where it streams."""
        raise self._cannot("give a long answer")

    def wait(self, seconds: float) -> Scene:
        """The model takes so long before it answers."""
        raise self._cannot("take its time")

    def stay_busy(self) -> Scene:
        """The model is at it for seconds, whatever it does in them; nobody waits for its end."""
        return self.wait(30.0)

    def call(self, *calls: ScriptedCall) -> Scene:
        """The model makes these calls in one turn, and answers when it has their outputs."""
        raise self._cannot("call a tool")

    def call_in_rounds(self, *calls: ScriptedCall) -> Scene:
        """The model makes these calls one after another, a turn each, and then answers."""
        raise self._cannot("call tools in several rounds")

    def call_unknown(self, call: ScriptedCall) -> Scene:
        """The model calls a tool that it was not offered."""
        raise self._cannot("call a tool that it was not offered")

    def answer_to_outputs(self, outputs: Sequence[str]) -> str | None:
        """What the model answers to these outputs, to the letter; None where that cannot be foretold."""
        return None

    def use_hosted_tool(self) -> Scene:
        """The model uses `hosted_tool`, and answers."""
        raise self._cannot("use a tool of the service's own")

    def answer_in_json(self, schema: Mapping[str, object]) -> Scene:
        """The model, given this schema for its answer, answers with what fits it."""
        raise self._cannot("answer in JSON")

    def fail(
        self, code: str, message: str, *, retry_after: float | None = None, request_id: str | None = None
    ) -> Scene:
        """The service fails with this code, this message and these details."""
        raise self._cannot("fail")

    def refuse(self) -> Scene:
        """The model refuses to answer."""
        raise self._cannot("refuse")

    def give_state(self) -> Scene:
        """The model answers, and gives a `provider_state` with it."""
        raise self._cannot("give a `provider_state`")

    def report(self) -> Scene:
        """The model answers with what it was given, as `read_report` reads it."""
        raise self._cannot("say what it was given")

    def read_report(self, answer: str) -> Mapping[str, object]:
        """What a model that was brought to `report` was given: fields of `ModelRequest`, as far as it shows them.

        `tools` are names, `messages` roles, `tool_choice` a word or a tool's name.
        """
        raise self._cannot("say what it was given")

    def received(self) -> Sequence[ModelRequest]:
        """The requests that have reached the backend since the check was `staged`, as its double read them.

        What a wire does not have, such as the ids of calls, is empty in them.
        """
        raise Cannot(f"{type(self).__name__} cannot show what reached the backend")

    def is_answering(self) -> bool:
        """Whether the backend's double has not yet sent all of its last answer."""
        raise Cannot(f"{type(self).__name__} cannot show how much of an answer has been sent")

    def _cannot(self, what: str) -> Cannot:
        return Cannot(f"{type(self).__name__} cannot make the model {what}")
