"""What the schemas of cases are written with."""

INT, STR = {"type": "integer"}, {"type": "string"}
NOT_AN_INT = '- value: Input should be a valid integer, unable to parse string as an integer; "x" came'


def object_of(*required: str, **properties: object) -> dict[str, object]:
    schema: dict[str, object] = {"type": "object", "properties": properties}
    if required:
        schema["required"] = list(required)
    return schema


def titled(title: str, schema: dict[str, object], **more: object) -> dict[str, object]:
    return {title: {**schema, "title": title, **more}}


def array(**more: object) -> dict[str, object]:
    return {"type": "array", **more}


ITEM = titled(
    "Item",
    object_of(
        "name",
        "price",
        name=STR,
        price={"type": "number", "minimum": 0, "description": "In euros."},
        inside={"type": "array", "items": {"$ref": "#/$defs/Item"}, "default": []},
    ),
    description="Something for sale.",
)
