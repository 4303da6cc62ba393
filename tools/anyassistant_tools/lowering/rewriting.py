"""From the shapes of a canonical schema to those that a dialect has, and the conversion of values between them."""

import json
from collections.abc import Mapping
from dataclasses import replace

from anyassistant_tools.lowering.conversions import (
    Alternative,
    Alternatives,
    AsJsonText,
    AsTexts,
    Boxed,
    Elements,
    Entries,
    Member,
    Members,
    Named,
    Places,
    Unchanged,
)
from anyassistant_tools.lowering.dialect import Dialect
from anyassistant_tools.lowering.limits import keep_limits
from anyassistant_tools.lowering.lowered import Conversion, Report
from anyassistant_tools.lowering.matching import accepts_null
from anyassistant_tools.lowering.pointers import path_of
from anyassistant_tools.lowering.shapes import (
    NO_DEFAULT,
    Anything,
    Array,
    Constants,
    Document,
    Nothing,
    Object,
    Reference,
    Scalar,
    Shape,
    Union,
    add_sentence,
    resolve,
)
from anyassistant_tools.lowering.telling_apart import tell_apart
from anyassistant_tools.lowering.tuples import as_object, as_uniform

ENVELOPE = "arguments"
"""The one property of a root that had to be made because the schema's own root is not an object of properties."""

MAX_UNFOLDING = 2
"""How often a definition is unfolded within itself where there are no references."""

MAX_SHAPES = 2_000
"""How many shapes unfolding may make; what comes after is carried as JSON text."""


def rewrite(document: Document, dialect: Dialect, report: Report) -> tuple[Document, Conversion]:
    """Give the shapes in a dialect, and the conversion of values of the root."""
    rewriter = _Rewriter(document, dialect, report)
    root, conversion = rewriter.rewrite(document.root)
    if dialect.has_references:
        rewriter.rewrite_definitions()
    tell_apart(rewriter.unions, rewriter.lowered, rewriter.names, report)
    if not dialect.has_any_root and not isinstance(root, Object):
        target = resolve(root, rewriter.lowered)
        if isinstance(target, Object):
            root = target
        else:
            report.rewritten("", f"the arguments are carried in one property, `{ENVELOPE}`")
            root = Object(properties={ENVELOPE: root}, required=frozenset({ENVELOPE}))
            conversion = Boxed(ENVELOPE, conversion)
    return Document(root, rewriter.lowered), conversion


