"""What a message says: parts of text, image and refusal."""

from __future__ import annotations

import base64
import mimetypes
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Literal, TypeAlias

Detail: TypeAlias = Literal["auto", "low", "high"]


@dataclass(frozen=True, slots=True)
class Text:
    """A part of text.

    Attributes:
        value: The text.
        annotations: Citations as the wire gives them (`file_citation`, `file_path`); none from a chat model.
    """

    value: str
    annotations: Sequence[Mapping[str, object]] = ()

    def to_wire(self) -> dict[str, object]:
        return {"type": "text", "text": {"value": self.value, "annotations": list(self.annotations)}}


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a model said instead of an answer that it would not give."""

    refusal: str

    def to_wire(self) -> dict[str, object]:
        return {"type": "refusal", "refusal": self.refusal}


@dataclass(frozen=True, slots=True)
class Image:
    """An image: by URL, by its bytes, or by the id of an uploaded file. Exactly one of the three is set.

    Make one by `from_path`, `from_bytes`, `from_url` or `from_file_id`.
    """

    url: str | None = None
    data: bytes | None = None
    media_type: str | None = None
    file_id: str | None = None
    detail: Detail = "auto"

    @classmethod
    def from_path(cls, path: str | PathLike[str]) -> Image:
        """Read an image file.

        Raises:
            OSError: The file cannot be read.
            ValueError: Its suffix names no image type.
        """
        media_type, _ = mimetypes.guess_type(str(path))
        if media_type is None or not media_type.startswith("image/"):
            raise ValueError(f"{path} does not end as an image file does: use Image.from_bytes(data, media_type=...).")
        return cls(data=Path(path).read_bytes(), media_type=media_type)

    @classmethod
    def from_bytes(cls, data: bytes, *, media_type: str) -> Image:
        """Take the bytes of an image, with its type, such as `image/png`."""
        return cls(data=data, media_type=media_type)

    @classmethod
    def from_url(cls, url: str) -> Image:
        """Name an image by a URL; a `data:` URL with base64 becomes its bytes.

        Raises:
            ValueError: What should be base64 is none.
        """
        head, comma, body = url.partition(",")
        if comma and head.startswith("data:") and head.endswith(";base64"):
            return cls(data=base64.b64decode(body, validate=True), media_type=head[5:-7] or "application/octet-stream")
        return cls(url=url)

    @classmethod
    def from_file_id(cls, file_id: str) -> Image:
        """Name an image by the id of a file that the provider holds."""
        return cls(file_id=file_id)

    def to_base64(self) -> str:
        """The image's bytes in standard base64.

        Raises:
            ValueError: The image is only named by a URL or a file id.
        """
        if self.data is None:
            raise ValueError("this image has no bytes here: it is named by a URL or a file id")
        return base64.b64encode(self.data).decode("ascii")

    def to_wire(self) -> dict[str, object]:
        if self.file_id is not None:
            return {"type": "image_file", "image_file": {"file_id": self.file_id, "detail": self.detail}}
        url = self.url if self.data is None else f"data:{self.media_type};base64,{self.to_base64()}"
        return {"type": "image_url", "image_url": {"url": url, "detail": self.detail}}


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes with a message, for tools that the provider's service runs itself.

    Attributes:
        file_id: Of a file that the service keeps.
        tools: Types of the tools that may read it.
    """

    file_id: str
    tools: Sequence[str] = ("file_search",)

    def to_wire(self) -> dict[str, object]:
        return {"file_id": self.file_id, "tools": [{"type": tool} for tool in self.tools]}


Part: TypeAlias = Text | Image | Refusal
"""What a record's content is made of."""

ContentPart: TypeAlias = str | Text | Image | Refusal | Attachment | Mapping[str, object]
"""What an app hands in: a part, a plain text, a part as a wire dict, or a file that goes with the message."""

Content: TypeAlias = str | Sequence[ContentPart]


def join_text(content: Sequence[Part]) -> str:
    """The text of all parts, refusals included, one after another."""
    if len(content) == 1:
        part = content[0]
        return part.value if isinstance(part, Text) else part.refusal if isinstance(part, Refusal) else ""
    return "".join(
        part.value if isinstance(part, Text) else part.refusal if isinstance(part, Refusal) else "" for part in content
    )
