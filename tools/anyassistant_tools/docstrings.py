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
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from docstring_parser import DocstringReturns


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
    EPYDOC = re.compile(r"^[ \t]*@(?:param|keyword|type|rtype|returns?|yields?|raise)\b", re.MULTILINE)


_ONE_TYPE = r"[\w.]+(?:\[.*?\]+)?"
_TYPE = rf"{_ONE_TYPE}(?:[ ]?\|[ ]?{_ONE_TYPE})*"


@dataclass(frozen=True, slots=True)
class Docstring:
    """What a docstring says.

    Attributes:
        description: The text before its sections.
        parameters: What it says about each parameter, by name.
        returns: What it says about the result.
    """

    description: str
    parameters: Mapping[str, str]
    returns: str = ""


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
    best = max(readings, key=lambda reading: (len(reading.parameters), bool(reading.returns)), default=None)
    start = min(mark.start() for mark in marks.values())
    parameters = dict(best.parameters) if best is not None else {}
    parameters |= _look_for(text[start:], [name for name in known if name not in parameters])
    returns = next((reading.returns for reading in readings if reading.returns), "") or _look_for_returns(text[start:])
    if best is not None:
        return Docstring(best.description, parameters, returns)
    return Docstring(text[:start].strip() if parameters or returns else text, parameters, returns)


def _read(text: str, style: Style, names: list[str]) -> Docstring | None:
    """Let the parser read it in one style; `None` where it gives up."""
    import docstring_parser

    text = _as_the_parser_wants_it(text, style)
    if names:
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
    said = [entry for entry in parsed.many_returns if not entry.is_generator] or parsed.many_returns
    return Docstring((parsed.description or "").strip(), found, _returns(said))


def _returns(entries: "list[DocstringReturns]") -> str:
    """Give what is said of a returned value: not its type, which is in the signature, but the names in a tuple."""
    said: list[str] = []
    for entry in entries:
        if entry.description is None:  # NumPy's sections may hold a text where a type is expected
            words = ": ".join(filter(None, (entry.return_name, entry.type_name)))
            said += [] if re.fullmatch(_TYPE, words) else [words]
        else:
            name = f"{entry.return_name}: " if entry.return_name and len(entries) > 1 else ""
            said.append(name + entry.description.strip())
    return "\n".join(filter(None, said))


def _as_the_parser_wants_it(text: str, style: Style) -> str:
    """Write what is said of the returned value in the one form that the parser knows in a style."""
    match style:
        case Style.GOOGLE:  # Return: The order. -> Returns:, and the text below it; and the type is cut out
            text = re.sub(r"^([ \t]*)(Return|Yield)s?:[ \t]*(\S.*)$", r"\1\2s:\n\1    \3", text, flags=re.M)
            text = re.sub(r"^([ \t]*)(Return|Yield):[ \t]*$", r"\1\2s:", text, flags=re.M)
            section = r"^[ \t]*(?:Returns|Yields):[ \t]*\n[ \t]+"
            return re.sub(rf"({section}){_TYPE}:(?=\s|$)", r"\1", text, flags=re.M)
        case Style.REST:  # :returns dict[str, int]: -> :returns:
            text = _with_paragraphs_before_fields(text, style)
            return re.sub(r"^([ \t]*:(?:returns?|yields?))[ \t].*?:(?=\s|$)", r"\1:", text, flags=re.M)
        case Style.EPYDOC:  # @returns: -> @return:
            text = _with_paragraphs_before_fields(text, style)
            return re.sub(r"^([ \t]*@(?:return|yield))s\b", r"\1", text, flags=re.M)
        case Style.NUMPYDOC:
            return text


def _with_paragraphs_before_fields(text: str, style: Style) -> str:
    """Put a paragraph that follows a field where it belongs; the parser takes it for a part of the field."""
    mark = style.value.search(text)
    start = mark.start() if mark is not None else len(text)
    fields: list[str] = []
    paragraphs: list[str] = []
    lines, follows_a_blank = fields, False
    for line in text[start:].splitlines():
        if line and not line[0].isspace():
            if line[0] in ":@":
                lines = fields
            elif follows_a_blank:
                lines = paragraphs
        lines.append(line)
        follows_a_blank = not line.strip()
    said = "\n".join(paragraphs)
    section = Style.GOOGLE.value.search(said)
    return "\n".join([text[:start], said[: section.start()] if section else said, "", *fields])


def _without_types(text: str, style: Style, names: list[str]) -> str:
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


def _look_for_returns(text: str) -> str:
    """Find what is said of the returned value in text that no parser understood."""
    entry = re.compile(r"[ \t]*(?:[:@](?:returns?|yields?)\b.*?:(?=\s|$)|(?:Returns?|Yields?):)(?P<said>.*)")
    lines = text.splitlines()
    for index, line in enumerate(lines):
        if (match := entry.fullmatch(line)) is not None:
            said = [match["said"], *_continuation(lines, index)]
            return " ".join(part.strip() for part in said if part.strip())
    return ""


def _continuation(lines: list[str], index: int) -> Iterable[str]:
    """Give the lines below an entry that are indented further."""
    indent = _indent(lines[index])
    for line in lines[index + 1 :]:
        if line.strip() and _indent(line) <= indent:
            return
        yield line


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
