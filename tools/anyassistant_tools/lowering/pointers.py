"""Where a `$ref` leads inside a JSON Schema."""

from collections.abc import Mapping
from urllib.parse import unquote

from anyassistant_tools.errors import ToolDefinitionError
from anyassistant_tools.narrowing import is_json_array, is_mapping

DEFINITIONS = "#/$defs/"


def follow(root: Mapping[str, object], reference: object, path: str) -> object:
    """Give the part of a schema that a reference names.

    Args:
        root: The schema with the definitions.
        reference: A reference within it, such as `#/$defs/Node` or `#`.
        path: Where the reference stands, for the error.

    Raises:
        ToolDefinitionError: It leads nowhere, or out of the schema.
    """
    if not isinstance(reference, str) or not (reference == "#" or reference.startswith("#/")):
        raise ToolDefinitionError(
            f"{path or 'The schema'} refers to {reference!r}, which is not in the schema: copy it into `$defs` and "
            'refer to it as "#/$defs/NAME".'
        )
    place: object = root
    for token in steps(reference):
        if is_mapping(place) and token in place:
            place = place[token]
        elif is_json_array(place) and token.isdecimal() and int(token) < len(place):
            place = place[int(token)]
        else:
            raise ToolDefinitionError(
                f"{path or 'The schema'} refers to {reference!r}, and there is nothing: define it, or mend the name."
            )
    return place


def steps(reference: str) -> list[str]:
    """Give the keys of a reference, from the root on."""
    return [unquote(token).replace("~1", "/").replace("~0", "~") for token in reference.split("/")[1:]]


def name_of(reference: str) -> str:
    """Give a name for what a reference leads to: that of the definition, where it is one."""
    tokens = steps(reference)
    if len(tokens) == 2 and tokens[0] in ("$defs", "definitions"):
        return tokens[1]
    return "/".join(tokens) or "root"


def path_of(parent: str, name: str) -> str:
    """Give the readable path of a property, for reports: that of the root is empty."""
    shown = name or '""'
    return f"{parent}.{shown}" if parent else shown