class _Rewriter:
    def __init__(self, document: Document, dialect: Dialect, report: Report) -> None:
        self._canonical = document
        self._dialect = dialect
        self._report = report
        self._conversions: dict[str, Conversion] = {}
        self._unfolding: list[str] = []
        self._count = 0
        self.lowered: dict[str, Shape] = {}
        self.names: set[str] = set()
        self.unions: list[tuple[Union, Alternatives]] = []

    def rewrite_definitions(self) -> None:
        for name, shape in self._canonical.definitions.items():
            self.lowered[name], self._conversions[name] = self.rewrite(shape)

    def rewrite(self, shape: Shape) -> tuple[Shape, Conversion]:
        self._count += 1
        lowered, conversion = self._rewrite(shape)
        if lowered is not shape and not lowered.description:
            lowered.description = shape.description
        if shape.default is not NO_DEFAULT:
            text = json.dumps(shape.default, ensure_ascii=False)
            lowered = replace(lowered, description=add_sentence(lowered.description, f"Default: {text}."))
            self._report.rewritten(shape.path, "the default is said in the description")
        return lowered, conversion

    def _rewrite(self, shape: Shape) -> tuple[Shape, Conversion]:
        match shape:
            case Anything() if not self._dialect.has_anything:
                return self._as_text(shape, "any JSON value is carried as its JSON text")
            case Constants():
                return self._constants(shape)
            case Scalar():
                limits, said = keep_limits(shape.kind, shape.limits, self._dialect, self._report, shape.path)
                description = _add(shape.description, said)
                return Scalar(path=shape.path, description=description, kind=shape.kind, limits=limits), Unchanged()
            case Array():
                return self._array(shape)
            case Object():
                return self._object(shape)
            case Union():
                return self._union(shape.path, shape.description, shape.options)
            case Reference() if self._dialect.has_references:
                lowered = Reference(path=shape.path, description=shape.description, name=shape.name)
                return lowered, Named(shape.name, self._conversions)
            case Reference():
                return self._unfold(shape)
            case _:
                return replace(shape), Unchanged()

    def _as_text(self, shape: Shape, what: str, content: str = "Any JSON value") -> tuple[Shape, Conversion]:
        self._report.rewritten(shape.path, what)
        description = add_sentence(shape.description, f"{content}, written as JSON text in a string.")
        return Scalar(path=shape.path, description=description, kind="string"), AsJsonText()

    def _unfold(self, shape: Reference) -> tuple[Shape, Conversion]:
        if self._unfolding.count(shape.name) > MAX_UNFOLDING or self._count > MAX_SHAPES:
            is_large = self._count > MAX_SHAPES
            where = "where the schema gets too large" if is_large else f"from the {MAX_UNFOLDING + 2}th level on"
            what = f"without references, {shape.name} is carried as JSON text {where}"
            return self._as_text(replace(shape, path=f"$defs.{shape.name}"), what, f"Another {shape.name}")
        self._unfolding.append(shape.name)
        lowered, conversion = self.rewrite(self._canonical.definitions[shape.name])
        self._unfolding.pop()
        return replace(lowered, description=shape.description or lowered.description), conversion

    def _constants(self, shape: Constants) -> tuple[Shape, Conversion]:
        is_nested = any(isinstance(value, list | dict) for value in shape.values)
        if self._dialect.constants == "any" or (self._dialect.constants == "scalars" and not is_nested):
            return replace(shape), Unchanged()
        values = [value for value in shape.values if value is not None]
        lowered: Shape = Scalar(path=shape.path, description=shape.description, kind="boolean")
        conversion: Conversion = Unchanged()
        if not (len(values) == 2 and all(isinstance(value, bool) for value in values)):
            texts = _texts(values)
            lowered = Constants(path=shape.path, description=shape.description, values=tuple(texts))
            if any(text != value for text, value in texts.items()):
                self._report.rewritten(shape.path, "the choices that are not plain strings are carried as texts")
                conversion = AsTexts(texts)
        if len(values) == len(shape.values):
            return lowered, conversion
        null: Shape = Scalar(kind="null")
        options: list[Shape] = [lowered, null] if values else [null]
        return Union(path=shape.path, description=shape.description, options=options), conversion

    def _array(self, shape: Array) -> tuple[Shape, Conversion]:
        if shape.prefix and not self._dialect.has_tuples:
            if (uniform := as_uniform(shape)) is None:
                as_places, names, more = as_object(shape)
                self._report.rewritten(shape.path, f"the tuple is carried as an object with {', '.join(names)}")
                lowered, conversion = self.rewrite(as_places)
                return lowered, Places(names, more, conversion)
            self._report.rewritten(shape.path, "the tuple is written as a list of that length")
            shape = uniform
        limits, said = keep_limits("array", shape.limits, self._dialect, self._report, shape.path)
        prefix = [self.rewrite(part) for part in shape.prefix]
        items = self.rewrite(shape.items) if shape.items is not None else None
        if items is None and not self._dialect.has_tuples:
            items = (Scalar(kind="string"), Unchanged())
            limits["maxItems"] = 0
        lowered_array = Array(
            path=shape.path,
            description=_add(shape.description, said),
            prefix=[lowered for lowered, _ in prefix],
            items=items[0] if items is not None else None,
            limits=limits,
        )
        rest = items[1] if items is not None else Unchanged()
        return lowered_array, Elements([conversion for _, conversion in prefix], rest)

    def _object(self, shape: Object) -> tuple[Shape, Conversion]:
        if not self._dialect.has_open_objects and shape.extras is not None and not shape.properties:
            return self._entries(shape)
        if not (shape.properties or self._dialect.has_empty_objects or shape.path == ""):
            return self._as_text(shape, "an object without properties is carried as JSON text", "An object")
        limits, said = keep_limits("object", shape.limits, self._dialect, self._report, shape.path)
        lowered = Object(path=shape.path, description=_add(shape.description, said), properties={}, limits=limits)
        members: dict[str, Member] = {}
        self.names.update(shape.properties)
        for name, part in shape.properties.items():
            lowered.properties[name], members[name] = self._member(part, is_required=name in shape.required)
        requires_all = self._dialect.requires_all
        lowered.required = frozenset(lowered.properties) if requires_all else shape.required
        if shape.extras is None:
            return lowered, Members(members, Unchanged())
        if self._dialect.has_open_objects:
            lowered.extras, extras = self.rewrite(shape.extras)
            lowered.keys = self._keys(shape)
            return lowered, Members(members, extras)
        name = _free_name("additional_properties", shape.properties)
        self._report.rewritten(shape.path, f"other properties are carried in `{name}`, a list of {{key, value}} pairs")
        others = replace(
            shape, properties={}, required=frozenset(), limits={}, description="Properties not named here."
        )
        lowered.properties[name], conversion = self._entries(others)
        lowered.required |= {name} if requires_all else set()
        return lowered, Members(members, Unchanged(), (name, conversion), is_always_gathered=requires_all)

    def _keys(self, shape: Object) -> Shape:
        return self.rewrite(shape.keys)[0] if shape.keys is not None else Scalar(kind="string")

    def _entries(self, shape: Object) -> tuple[Shape, Conversion]:
        """An open object as a list of pairs."""
        self._report.rewritten(shape.path, "the open dict is carried as a list of {key, value} pairs")
        pair = Object(
            path=path_of(shape.path, "*"),
            properties={"key": shape.keys or Scalar(kind="string"), "value": shape.extras or Nothing()},
            required=frozenset({"key", "value"}),
        )
        counts = {"minProperties": "minItems", "maxProperties": "maxItems"}
        limits = {counts[keyword]: value for keyword, value in shape.limits.items()}
        description = add_sentence(shape.description, "A list of key and value pairs; each key once.")
        lowered, pairs = self.rewrite(Array(path=shape.path, description=description, items=pair, limits=limits))
        return lowered, Entries(pairs)

    def _member(self, shape: Shape, *, is_required: bool) -> tuple[Shape, Member]:
        lowered, conversion = self.rewrite(shape)
        if is_required or not self._dialect.requires_all:
            return lowered, Member(conversion)
        null = Scalar(kind="null")
        if not accepts_null(shape, self._canonical.definitions):
            self._report.rewritten(shape.path, "it is required, and null stands for leaving it out")
            value = replace(lowered, description="")
            optional = Union(path=shape.path, description=lowered.description, options=[value, null])
            return optional, Member(conversion, null_is_absent=True, null_if_absent=True)
        if shape.default is None:
            self._report.rewritten(shape.path, "it is required; null is its default, and the same as leaving it out")
            return lowered, Member(conversion, null_if_absent=True)
        self._report.rewritten(
            shape.path,
            "it is required: null stands for leaving it out, and a value, which may be null, is put in `value`",
        )
        box = Object(path=shape.path, properties={"value": lowered}, required=frozenset({"value"}))
        description = add_sentence(shape.description, "Null to leave it out; a value goes into `value`.")
        optional = Union(path=shape.path, description=description, options=[box, null])
        return optional, Member(Boxed("value", conversion), null_is_absent=True, null_if_absent=True)

    def _union(self, path: str, description: str, options: list[Shape]) -> tuple[Shape, Conversion]:
        rewritten = [(option, *self.rewrite(option)) for option in options]
        union = Union(path=path, description=description, options=[lowered for _, lowered, _ in rewritten])
        conversion = Alternatives(
            [Alternative(*option) for option in rewritten], self._canonical.definitions, self.lowered
        )
        self.unions.append((union, conversion))
        return union, conversion


def _texts(values: list[object]) -> Mapping[str, object]:
    """Give for each constant a text: a string is its own, unless it is empty or the JSON text of another one."""
    others = {json.dumps(value, ensure_ascii=False) for value in values if not isinstance(value, str)}
    texts: dict[str, object] = {}
    for value in values:
        is_plain = isinstance(value, str) and value != "" and value not in others
        texts[str(value) if is_plain else json.dumps(value, ensure_ascii=False)] = value
    return texts


def _free_name(name: str, taken: Mapping[str, object]) -> str:
    while name in taken:
        name = f"_{name}"
    return name


def _add(description: str, sentences: list[str]) -> str:
    for sentence in sentences:
        description = add_sentence(description, sentence)
    return description
