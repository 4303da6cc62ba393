"""A Python value as the JSON text that a model gets: never a `repr`, never an invalid character."""

import dataclasses
from base64 import b64encode

from pydantic_core import PydanticSerializationError, to_json

from anyassistant_tools.narrowing import is_bytes, is_collection, is_mapping, is_sequence

_SCALARS = frozenset({str, int, float, bool, type(None)})


def to_json_text(value: object) -> str:
    """Give a value's JSON text.

    Models, dataclasses, containers, `datetime`, `UUID`, `Decimal`, `Enum` and the like take pydantic's JSON form
    (models under their aliases, as in the schema of parameters); bytes anywhere in it are standard base64; NaN and
    the infinities are `null`; a lone surrogate, which no JSON text can carry, becomes U+FFFD.

    Raises:
        ValueError: Something in it has no JSON form, refers to itself, or is nested too deeply.
    """
    if type(value) not in _SCALARS and _contains_bytes(value):
        value = _plain(value)
    try:
        return to_json(value, inf_nan_mode="null", fallback=_known_to_pydantic).decode()
    except PydanticSerializationError as error:
        if "utf-8" not in str(error):  # a lone surrogate, or bytes that only appear when it is serialised
            raise
    return to_json(_plain(value), inf_nan_mode="null", fallback=_known_to_pydantic).decode()


def _known_to_pydantic(value: object) -> object:
    """Give a form of what pydantic serialises only where it is declared: an IP address, a fraction, a mapping."""
    if is_mapping(value):
        return dict(value)
    if is_sequence(value):
        return list(value)
    from pydantic import TypeAdapter
    from pydantic.errors import PydanticUserError

    try:
        adapter: TypeAdapter[object] = TypeAdapter(type(value))
    except PydanticUserError:
        raise ValueError(f"a {type(value).__name__} in it has none") from None
    return adapter.dump_python(value, mode="json")


def without_lone_surrogates(text: str) -> str:
    """Give a text that can be encoded: pairs of surrogates are joined, a lone one becomes U+FFFD."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def standard_base64(value: "bytes | bytearray | memoryview[int]") -> str:
    """Give the base64 text of the standard alphabet (pydantic writes the URL-safe one)."""
    return b64encode(value).decode("ascii")


def _contains_bytes(value: object) -> bool:
    """Whether there are bytes anywhere in it. It does not recurse, so neither depth nor a circle can hurt it."""
    waiting = [value]
    seen: set[int] = set()
    while waiting:
        item = waiting.pop()
        item_type = type(item)
        if item_type in _SCALARS:
            continue
        if id(item) in seen:
            continue
        seen.add(id(item))
        # Models first: asking a model for an attribute or an ABC that it does not have is slow.
        if hasattr(item_type, "__pydantic_serializer__") and hasattr(item, "__dict__"):
            waiting.extend(vars(item).values())
            waiting.append(getattr(item, "__pydantic_extra__", None))
        elif is_bytes(item):
            return True
        elif is_mapping(item):
            waiting.extend(item.keys())
            waiting.extend(item.values())
        elif is_collection(item):
            waiting.extend(item)
        elif dataclasses.is_dataclass(item):
            waiting.extend(getattr(item, field.name, None) for field in dataclasses.fields(item))
    return False


def _plain(value: object) -> object:
    """Rebuild a value of plain containers, its bytes as base64 and its texts without lone surrogates."""
    if is_bytes(value):
        return standard_base64(value)
    if type(value) is str:
        return without_lone_surrogates(value)
    if type(value) in _SCALARS:
        return value
    if is_mapping(value):
        return {_plain_key(key): _plain(item) for key, item in value.items()}
    if is_collection(value):
        return [_plain(item) for item in value]
    if (serializer := getattr(type(value), "__pydantic_serializer__", None)) is not None:
        return _plain(serializer.to_python(value, by_alias=True))
    if dataclasses.is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    return value


def _plain_key(key: object) -> object:
    return _plain(key) if type(key) is str or is_bytes(key) else key
