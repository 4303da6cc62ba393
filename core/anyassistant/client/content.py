"""What a message says: a text or a list of parts, in all forms in which an app may write them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import cast

from ..errors import InvalidRequest
from ..types import Attachment, Content, ContentPart, Image, Part, Refusal, Text
from .checks import check_text, invalid


def parts(content: Content, param: str) -> tuple[tuple[Part, ...], tuple[Attachment, ...]]:
    """The parts of a message's content, and the files among them that go with it.

    Raises:
        InvalidRequest: It is empty, or a part is of no known kind; `param` says which.
    """
    items: Sequence[ContentPart] = [content] if isinstance(content, str) else content
    if isinstance(items, Mapping | bytes) or not isinstance(items, Sequence):
        raise invalid(param, f"must be a text or a list of parts, not {type(content).__name__}{_hint(content)}")
    named = [(item, param if isinstance(content, str) else f"{param}[{at}]") for at, item in enumerate(items)]
    found = tuple(_part(item, where) for item, where in named if not isinstance(item, Attachment))
    attached = tuple(attachment(item, where) for item, where in named if isinstance(item, Attachment))
    if not any(isinstance(part, Image) or (isinstance(part, Text) and part.value.strip()) for part in found):
        raise InvalidRequest(
            f"`{param}` is empty: a message needs a text or an image.", param=param, code="empty_content"
        )
    return found, attached


def attachment(item: object, param: str) -> Attachment:
    """A file that goes with a message.

    Raises:
        InvalidRequest: It is none, or names no tool that may read it.
    """
    match item:
        case Attachment():
            found = item
        case {"file_id": str(file_id), **rest}:
            tools = rest.get("tools", [{"type": "file_search"}])
            found = Attachment(file_id, _types(tools, param))
        case _:
            raise invalid(param, "must be an Attachment, or a wire dict with a `file_id`")
    tools = found.tools
    if not found.file_id or isinstance(tools, str) or not tools or not all(isinstance(one, str) for one in tools):
        raise invalid(param, "needs a `file_id`, and a list of one type of tool or more that may read it")
    return found


def _types(tools: object, param: str) -> tuple[str, ...]:
    items = cast("Sequence[object]", tools) if isinstance(tools, list | tuple) else [None]
    found: list[str] = []
    for item in items:
        match item:
            case {"type": str(kind)}:
                found.append(kind)
            case _:
                raise invalid(f"{param}.tools", 'must be a list such as [{"type": "file_search"}]')
    return tuple(found)


def _hint(content: object) -> str:
    match content:
        case {"content": _}:
            return ": a message is given as its content alone; thread.add(text, role='assistant') takes another role"
        case {"type": _}:
            return ": put the part into a list"
        case _:
            return ""


def _part(item: object, param: str) -> Part:
    match item:
        case str():
            return Text(check_text(item, param))
        case Text(value=str(value)):
            check_text(value, param)
            return item
        case Image(url=url, data=data, file_id=file_id):
            if [url, data, file_id].count(None) != 2:
                raise invalid(param, "must be an image by exactly one of: its bytes, a URL, a file id")
            return item
        case {"type": "text", "text": str(text)} | {"type": "text", "text": {"value": str(text)}}:
            return Text(check_text(text, param))
        case {"type": "image_url", "image_url": {"url": str(url), **rest}}:
            return _with_detail(_image_at(url, param), rest.get("detail"))
        case {"type": "image_file", "image_file": {"file_id": str(file_id), **rest}}:
            return _with_detail(Image.from_file_id(file_id), rest.get("detail"))
        case Refusal():
            raise invalid(param, "is a refusal, which only a model can say")
        case {"type": kind}:
            raise invalid(param, f"is of type {kind!r} or malformed: text, image_url and image_file are known")
        case _:
            raise invalid(param, f"is {type(item).__name__}: a part is a text, Text, Image or a wire dict")


def _image_at(url: str, param: str) -> Image:
    try:
        return Image.from_url(check_text(url, param))
    except ValueError as error:
        raise invalid(param, f"has a data: URL that is not base64 ({error})") from error


def _with_detail(image: Image, detail: object) -> Image:
    return replace(image, detail=detail) if detail == "low" or detail == "high" else image
