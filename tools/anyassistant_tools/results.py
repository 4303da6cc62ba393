"""From what a tool returned to what a model gets."""

from dataclasses import dataclass

from anyassistant_tools.errors import ToolResultError
from anyassistant_tools.json_text import standard_base64, to_json_text, without_lone_surrogates
from anyassistant_tools.narrowing import is_bytes

MAX_CONTENT = 100_000
"""How many characters of a result a model gets, the note about the cut included."""


@dataclass(slots=True, init=False)
class ToolResult:
    """What a tool call gave. A tool may return one itself, to tell the model something else than its value.

    Attributes:
        content: The text that a model gets.
        value: The Python value.
    """

    content: str
    value: object

    def __init__(self, content: str, *, value: object = None) -> None:
        self.content = content
        self.value = value


def make_result(value: object, *, tool: str) -> ToolResult:
    """Give the result that stands for a returned value.

    A `str` is sent bare, `None` is `null`, bytes are standard base64, and everything else is JSON as `to_json_text`
    writes it. A `ToolResult` passes through. A content longer than `MAX_CONTENT` characters is cut and says so.

    Args:
        value: What the tool returned.
        tool: The tool's name, for the error.

    Raises:
        ToolResultError: The value has no JSON form.
    """
    if isinstance(value, ToolResult):
        content = _fit(value.content)
        if content is value.content:
            return value
        return ToolResult(content, value=value.value)
    return ToolResult(_fit(_content(value, tool)), value=value)


def _content(value: object, tool: str) -> str:
    if type(value) is str:
        return value
    if is_bytes(value):
        return standard_base64(value)
    try:
        return to_json_text(value)
    except (ValueError, TypeError, RecursionError) as error:
        raise ToolResultError(
            f"{tool} returned a {type(value).__name__} that has no JSON form ({error}): "
            "return a str, a model, a dataclass or containers of such.",
            tool=tool,
        ) from error


def _fit(content: str) -> str:
    if not content.isascii():
        content = without_lone_surrogates(content)
    if len(content) <= MAX_CONTENT:
        return content
    note = f"\n[cut here: the result has {len(content)} characters]"
    return content[: MAX_CONTENT - len(note)] + note
