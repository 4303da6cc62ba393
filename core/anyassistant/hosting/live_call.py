"""A tool call as it grows, and then what comes of it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from anyassistant_tools.json_text import without_lone_surrogates

from ..types import Decision, ToolOutput, TurnCall


@dataclass(slots=True, eq=False)
class LiveCall:
    """A tool call of a turn that goes on.

    Attributes:
        call: The call, but for what the model wrote since it was last frozen.
        pieces: That, piece by piece: joined to the arguments at once, a long text would be copied for each.
    """

    call: TurnCall
    pieces: list[str] = field(default_factory=list[str])

    @property
    def has_output(self) -> bool:
        return self.call.output is not None

    def take(self, output: ToolOutput) -> None:
        """Take what came of it."""
        self.call = replace(
            self.call,
            output=without_lone_surrogates(output.output),
            error=output.error,
            outcome=output.outcome,
            metadata=output.metadata,
            fatal=output.fatal,
            images=output.images,
        )

    def ask(self) -> None:
        """A person is asked; an approval that was not used in time counts no more."""
        self.call = replace(self.call, is_asked=True, decision=None)

    def decide(self, decision: Decision) -> None:
        """Take what a person decided."""
        self.call = replace(self.call, decision=decision)

    def freeze(self) -> TurnCall:
        """The call as it is now."""
        if self.pieces:
            self.call = replace(self.call, arguments=self.call.arguments + "".join(self.pieces))
            self.pieces.clear()
        return self.call
