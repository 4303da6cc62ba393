import pytest
from anyassistant_tools.docstrings import parse_docstring
from hypothesis import given
from hypothesis import strategies as st

GOOGLE = """Order an item.

It is not bought yet.

Args:
    item: The item's id,
        as the catalogue has it.
    count (int, optional): How many.

Returns:
    The order.
"""
NUMPY = """Order an item.

It is not bought yet.

Parameters
----------
item : str
    The item's id,
    as the catalogue has it.
count : int, optional
    How many.

Returns
-------
dict
    The order.
"""
SPHINX = """Order an item.

It is not bought yet.

:param item: The item's id,
    as the catalogue has it.
:type item: str
:param int count: How many.
:returns: The order.
"""
EPYTEXT = """Order an item.

It is not bought yet.

@param item: The item's id,
    as the catalogue has it.
@type item: str
@param count: How many.
@return: The order.
"""


@pytest.mark.parametrize("text", [GOOGLE, NUMPY, SPHINX, EPYTEXT], ids=["google", "numpy", "sphinx", "epytext"])
def test_each_style_gives_the_description_and_the_parameters(text: str) -> None:
    docstring = parse_docstring(text, ["item", "count"])
    assert docstring.description == "Order an item.\n\nIt is not bought yet."
    assert " ".join(docstring.parameters["item"].split()) == "The item's id, as the catalogue has it."
    assert docstring.parameters["count"] == "How many."
    assert docstring.returns == "The order."


def test_a_text_without_sections_is_the_description() -> None:
    assert parse_docstring("Order it.\n\nx: not a parameter", ["x"]).description == "Order it.\n\nx: not a parameter"
    assert parse_docstring("", ["x"]).description == ""


@pytest.mark.parametrize(
    "text",
    [
        ":param dict[str, int] x: The x.\n:param y: The y.",
        ":param int or None x: The x.\n:param y: The y.",
        ':param Literal["a: b"] x: The x.\n:param y: The y.',
        'Args:\n    x (Literal["a: b"]): The x.\n    y (dict[str, int], optional): The y.',
        "Args:\n    x (Callable[[int], str]): The x.\n    y: The y.",
    ],
)
def test_a_type_that_the_parser_stumbles_over_loses_nothing(text: str) -> None:
    assert parse_docstring(f"Do it.\n\n{text}", ["x", "y"]).parameters == {"x": "The x.", "y": "The y."}


def test_two_names_on_one_numpy_line_get_the_same_description() -> None:
    text = "Do it.\n\nParameters\n----------\nx, y : float\n    A coordinate."
    assert parse_docstring(text, ["x", "y"]).parameters == {"x": "A coordinate.", "y": "A coordinate."}


def test_a_description_with_colons_and_paragraphs_stays_whole() -> None:
    text = "Do it.\n\nArgs:\n    x: One of: a, b.\n\n        More: on it.\n    y: The y."
    parameters = parse_docstring(text, ["x", "y"]).parameters
    assert {name: said.split() for name, said in parameters.items()} == {
        "x": ["One", "of:", "a,", "b.", "More:", "on", "it."],
        "y": ["The", "y."],
    }


@pytest.mark.parametrize(
    "text",
    [
        "Args:\nx: The x.\ny: The y.",
        "Args:\n    x The x.\n    y: The y.",
        "Args:\n    x: The x.\n\nArgs:\n    y: The y.",
        "Args:\n    x: The x.\n\nKeyword Args:\n    y: The y.",
        "  Args:\n    x: The x.\n    y: The y.",
        ":param x The x.\n:param y: The y.",
        "@param x The x.\n@param y: The y.",
        ":param x: The x.\n\nArgs:\n    y: The y.",
    ],
)
def test_a_malformed_docstring_keeps_each_parameter(text: str) -> None:
    docstring = parse_docstring(f"Do it.\n\n{text}", ["x", "y"])
    assert docstring.parameters == {"x": "The x.", "y": "The y."}
    assert docstring.description.startswith("Do it.")


def test_a_section_that_cannot_be_told_apart_stays_in_the_description() -> None:
    text = "Do it.\n\nArgs:\n\nRaises:\n    It."
    assert parse_docstring(text, ["x"]).description == text


def test_a_parameter_that_the_function_does_not_have_is_left_out() -> None:
    assert parse_docstring("Do it.\n\nArgs:\n    gone: Of old.", ["x"]).parameters == {}


def test_starred_parameters_are_found_under_their_names() -> None:
    text = "Do it.\n\nArgs:\n    *rest: The rest.\n    **more: And more."
    assert parse_docstring(text, ["rest", "more"]).parameters == {"rest": "The rest.", "more": "And more."}


