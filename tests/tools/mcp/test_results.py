import pytest
from anyassistant_tools import ToolError
from anyassistant_tools.mcp.results import to_tool_result
from mcp_types import BlobResourceContents, CallToolResult, ContentBlock, EmbeddedResource, ImageContent, TextContent

PIXEL = "iVBORw0KGgo="


def result_of(*content: ContentBlock, **fields: object) -> CallToolResult:
    return CallToolResult.model_validate({"content": content, **fields})


def test_the_value_is_the_text_where_there_is_no_structured_content() -> None:
    result = to_tool_result(result_of(TextContent(text="a"), TextContent(text="b")))
    assert (result.content, result.value, result.images) == ("a\nb", "a\nb", [])


@pytest.mark.parametrize("value", [0, False, [], {}, ""])
def test_structured_content_that_is_falsy_is_content(value: object) -> None:
    assert to_tool_result(result_of(structured_content=value)).value == value


def test_nothing_is_an_empty_text() -> None:
    assert to_tool_result(result_of()).content == ""


def test_an_embedded_image_is_passed_on() -> None:
    resource = BlobResourceContents(uri="file:///a.png", blob=PIXEL, mime_type="image/png")
    result = to_tool_result(result_of(EmbeddedResource(resource=resource)))
    assert result.images == [b"\x89PNG\r\n\x1a\n"]
    assert result.content == "[file file:///a.png: image/png, image 1 of this result]"


def test_data_that_is_not_base64_is_said_to_be_unreadable() -> None:
    result = to_tool_result(result_of(ImageContent(data="~", mime_type="image/png")))
    assert result.images == []
    assert result.content == "[image: image/png, unreadable: it is not base64]"


def test_the_text_of_an_error_names_what_came_with_it() -> None:
    image = ImageContent(data=PIXEL, mime_type="image/png")
    with pytest.raises(ToolError, match=r"^Too dark:\n\[image: image/png, image 1"):
        to_tool_result(result_of(TextContent(text="Too dark:"), image, is_error=True))
