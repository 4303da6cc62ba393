"""Which names a tool may have: those that every provider takes."""

import keyword
import re

from anyassistant_tools.errors import ToolDefinitionError

MAX_NAME_LENGTH = 64

_LEGAL_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_ILLEGAL_CHARACTERS = re.compile(r"[^a-zA-Z0-9_-]+")


def validate_tool_name(name: str) -> str:
    """Give the name back if every provider takes it.

    Args:
        name: What a tool is to be called: 1 to 64 of `a-z A-Z 0-9 _ -`.

    Returns:
        The same name.

    Raises:
        ToolDefinitionError: The name is not legal; the message suggests one that is, where one is near.
    """
    is_text = isinstance(name, str)
    if is_text and _LEGAL_NAME.fullmatch(name):
        return name
    suggestion = _ILLEGAL_CHARACTERS.sub("_", name if is_text else "").strip("_")[:MAX_NAME_LENGTH]
    is_usable = suggestion != "" and not keyword.iskeyword(suggestion)
    remedy = f"use {suggestion!r}" if is_usable else "give one with name="
    raise ToolDefinitionError(
        f"{name!r} is not a legal name of a tool (1 to {MAX_NAME_LENGTH} of a-z A-Z 0-9 _ -): {remedy}.",
        tool=str(name),
    )
