"""Estimates of tokens: four bytes of UTF-8 are about one. Used where no model counts them itself."""

from __future__ import annotations

from ..types import Image, Message, Turn

BYTES_PER_TOKEN = 4
TOKENS_PER_ENTRY = 4
"""What the frame around a message costs."""
TOKENS_PER_IMAGE = 1_000


def estimate_text(text: str) -> int:
    """Tokens of a text, rounded up."""
    size = len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
    return -(-size // BYTES_PER_TOKEN)


def estimate_message(message: Message) -> int:
    """Tokens of a message in a prompt."""
    images = sum(isinstance(part, Image) for part in message.content)
    return TOKENS_PER_ENTRY + estimate_text(message.text) + images * TOKENS_PER_IMAGE


def estimate_turn(turn: Turn) -> int:
    """Tokens of a turn in a prompt, with its tool calls and their outputs."""
    calls = sum(
        2 * TOKENS_PER_ENTRY
        + estimate_text(call.name)
        + estimate_text(call.arguments)
        + estimate_text(call.output or "")
        for call in turn.tool_calls
    )
    return TOKENS_PER_ENTRY + estimate_text(turn.text) + estimate_text(turn.refusal) + calls


def completion_tokens(turn: Turn) -> int:
    """Tokens that a model gave in a turn: as its provider reported, else an estimate."""
    if turn.usage is not None:
        return turn.usage.completion_tokens
    calls = sum(estimate_text(call.name) + estimate_text(call.arguments) for call in turn.tool_calls)
    return estimate_text(turn.text) + estimate_text(turn.refusal) + calls
