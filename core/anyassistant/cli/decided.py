"""What was decided of a call that needed an approval, for people."""

from collections.abc import Mapping

from .plain import MAX_OUTPUT, clip


def describe_decision(decision: Mapping[str, object]) -> tuple[str, str]:
    """Who decided, with which arguments or for what reason, on one line; and its style.

    Args:
        decision: As the wire has it.
    """
    by, reason, arguments = decision.get("by"), decision.get("reason"), decision.get("arguments")
    is_approved = decision.get("approved") is True
    text = "✓ approved" if is_approved else "✗ rejected"
    text += f" by {by}" if by else ""
    text += f", with {arguments}" if arguments else ""
    text += f": {reason}" if reason else ""
    return clip(text, MAX_OUTPUT), "green" if is_approved else "yellow"
