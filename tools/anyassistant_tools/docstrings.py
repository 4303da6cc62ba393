"""What a docstring says about a tool and its parameters, in Google, NumPy, Sphinx or epytext style.

`docstring_parser` reads all four, with traps that are kept from it here: it gives up on a whole docstring for one
line that it does not understand, and a type with a space or a colon in it is such a line. Types come from the
signature anyway, so they are cut out first; and what the parser loses is looked for line by line.
"""

import inspect
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum


class Style(Enum):
    """The styles, each with what gives it away: a section's heading, or a field."""

    GOOGLE = re.compile(
        r"^[ \t]*(?:Args|Arguments|Parameters|Params|Keyword Arg(?:ument)?s|Other Parameters|Attributes"
        r"|Returns?|Yields?|Raises|Exceptions|Except|Examples?):[ \t]*$",
        re.MULTILINE,
    )
    NUMPYDOC = re.compile(
        r"^[ \t]*(?:(?:Other )?(?:Parameters|Params|Arguments|Args)|Returns?|Yields?|Raises|Notes?|Examples?)"
        r"[ \t]*\n[ \t]*-{3,}[ \t]*$",
        re.MULTILINE,
    )
    REST = re.compile(
        r"^[ \t]*:(?:param|parameter|arg|argument|key|keyword|type|rtype|returns?|raises?|yields?)\b", re.MULTILINE
    )
    EPYDOC = re.compile(r"^[ \t]*@(?:param|keyword|type|rtype|return|raise)\b", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Docstring:
    """What a docstring says.

    Attributes:
        description: The text before its sections.
        parameters: What it says about each parameter, by name.
    """

    description: str
    parameters: Mapping[str, str]


def parse_docstring(text: str, names: Collection[str]) -> Docstring:
    """Read a docstring, whatever its style and however well it is made.

    Args:
        text: The docstring.
        names: The names of the function's parameters; what it says about others is of no interest.

    Returns:
        What it says. A malformed docstring costs at most its form: what cannot be told apart is in the description.
    """
    text = inspect.cleandoc(text)
    marks = {style: mark for style in Style if (mark := style.value.search(text))}
    if not marks:
        return Docstring(text, {})
    known = sorted(names, key=len, reverse=True)
    readings = [reading for style in marks if (reading := _read(text, style, known)) is not None]
    best = max(readings, key=lambda reading: len(reading.parameters), default=None)
    start = min(mark.start() for mark in marks.values())
    parameters = dict(best.parameters) if best is not None else {}
    parameters |= _look_for(text[start:], [name for name in known if name not in parameters])
    if best is not None:
        return Docstring(best.description, parameters)
    return Docstring(text[:start].strip() if parameters else text, parameters)


def _read(text: str, style: Style, names: list[str]) -> Docstring | None:
    """Let the parser read it in one style; `None` where it gives up."""
    import docstring_parser

    text = _without_types(text, style, names)
    try:
        parsed = docstring_parser.parse(text, docstring_parser.DocstringStyle[style.name])
    except Exception:  # a docstring is any text, and the parser raises more than its ParseError  # noqa: BLE001
        return None
    found: dict[str, str] = {}
    for entry in parsed.params:
        for name in entry.arg_name.split(","):  # NumPy's `y, z : float`
            name = name.strip(" \t*`\\")
            if name in names and entry.description:
                found.setdefault(name, entry.description.strip())
    return Docstring((parsed.description or "").strip(), found)


def _without_types(text: str, style: Style, names: list[str]) -> str:
    if not names:
        return text
    match style:
        case Style.GOOGLE:  # x (dict[str, int], optional): -> x:
            return re.sub(rf"^([ \t]+\*{{0,2}}{_any_of(names)})[ \t]*\(.*?\)[ \t]*:(?=\s|$)", r"\1:", text, flags=re.M)
        case Style.REST:  # :param dict[str, int] x: -> :param x:
            field = r"[ \t]*:(?:param|parameter|arg|argument|key|keyword)[ \t]+"
            name = rf"\\?\*{{0,2}}{_any_of(names)}"
            return re.sub(rf"^({field})(?:.*?[ \t])?({name})[ \t]*:(?=\s|$)", r"\1\2:", text, flags=re.M)
        case Style.NUMPYDOC | Style.EPYDOC:
            return text


def _any_of(names: Iterable[str]) -> str:
    return f"(?:{'|'.join(map(re.escape, names))})"


def _look_for(text: str, names: list[str]) -> dict[str, str]:
    """Find the entries of parameters in text that no parser understood, line by line."""
    found: dict[str, str] = {}
    if not names:
        return found
    name = rf"[*`\\]*(?P<name>{_any_of(names)})`*"
    entry = re.compile(
        rf"[ \t]*[:@](?:param|parameter|arg|argument|key|keyword)\b.*?[ \t]{name}(?:[ \t]*:|[ \t]|$)(?P<field>.*)"
        rf"|[ \t]*(?:[-*][ \t]+)?{name.replace('name', 'entry')}(?:[ \t]*\(.*?\))?[ \t]*:(?P<text>.*)"
        rf"|[ \t]+{name.replace('name', 'bare')}[ \t]+(?P<rest>.*)"
    )
    lines = text.splitlines()
    for index, line in enumerate(lines):
        if (match := entry.fullmatch(line)) is None:
            continue
        said = [match["field"] or match["text"] or match["rest"] or "", *_continuation(lines, index)]
        description = " ".join(part.strip() for part in said if part.strip())
        if description:
            found.setdefault(match["name"] or match["entry"] or match["bare"], description)
    return found


def _continuation(lines: list[str], index: int) -> Iterable[str]:
    """Give the lines below an entry that are indented further."""
    indent = _indent(lines[index])
    for line in lines[index + 1 :]:
        if line.strip() and _indent(line) <= indent:
            return
        yield line


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
