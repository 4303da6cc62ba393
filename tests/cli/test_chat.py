"""`anyassistant chat` through pipes."""

import os
import shlex
import signal
import time

import pytest

SHOP = "anyassistant.cli.shop:TOOLS"


def names_of(events):
    return [event["event"] for event in events]


def test_each_line_is_a_message_and_the_next_process_goes_on(cli):
    said = cli("chat", "--provider", "echo", stdin="first\n\nsecond\n")
    assert said.code == 0
    assert said.out == "You: first\nAssistant: ECHO: first\nYou: second\nAssistant: ECHO: second\n"
    again = cli("chat", "--provider", "echo", "--json", stdin="REQUEST\n")
    last = next(event for event in again.lines if event["event"] == "thread.message.completed")
    assert '"messages":["user","assistant","user","assistant","user"]' in last["data"]["content"][0]["text"]["value"]
    threads = cli("threads", "list", "--json").json
    assert len(threads) == 1
    assert threads[0]["id"] in said.err


def test_a_new_chat_has_a_thread_of_its_own(cli):
    cli("chat", "--provider", "echo", stdin="first\n")
    cli("chat", "--provider", "echo", "--new", stdin="second\n")
    assert len(cli("threads", "list", "--json").json) == 2
    assert len(cli("assistants", "list", "--json").json) == 1


def test_an_empty_chat_makes_no_thread(cli):
    assert cli("chat", "--provider", "echo").code == 0
    assert cli("threads", "list", "--json").json == []


def test_the_command_that_it_names_at_the_end_goes_on(cli):
    options = ["--provider", "echo", "--store", "my shop.db", "--tools", SHOP]
    said = cli("chat", *options, stdin="first\n")
    again = said.err.partition("`")[2].partition("`")[0]
    assert shlex.split(again)[1:] == ["chat", "--tools", SHOP, "--provider", "echo", "--store", "my shop.db"]
    cli(*shlex.split(again)[1:], stdin="second\n")
    (thread,) = cli("threads", "list", "--store", "my shop.db", "--json").json
    assert thread["id"] in said.err


def test_in_memory_it_does_not_say_that_anything_is_kept(cli):
    said = cli("chat", "--provider", "echo", "--store", ":memory:", stdin="hello\n")
    assert said.code == 0
    assert "Nothing of it is kept. Leave --store out" in said.err
    assert "Kept in" not in said.err
    assert not (cli.folder / "xdg_data_home").exists()


@pytest.mark.parametrize("command", ["chat", "demo"])
def test_a_model_that_is_not_there_leaves_no_thread_and_no_hint(cli, command):
    failed = cli(command, "--provider", "local:nowhere.gguf", stdin="hello\n")
    assert failed.code == 1
    assert "nowhere.gguf" in failed.err
    assert "kept. Look" not in failed.out
    assert "Kept in" not in failed.err
    assert cli("threads", "list", "--json").json == []


def test_tools_are_called_and_shown_with_their_outputs(cli):
    (cli.folder / "clock.py").write_text(
        'def now(zone: str) -> str:\n    """Tell the time."""\n    return f"noon in {zone}"\n'
    )
    said = cli(
        "chat", "--provider", "echo", "--tools", "clock:now", "--tools", SHOP, stdin='CALL now {"zone": "UTC"}\n'
    )
    assert said.code == 0
    assert '  → now {"zone": "UTC"}\n  ← now noon in UTC\n' in said.out
    assert said.out.endswith("Assistant: TOOL RESULT: noon in UTC\n")


def test_a_call_that_is_refused_is_shown_once(cli):
    said = cli("chat", "--provider", "echo", "--tools", SHOP, stdin='CALL order_item {"item": 1}\n')
    before_the_answer = said.out.partition("Assistant:")[0]
    assert before_the_answer.count("unknown argument") == 1
    assert "  ← order_item order_item was not called." in before_the_answer
    assert "  ! order_item" not in said.out


def test_a_tool_that_raises_is_shown_and_the_conversation_goes_on(cli):
    (cli.folder / "bad.py").write_text('def boom() -> str:\n    """Fail."""\n    raise ValueError("out of order")\n')
    said = cli("chat", "--provider", "echo", "--tools", "bad", stdin="CALL boom {}\nhello\n")
    assert said.code == 0
    assert "! boom: ValueError: out of order" in said.out or "← boom" in said.out
    assert "Traceback" not in said.out + said.err
    assert said.out.endswith("Assistant: ECHO: hello\n")


