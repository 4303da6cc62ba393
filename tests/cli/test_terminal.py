"""What a person sees at a terminal: colours, a prompt, Ctrl-C."""

import os
import re
import select
import subprocess
import time

import pytest

pty = pytest.importorskip("pty", reason="terminals as POSIX has them")

import sys  # noqa: E402
from pathlib import Path  # noqa: E402

SCRIPT = Path(sys.executable).with_name("anyassistant")


class Terminal:
    """A command at a terminal of its own."""

    def __init__(self, cli, *arguments, env=None):
        self._leader, follower = pty.openpty()
        self._process = subprocess.Popen(
            [str(SCRIPT), *arguments],
            stdin=follower,
            stdout=follower,
            stderr=follower,
            cwd=cli.folder,
            env=cli.environment(**{"TERM": "xterm-256color", **(env or {})}),
            start_new_session=True,
            preexec_fn=_take_terminal,
        )
        os.close(follower)
        self.text = ""

    def type(self, text):
        os.write(self._leader, text.encode())

    def wait_for(self, *texts, seconds=20):
        """Read until texts show up, one after another, behind what was read before."""
        begin = len(self.text)
        until = time.monotonic() + seconds
        in_order = re.compile(".*".join(map(re.escape, texts)), re.DOTALL)
        while not in_order.search(plain(self.text[begin:])):
            assert time.monotonic() < until, f"{texts!r} did not show up in {self.text[begin:]!r}"
            self._read(0.1)

    def end(self, seconds=20):
        """The exit code."""
        until = time.monotonic() + seconds
        while self._process.poll() is None and time.monotonic() < until:
            self._read(0.1)
        code = self._process.wait(1)
        while self._read(0.1):
            pass
        os.close(self._leader)
        return code

    def _read(self, seconds):
        ready, _, _ = select.select([self._leader], [], [], seconds)
        if not ready:
            return False
        try:
            data = os.read(self._leader, 65536)
        except OSError:  # the other side is closed
            return False
        if b"\x1b[6n" in data:  # the prompt asks where the cursor is
            os.write(self._leader, b"\x1b[1;1R")
        self.text += data.decode(errors="replace")
        return bool(data)

    def kill(self):
        """Whatever happened, nothing stays behind."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()


@pytest.fixture
def terminal(cli):
    """Starts commands at terminals."""
    started = []

    def start(*arguments, env=None):
        started.append(Terminal(cli, *arguments, env=env))
        return started[-1]

    yield start
    for one in started:
        one.kill()


def _take_terminal():
    import fcntl
    import termios

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def plain(screen):
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", screen)


def test_chat_prompts_answers_and_goes_on_after_ctrl_c(cli, terminal):
    screen = terminal("chat", "--provider", "echo")
    screen.wait_for("You:")
    screen.type("hello\r")
    screen.wait_for("ECHO: hello")
    screen.wait_for("You:")
    screen.type("SLEEP 30\r")
    screen.wait_for("the model is at it")
    time.sleep(0.3)
    screen.type("\x03")
    screen.wait_for("was cancelled")
    screen.wait_for("You:")
    screen.type("FAIL server_error out of order\r")
    screen.wait_for("failed: out of order")
    screen.type("/nothing\r")
    screen.wait_for("There is no command '/nothing'")
    screen.wait_for("You:")
    screen.type("/resume\r")
    screen.wait_for("No run is open.")
    screen.wait_for("You:")
    screen.type("\x04")
    assert screen.end() == 0
    assert "Traceback" not in screen.text
    assert "\x1b[1;32mAssistant" in screen.text
    listed = cli("threads", "list", "--json").json
    assert f"Kept in thread {listed[0]['id']}" in screen.text


def test_no_color_is_respected(cli, terminal):
    screen = terminal("chat", "--provider", "echo", env={"NO_COLOR": "1"})
    screen.wait_for("You:")
    screen.type("hello\r")
    screen.wait_for("ECHO: hello")
    screen.wait_for("You:")
    screen.type("/quit\r")
    assert screen.end() == 0
    assert not re.search(r"\x1b\[[0-9;]*3[0-7]m", screen.text)


def test_deleting_asks(cli, terminal):
    cli("chat", "--provider", "echo", stdin="hello\n")
    thread_id = cli("threads", "list", "--json").json[0]["id"]
    screen = terminal("threads", "delete", thread_id)
    screen.wait_for("[y/N]")
    screen.type("n\r")
    assert screen.end() == 1
    assert "Nothing was deleted." in screen.text
    screen = terminal("threads", "delete", thread_id)
    screen.wait_for("[y/N]")
    screen.type("y\r")
    assert screen.end() == 0
    assert cli("threads", "list", "--json").json == []


def test_tables_keep_ids_whole_on_a_terminal(cli, terminal):
    cli("chat", "--provider", "echo", stdin="hello\n")
    thread_id = cli("threads", "list", "--json").json[0]["id"]
    screen = terminal("threads", "list", env={"COLUMNS": "60"})
    screen.end()
    assert thread_id in plain(screen.text)


SHOP = "anyassistant.cli.shop:TOOLS"
BUY = 'CALL confirm_order_item {"order_id": "ord-4101"}'
QUESTION = "Call it?"


@pytest.fixture
def asked(terminal):
    """A chat that asks whether an order may be confirmed."""
    screen = terminal("chat", "--provider", "echo", "--tools", SHOP)
    screen.wait_for("You:")
    screen.type(f"{BUY}\r")
    screen.wait_for(QUESTION)
    return screen


def leave(screen, *texts):
    """Leave the chat at the prompt that follows these texts; all that was shown."""
    screen.wait_for(*texts, "You:")
    screen.type("\x04")
    assert screen.end() == 0
    assert "Traceback" not in screen.text
    return plain(screen.text)


def test_the_demo_asks_before_it_buys(cli, terminal):
    screen = terminal("demo", "--provider", "echo")
    screen.wait_for("confirm_order_item needs your approval:", 'order_id: "ord-4101"', QUESTION)
    screen.type("y\r")
    assert screen.end() == 0
    text = plain(screen.text)
    assert "✓ approved by " in text
    assert "← confirm_order_item Order ord-4101 is confirmed" in text
    assert "There is no terminal" not in text


def test_enter_is_no_and_the_reason_is_told_to_the_model(asked):
    asked.type("\r")
    asked.wait_for("Why not?")
    asked.type("Too dear.\r")
    assert "is confirmed" not in leave(asked, "← confirm_order_item A person did not approve this call. Too dear.")


def test_what_is_no_answer_is_asked_again(asked):
    asked.type("perhaps\r")
    asked.wait_for("Answer y, n or e", QUESTION)
    asked.type("YES\r")
    leave(asked, "is confirmed")


def test_arguments_can_be_edited_until_they_fit(asked):
    asked.type("e\r")
    asked.wait_for('Call it with: {"order_id": "ord-4101"}')
    asked.type("\x7f\r")
    asked.wait_for("That is no JSON object", "Call it with:")
    asked.type(', "now": 1}\r')
    asked.wait_for("now: unknown argument", "Call it with:")
    asked.type("\x03")
    asked.wait_for(QUESTION)
    asked.type("e\r")
    asked.wait_for("Call it with:")
    asked.type("\x7f" * 3 + '2"}\r')
    assert 'with {"order_id": "ord-4102"}' in leave(asked, "Order ord-4102 is confirmed")


def test_a_dumb_terminal_shows_no_text_to_edit_and_has_none(terminal):
    screen = terminal("chat", "--provider", "echo", "--tools", SHOP, env={"TERM": "dumb"})
    screen.wait_for("You:")
    screen.type(f"{BUY}\r")
    screen.wait_for(QUESTION)
    screen.type("e\r")
    screen.wait_for("Call it with:")
    screen.type('{"order_id": "ord-4102"}\r')
    screen.wait_for("Order ord-4102 is confirmed", "You:")
    screen.type("/quit\r")
    assert screen.end() == 0


def test_ctrl_c_leaves_it_undecided_and_it_is_asked_again_here_and_in_the_next_chat(cli, terminal, asked):
    asked.type("\x03")
    asked.wait_for("Left undecided: /resume asks again, /cancel ends the run.", "You:")
    asked.type("y\r")
    asked.wait_for("is still open: /resume goes on with it", "You:")
    asked.type("/resume\r")
    asked.wait_for(QUESTION)
    asked.type("\x03")
    leave(asked, "Left undecided")
    screen = terminal("chat", "--provider", "echo", "--tools", SHOP)
    screen.wait_for(QUESTION)
    screen.type("y\r")
    leave(screen, "is confirmed")


def test_ctrl_c_in_the_demo_names_the_chat_that_asks_again(cli, terminal):
    screen = terminal("demo", "--provider", "echo")
    screen.wait_for(QUESTION)
    screen.type("\x03")
    assert screen.end() == 1
    text = plain(screen.text)
    assert "or in a chat, which asks:" in text
    assert f"--tools {SHOP} --provider echo" in text
    assert "Not as expected" not in text
    assert "Traceback" not in text


def test_what_was_typed_before_the_question_is_no_answer_to_it(terminal):
    screen = terminal("chat", "--provider", "echo", "--tools", SHOP)
    screen.wait_for("You:")
    screen.type(f"{BUY}\ry\ry\r")
    screen.wait_for(QUESTION)
    screen.type("n\r")
    screen.wait_for("Why not?")
    screen.type("\r")
    assert "is confirmed" not in leave(screen, "They gave no reason.")


@pytest.mark.parametrize(("command", "outcome"), [("approve", "is confirmed"), ("reject", "Somebody else said no.")])
def test_a_call_that_others_decided_on_meanwhile_is_not_decided_again(cli, asked, command, outcome):
    thread_id = cli("threads", "list", "--json").json[0]["id"]
    run_id = cli("threads", "show", thread_id, "--json").json["runs"][0]["id"]
    (call_id,) = cli("runs", "show", run_id, "--json").json["pending_approvals"]
    reason = ["Somebody else said no."] if command == "reject" else []
    assert cli("runs", command, run_id, call_id, *reason, "--by", "eve").code == 0
    asked.type("y\r")
    leave(asked, "by eve", outcome)


def test_all_of_a_call_is_shown_and_nothing_in_it_steers_the_terminal(cli, terminal):
    (cli.folder / "post.py").write_text(
        "from anyassistant_tools import tool\n\n"
        "@tool(requires_approval=True)\n"
        'def post(text: str) -> str:\n    """Post a text."""\n    return "posted"\n'
    )
    screen = terminal("chat", "--provider", "echo", "--tools", "post", "--new")
    screen.wait_for("You:")
    screen.type('CALL post {"text": "' + "z" * 600 + '\\u202eend\\u001b[2J"}\r')
    screen.wait_for("needs your approval:", QUESTION)
    shown = plain(screen.text).rpartition("needs your approval:")[2]
    assert shown.count("z") == 600
    assert "end" in shown
    assert "\u202e" not in shown
    assert "\x1b[2J" not in screen.text.rpartition("needs your approval:")[2].partition(QUESTION)[0]
    screen.type("\x03")
    leave(screen, "Left undecided")


def test_a_report_has_colours_at_a_terminal_only(cli, terminal):
    (cli.folder / "mine.py").write_text('def book(prices: dict[str, int]) -> str:\n    """Book."""\n    return ""\n')
    arguments = ("tools", "schema", "mine:book", "--for", "gemini")
    screen = terminal(*arguments)
    assert screen.end() == 0
    assert "\x1b[36mrewritten" in screen.text.replace("  ", "")
    assert "book for gemini: " in plain(screen.text)
    piped = cli(*arguments)
    assert "\x1b" not in piped.out + piped.err
