"""What a model gave in one call, put together from its deltas."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from ..protocols import FinishReason, ModelDelta, Usage
from .verdicts import Unmet, show


@dataclass(frozen=True, slots=True)
class AnsweredCall:
    """A tool call, put together from its pieces.

    Attributes:
        id: The provider's own, where it gave one.
    """

    name: str
    arguments: str
    id: str | None

    @property
    def values(self) -> dict[str, object]:
        """The arguments' JSON object.

        Raises:
            Unmet: They are none.
        """
        try:
            values = json.loads(self.arguments)
        except ValueError as error:
            raise Unmet("arguments that are the text of a JSON object", f"{show(self.arguments)} ({error})") from None
        if not isinstance(values, dict):
            raise Unmet("arguments that are the text of a JSON object", self.arguments)
        return values


@dataclass(frozen=True, slots=True)
class Answer:
    """One model call's deltas."""

    deltas: Sequence[ModelDelta]

    @property
    def text(self) -> str:
        return "".join(delta.text for delta in self.deltas)

    @property
    def refusal(self) -> str:
        return "".join(delta.refusal for delta in self.deltas)

    @property
    def pieces(self) -> Sequence[str]:
        """The texts of the deltas that have one."""
        return [delta.text for delta in self.deltas if delta.text]

    @property
    def finish_reasons(self) -> Sequence[FinishReason]:
        return [delta.finish_reason for delta in self.deltas if delta.finish_reason is not None]

    @property
    def usages(self) -> Sequence[Usage]:
        return [delta.usage for delta in self.deltas if delta.usage is not None]

    @property
    def usage(self) -> Usage:
        """The usage that counts: the last.

        Raises:
            Unmet: None was reported.
        """
        if not self.usages:
            raise Unmet("a delta with `usage`", "none")
        return self.usages[-1]

    @property
    def states(self) -> Sequence[object]:
        return [delta.provider_state for delta in self.deltas if delta.provider_state is not None]

    @property
    def calls(self) -> Sequence[AnsweredCall]:
        """The tool calls, in the order in which they began."""
        calls: list[AnsweredCall] = []
        places: dict[int, int] = {}
        for piece in (delta.tool_call for delta in self.deltas if delta.tool_call is not None):
            if piece.index is not None and piece.index in places:
                at = places[piece.index]
                begun = calls[at]
                calls[at] = AnsweredCall(begun.name, begun.arguments + piece.arguments, begun.id)
                continue
            if piece.index is not None:
                places[piece.index] = len(calls)
            calls.append(AnsweredCall(piece.name or "", piece.arguments, piece.id))
        return calls


async def collect(deltas: AsyncGenerator[ModelDelta, None]) -> Answer:
    """Listen to the end."""
    async with aclosing(deltas):
        return Answer([delta async for delta in deltas])
