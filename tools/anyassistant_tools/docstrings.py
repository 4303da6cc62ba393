"""What a docstring says, whatever its style."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Docstring:
    """What a docstring says: the text before its sections, and what it says about each parameter."""

    description: str
    parameters: Mapping[str, str]


def parse_docstring(text: str, names: Collection[str]) -> Docstring:
    from docstring_parser import parse

    parsed = parse(text)
    return Docstring(parsed.description or "", {p.arg_name: p.description or "" for p in parsed.params})
