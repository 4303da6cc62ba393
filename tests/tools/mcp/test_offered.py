import random

from anyassistant_tools import validate_tool_name
from anyassistant_tools.mcp.offered import legal_names
from hypothesis import given
from hypothesis import strategies as st

NAMES = st.lists(st.text("ab_.é", max_size=5) | st.text(min_size=60, max_size=130) | st.text(), unique=True)


def test_a_legal_name_stays() -> None:
    assert legal_names(["get-time", "x" * 64]) == {"get-time": "get-time", "x" * 64: "x" * 64}


def test_illegal_characters_become_underscores() -> None:
    assert legal_names(["files.read", "zeit für/tee"]) == {"files.read": "files_read", "zeit für/tee": "zeit_f_r_tee"}


def test_a_name_that_another_tool_has_ends_in_a_digest() -> None:
    assert legal_names(["a.b", "a_b", "a/b"]) == {"a.b": "a_b_2e7336dc", "a_b": "a_b", "a/b": "a_b_c14cddc0"}


@given(NAMES, st.randoms(use_true_random=False))
def test_all_are_legal_and_differ_in_whatever_order_they_come(names: list[str], shuffler: random.Random) -> None:
    legal = legal_names(names)
    assert all(validate_tool_name(name) for name in legal.values())
    assert len(set(legal.values())) == len(names)
    shuffler.shuffle(names)
    assert legal_names(names) == legal
