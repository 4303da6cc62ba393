"""Gemini's function declarations: the `parameters` field, a subset of OpenAPI's schemas.

Source: Gemini API reference, "Schema", and the errors of its service: `type`, `format`, `description`, `nullable`,
`enum` (of strings that are not empty), `items`, `minItems`, `maxItems`, `properties`, `required`, `propertyOrdering`,
`minLength`, `maxLength`, `pattern`, `minimum`, `maximum` and `anyOf`, beside which no other field may stand. There is
no `$ref`, no `additionalProperties` and no object without properties; of the formats of strings the Developer API
takes `date-time` (and `enum`).
"""

from anyassistant_tools.lowering.dialect import Dialect
from anyassistant_tools.lowering.lowered import Conversion, Report
from anyassistant_tools.lowering.rewriting import rewrite
from anyassistant_tools.lowering.shapes import Constants, Document, Object, Scalar, Shape, Union
from anyassistant_tools.lowering.writing import SchemaWriter, flat_options

GEMINI = Dialect(
    provider="Gemini",
    limits={
        "string": frozenset({"minLength", "maxLength", "pattern", "format"}),
        "integer": frozenset({"minimum", "maximum"}),
        "number": frozenset({"minimum", "maximum"}),
        "array": frozenset({"minItems", "maxItems"}),
    },
    formats=frozenset({"date-time"}),
    constants="texts",
    has_empty_objects=False,
    has_references=False,
)


def lower_for_gemini(document: Document, report: Report) -> tuple[dict[str, object], Conversion]:
    """Give the `parameters` of a function declaration, and the conversion of its arguments."""
    lowered, conversion = rewrite(document, GEMINI, report)
    return _GeminiWriter().write_document(lowered), conversion


class _GeminiWriter(SchemaWriter):
    def write_constants(self, shape: Constants) -> dict[str, object]:
        return {"type": "string", "format": "enum", "enum": list(shape.values)}

    def write_object(self, shape: Object) -> dict[str, object]:
        written = super().write_object(shape)
        del written["additionalProperties"]
        written["propertyOrdering"] = list(shape.properties)
        return {keyword: value for keyword, value in written.items() if value != [] and keyword != "propertyNames"}

    def write_union(self, shape: Union) -> dict[str, object]:
        options = flat_options(shape)
        is_nullable = len(options) > 1 and _is_null(options[-1])
        written = [self.write(option) for option in (options[:-1] if is_nullable else options)]
        if is_nullable:
            written = [_with_null(option) for option in written]
        if len(written) == 1:
            return self.describe(written[0], shape.description)
        if shape.description:  # beside `anyOf` it would be refused
            earlier = written[0].get("description")
            written[0]["description"] = f"{shape.description} {earlier}" if earlier else shape.description
        return {"anyOf": written}


def _is_null(shape: Shape) -> bool:
    return isinstance(shape, Scalar) and shape.kind == "null"


def _with_null(schema: dict[str, object]) -> dict[str, object]:
    options = schema.get("anyOf")
    if isinstance(options, list):
        return {"anyOf": [_with_null(option) for option in options]}
    return schema | {"nullable": True}