RETURNS = {
    "google": ("Do it.\n\nArgs:\n    x: The x.\n\nReturns:\n    {}\n\nRaises:\n    ValueError: If not.", "    "),
    "google, yields": ("Do it.\n\nArgs:\n    x: The x.\n\nYields:\n    {}", "    "),
    "google, one line": ("Do it.\n\nArgs:\n    x: The x.\n\nReturns: {}", "    "),
    "google, singular": ("Do it.\n\nReturn:\n    {}\n\nArgs:\n    x: The x.", "    "),
    "numpy": ("Do it.\n\nParameters\n----------\nx : int\n    The x.\n\nReturns\n-------\ndict\n    {}", "    "),
    "numpy, text only": ("Do it.\n\nParameters\n----------\nx : int\n    The x.\n\nYields\n------\n{}", ""),
    "sphinx": ("Do it.\n\n:param x: The x.\n:returns: {}\n:rtype: dict", "    "),
    "sphinx, typed": ("Do it.\n\n:param x: The x.\n:return dict[str, int]: {}", "    "),
    "sphinx, yields": ("Do it.\n\n:yields: {}\n:param x: The x.", "    "),
    "epytext": ("Do it.\n\n@param x: The x.\n@return: {}\n@rtype: dict", "    "),
    "epytext, plural": ("Do it.\n\n@param x: The x.\n@returns: {}\n@raise ValueError: If not.", "    "),
    "two styles": ("Do it.\n\n:param x: The x.\n\nReturns:\n    {}", "    "),
    "malformed": ("Do it.\n\n:param x The x.\n:returns: {}", "    "),
}


@pytest.mark.parametrize("said", ["The order.", "One of: a, b.", "A list of dicts,\nwith the id: sg-1."])
@pytest.mark.parametrize("form", RETURNS)
def test_each_style_tells_what_is_returned(form: str, said: str) -> None:
    text, indent = RETURNS[form]
    if form == "numpy, text only" and "\n" in said:
        said = said.replace("\n", " ")
    docstring = parse_docstring(text.format(said.replace("\n", f"\n{indent}")), ["x"])
    assert docstring.returns.split() == said.split()
    assert docstring.parameters == {"x": "The x."}
    assert docstring.description == "Do it."


@pytest.mark.parametrize("kind", ["dict", "dict[str, list[int]]", "str | None", 'Literal["a: b"]', "shop.Order"])
def test_the_type_of_what_is_returned_is_left_to_the_signature(kind: str) -> None:
    assert parse_docstring(f"Do it.\n\nReturns:\n    {kind}: The order.", []).returns == "The order."
    assert parse_docstring(f"Do it.\n\nReturns\n-------\n{kind}\n    The order.", []).returns == "The order."
    assert parse_docstring(f"Do it.\n\n:rtype: {kind}", []).returns == ""
    assert parse_docstring(f"Do it.\n\nReturns\n-------\n{kind}\n", []).returns == ""


def test_the_parts_of_a_returned_tuple_keep_their_names() -> None:
    text = "Do it.\n\nReturns\n-------\nx : int\n    The x.\ny : int\n    The y."
    assert parse_docstring(text, []).returns == "x: The x.\ny: The y."


def test_what_is_returned_goes_before_what_is_yielded() -> None:
    assert parse_docstring("Do it.\n\nYields:\n    Progress.\n\nReturns:\n    All.", []).returns == "All."


@pytest.mark.parametrize("sign", [":", "@"])
def test_a_paragraph_below_the_fields_belongs_to_the_description(sign: str) -> None:
    text = f"Do it.\n\n{sign}param x: The x,\n\n    at length.\n\nIt is slow.\n\n{sign}return: All."
    docstring = parse_docstring(text, ["x"])
    assert docstring.description.split("\n\n") == ["Do it.", "It is slow."]
    assert docstring.parameters["x"].split() == ["The", "x,", "at", "length."]
    assert docstring.returns == "All."


def test_a_docstring_that_tells_nothing_of_what_is_returned_says_nothing() -> None:
    assert parse_docstring("Do it.\n\nArgs:\n    x: The x.", ["x"]).returns == ""
    assert parse_docstring("Do it.", ["x"]).returns == ""


FRAGMENTS = st.sampled_from(
    [
        *(
            "Args:",
            "Parameters",
            "----------",
            "Returns:",
            ":param x:",
            ":param",
            ":param int x",
            "@param x:",
            "@return",
        ),
        *("    x: The x.", "x : int", "    ", "", "x (", "x):", "y, x : T", ":type x:", "Raises:", "é: ü", "x", "\t"),
    ]
)


@given(st.lists(FRAGMENTS | st.text(max_size=20), max_size=12).map("\n".join))
def test_no_docstring_raises(text: str) -> None:
    docstring = parse_docstring(text, ["x", "y"])
    assert set(docstring.parameters) <= {"x", "y"}
    assert all(docstring.parameters.values())


WORDS = st.text("abcdefghij ,.", min_size=1, max_size=30).map(str.strip).filter(lambda text: text.strip(" .,"))


@given(st.dictionaries(st.sampled_from(["item", "count", "note", "schema"]), WORDS, min_size=1))
def test_google_numpy_and_sphinx_say_the_same(documented: dict[str, str]) -> None:
    google = "Do it.\n\nArgs:\n" + "\n".join(f"    {name}: {text}" for name, text in documented.items())
    numpy = "Do it.\n\nParameters\n----------\n" + "\n".join(
        f"{name} : T\n    {text}" for name, text in documented.items()
    )
    sphinx = "Do it.\n\n" + "\n".join(f":param {name}: {text}" for name, text in documented.items())
    for text in (google, numpy, sphinx):
        assert parse_docstring(text, list(documented)).parameters == documented
