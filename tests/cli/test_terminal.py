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
            env=cli.environment(TERM="xterm-256color", **(env or {})),
            start_new_session=True,
            preexec_fn=_take_terminal,
        )
        os.close(follower)
        self.text = ""

    def type(self, text):
        os.write(self._leader, text.encode())

    def wait_for(self, text, seconds=20):
        """Read until a text shows up behind what was read before."""
        begin = len(self.text)
        until = time.monotonic() + seconds
        while text not in plain(self.text[begin:]):
            assert time.monotonic() < until, f"{text!r} did not show up in {self.text[begin:]!r}"
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