def test_json_is_events_only(cli):
    said = cli("chat", "--provider", "echo", "--json", "--tools", SHOP, stdin="CALL get_shopping_history {}\nhi\n")
    assert said.code == 0
    assert names_of(said.lines).count("thread.run.completed") == 2


def test_instructions_and_model_reach_the_run(cli):
    said = cli("chat", "--provider", "echo:big", "--instructions", "Be brief.", stdin="REQUEST\n")
    assert '"model":"big","instructions":"Be brief."' in said.out
    said = cli("chat", "--provider", "echo", "--model", "small", stdin="REQUEST\n")
    assert '"model":"small"' in said.out


def test_a_run_that_failed_is_said_and_the_next_message_is_answered(cli):
    said = cli("chat", "--provider", "echo", stdin="FAIL rate_limit_exceeded too fast\nhello\n")
    assert said.code == 1
    assert "failed: too fast" in said.out
    assert said.out.endswith("Assistant: ECHO: hello\n")


def test_a_run_that_waits_for_a_function_is_said_and_goes_on_in_a_chat_that_has_it(cli):
    assistant_id = _assistant_with_a_tool(cli)
    waiting = cli("chat", "--provider", "echo", "--assistant", assistant_id, stdin="CALL get_shopping_history {}\n")
    assert waiting.code == 1
    assert "waits for get_shopping_history({})" in waiting.out
    busy = cli("chat", "--provider", "echo", "--assistant", assistant_id, stdin="hello\n")
    assert busy.code == 1
    assert "It goes on in anyassistant chat --thread thread_" in busy.err
    assert "resume()" not in busy.err
    done = cli("chat", "--provider", "echo", "--tools", SHOP, stdin="hello\n")
    assert done.code == 0
    assert "← get_shopping_history [" in done.out
    assert done.out.endswith("Assistant: ECHO: hello\n")


def _assistant_with_a_tool(cli):
    cli("demo", "--provider", "echo")
    return cli("assistants", "list", "--json").json[0]["id"]


@pytest.mark.skipif(os.name == "nt", reason="signals as POSIX has them")
def test_an_interrupt_cancels_the_run_and_keeps_the_thread(cli):
    process = cli.start("chat", "--provider", "echo")
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("SLEEP 30\n")
    process.stdin.flush()
    assert process.stdout.readline() == "You: SLEEP 30\n"
    _wait_for_run(cli, "in_progress")
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert time.monotonic() - began < 10
    assert process.returncode == 130
    assert "was cancelled" in out
    assert "Traceback" not in err
    again = cli("chat", "--provider", "echo", stdin="hello\n")
    assert again.code == 0
    assert again.out == "You: hello\nAssistant: ECHO: hello\n"


def _wait_for_run(cli, status):
    for _ in range(20):
        threads = cli("threads", "list", "--json").json
        if threads:
            runs = cli("threads", "show", threads[0]["id"], "--json").json["runs"]
            if any(run["status"] == status for run in runs):
                return
    raise AssertionError(f"no run became {status}")


@pytest.mark.parametrize(
    ("arguments", "says", "code"),
    [
        (["--provider", "nope"], "'nope'", 2),
        (["--provider", "echo", "--thread", "thread_x"], "'thread_x'", 2),
        (["--provider", "echo", "--assistant", "asst_x"], "'asst_x'", 2),
        (["--provider", "echo", "--tools", "nowhere:x"], "There is no module 'nowhere'", 2),
        (["--provider", "echo", "--tools", "anyassistant.cli.shop:order"], "Did you mean", 2),
        (["--provider", "echo", "--new", "--thread", "thread_x"], "give one of them", 2),
        (["--provider", "echo", "--config", "none.toml"], "Cannot read none.toml", 2),
        (["--provider", "echo", "--store", "/dev/null/x.db"], "--store", 1),
    ],
)
def test_what_cannot_be_done_is_one_line_and_an_exit_code(cli, arguments, says, code):
    refused = cli("chat", *arguments, stdin="hello\n")
    assert refused.code == code
    assert says in refused.err
    assert refused.err.count("\n") == 1
    assert refused.out == ""
