"""Texts of models and tools are data: what would steer a terminal is taken out before they are shown."""

_HIDDEN = [*range(0x20), 0x7F, *range(0x80, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A)]
_HARMLESS = {code: None if code == 0x0D else "\ufffd" for code in _HIDDEN if chr(code) not in "\n\t"}

MAX_OUTPUT = 400
"""Characters of a tool's output that are shown."""


def printable(text: str) -> str:
    """The text without control characters and without marks that turn the direction of writing."""
    return text.translate(_HARMLESS)


def one_line(text: str) -> str:
    """The text on one line."""
    return " ".join(printable(text).split())


def clip(text: str, limit: int) -> str:
    """The text on one line, cut at a number of characters, saying so."""
    line = one_line(text)
    return line if len(line) <= limit else f"{line[:limit]}… ({len(text):,} characters)"


def last_line(text: str) -> str:
    """The last line that says something; empty where none does."""
    return next((line for line in reversed(text.splitlines()) if line.strip()), "").strip()
