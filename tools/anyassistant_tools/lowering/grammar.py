"""Grammars for local models: a restricted JSON Schema, and the GBNF that is made of it.

Source: llama.cpp, `grammars/README.md`. A grammar says all of the structure: required properties and optional ones in
the order of the schema, open dicts, tuples, unions, recursion, choices, lengths, and four formats. It cannot say
patterns, bounds of numbers, nor that two items or two keys differ.
"""

from anyassistant_tools.lowering.dialect import Dialect
from anyassistant_tools.lowering.gbnf import STRING_FORMATS, write_grammar
from anyassistant_tools.lowering.lowered import Conversion, Report
from anyassistant_tools.lowering.rewriting import rewrite
from anyassistant_tools.lowering.shapes import Document
from anyassistant_tools.lowering.writing import SchemaWriter

MAX_REPETITIONS = 1_000
"""llama.cpp unfolds what is repeated a bounded number of times, and refuses more than 2,000."""

GRAMMAR = Dialect(
    provider="the grammar",
    limits={
        "string": frozenset({"minLength", "maxLength", "format"}),
        "array": frozenset({"minItems", "maxItems"}),
    },
    formats=frozenset(STRING_FORMATS),
    max_count=MAX_REPETITIONS,
    constants="any",
    has_open_objects=True,
    has_anything=True,
    has_tuples=True,
    has_any_root=True,
)


def lower_for_grammar(document: Document, report: Report) -> tuple[dict[str, object], str, Conversion]:
    """Give the restricted schema, the GBNF, and the conversion of arguments."""
    lowered, conversion = rewrite(document, GRAMMAR, report)
    return SchemaWriter().write_document(lowered), write_grammar(lowered), conversion
