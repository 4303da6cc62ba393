"""Texts that would steer a terminal."""

import pytest
from anyassistant.cli.plain import clip, last_line, one_line, printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b[31mred", "a\ufffd[31mred"),
        ("two\r\nlines\tand a tab", "two\nlines\tand a tab"),
        ("\x9b2J\x07\x7f", "\ufffd2J\ufffd\ufffd"),
        ("turned \u202e round", "turned \ufffd round"),
        ("grüße 👩‍💻 東京\u00a0", "grüße 👩‍💻 東京\u00a0"),
    ],
)
def test_what_steers_is_taken_out_and_all_else_stays(text, shown):
    assert printable(text) == shown


def test_long_texts_are_cut_and_say_so():
    assert clip("a\n b", 10) == "a b"
    assert clip("x" * 2000, 3) == "xxx… (2,000 characters)"
    assert one_line(" a \n\n b ") == "a b"
    assert last_line("a\nb\n \n") == "b"
    assert last_line("") == ""
