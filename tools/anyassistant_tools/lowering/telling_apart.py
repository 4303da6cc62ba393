"""Makes sure that the alternatives of a union can still be told apart in their lowered forms.

A `dict` and a `list` may both be lists, once the dict is a list of pairs. Where two forms have a value in common and
mean different values by it, one of them is put in an object whose only property says which it is.
"""

from collections.abc import Mapping
from itertools import combinations

from anyassistant_tools.lowering.conversions import Alternative, Alternatives, Boxed, is_unchanged
from anyassistant_tools.lowering.lowered import Report
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
    chosen: dict[tuple[str, int], str] = {}
    for union, conversion in unions:
        options = list(conversion.options)
        boxed: set[int] = set()
        for first, second in combinations(range(len(options)), 2):
            are_free = first not in boxed and second not in boxed
            if are_free and _is_ambiguous(options[first], options[second], definitions):
                boxed.add(first if is_unchanged(options[second].conversion) else second)
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


def _is_ambiguous(one: Alternative, other: Alternative, definitions: Mapping[str, Shape]) -> bool:
    if is_unchanged(one.conversion) and is_unchanged(other.conversion):
        return False
    return may_overlap(one.lowered, other.lowered, definitions)
