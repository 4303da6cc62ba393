"""Ids as they are compared in the database."""

from __future__ import annotations


def key_text(key: str) -> str:
    """An id as text that any database takes: ours are ASCII, those that an app asks for can be anything."""
    key = str(key)  # untyped code asks for numbers
    if key.isascii() and "\0" not in key:
        return key
    return key.encode("utf-8", "backslashreplace").decode("utf-8").replace("\0", "\\0")
