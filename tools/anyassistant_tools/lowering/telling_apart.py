"""Makes sure that the alternatives of a union can still be told apart in their lowered forms.

A `dict` and a `list` may both be lists, once the dict is a list of pairs. Where two forms have a value in common and
mean different values by it, one of them is put in an object whose only property says which it is.
"""

from collections.abc import Mapping
from itertools import combinations

from anyassistant_tools.lowering.conversions import Alternative, Alternatives, Boxed, Named, is_unchanged
from anyassistant_tools.lowering.lowered import Conversion, Report
from anyassistant_tools.lowering.matching import may_overlap
from anyassistant_tools.lowering.shapes import Object, Shape, Union


def tell_apart(
    unions: list[tuple[Union, Alternatives]], definitions: Mapping[str, Shape], names: set[str], report: Report
) -> None:
    """Change unions, and the conversions of their values, so that no lowered value has two meanings.

    Args:
        unions: All unions of a document, with their conversions.
        definitions: What references in them lead to.
        names: The names of all properties of the document, which none of the new objects takes.
        report: Where it is said.
    """
    judge = _Judge(definitions)
    chosen: dict[tuple[str, int], str] = {}
    for union, conversion in unions:
        options = list(conversion.options)
        boxed: set[int] = set()
        for first, second in combinations(range(len(options)), 2):
            are_free = first not in boxed and second not in boxed
            if are_free and judge.is_ambiguous(options[first], options[second]):
                boxed.add(first if judge.is_unchanged(options[second].conversion) else second)
        for number in sorted(boxed):
            place = (union.path, number)  # without references, a union may occur several times
            name = chosen[place] = chosen.get(place) or _free_name(f"option_{number + 1}", names)
            option = options[number]
            box = Object(path=union.path, properties={name: option.lowered}, required=frozenset({name}))
            options[number] = Alternative(option.canonical, box, Boxed(name, option.conversion))
            union.options[number] = box
            report.rewritten(
                union.path,
                f"alternative {number + 1} looks like another one, and is put in an object as its property `{name}`",
            )
        conversion.options = options


def _free_name(name: str, names: set[str]) -> str:
    free, number = name, 1
    while free in names:
        number += 1
        free = f"{name}_{number}"
    names.add(free)
    return free


class _Judge:
    """Remembers what it found out: what it says does not change by what is put into objects meanwhile."""

    def __init__(self, definitions: Mapping[str, Shape]) -> None:
        self._definitions = definitions
        self._overlaps: dict[tuple[int, int], bool] = {}
        self._unchanged: dict[str | int, bool] = {}

    def is_ambiguous(self, one: Alternative, other: Alternative) -> bool:
        if self.is_unchanged(one.conversion) and self.is_unchanged(other.conversion):
            return False
        return may_overlap(one.lowered, other.lowered, self._definitions, self._overlaps)

    def is_unchanged(self, conversion: Conversion) -> bool:
        key = conversion.name if isinstance(conversion, Named) else id(conversion)
        if key not in self._unchanged:
            self._unchanged[key] = is_unchanged(conversion)
        return self._unchanged[key]
