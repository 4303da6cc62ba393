"""`anyassistant demo` on echo, as a user sees it."""

import shlex

import pytest
from anyassistant.cli.demo import SCENES, find_problems
from anyassistant.types import ToolCall


def test_it_answers_orders_and_confirms_and_all_of_it_is_there_in_the_next_process(cli):
    shown = cli("demo", "--provider", "echo")
    assert shown.code == 0
    assert shown.err == ""
    assert shown.out.count("deltas, shown as text") == 1
    assert "→ get_shopping_history {}" in shown.out
    assert "← order_item {" in shown.out
    assert "Assistant: TOOL RESULT: Order ord-4101 is confirmed" in shown.out
    assert shown.out.count("thread.run.completed") == 3
    assert shown.out.count("There is no terminal to ask at, so the demo gives it") == 1
    assert "✓ approved by anyassistant demo" in shown.out
    assert "\x1b" not in shown.out
    thread_id = next(word for word in shown.out.split() if word.startswith("thread_"))
    there = cli("threads", "show", thread_id)
    assert there.code == 0
    assert "Ray-Ban Aviator sunglasses" in there.out


def test_json_is_one_event_a_line_in_order_and_nothing_else(cli):
    shown = cli("demo", "--provider", "echo", "--json")
    assert shown.code == 0
    events = shown.lines
    assert all(set(event) == {"event", "data", "sequence"} for event in events)
    ends = [at for at, event in enumerate(events) if event["event"] == "thread.run.completed"]
    assert len(ends) == 3
    begin = 0
    for end in ends:
        run = [event["sequence"] for event in events[begin : end + 1]]
        assert events[begin]["event"] == "thread.run.created"
        assert run == sorted(set(run))
        begin = end + 1
    assert begin == len(events)
    called = [
        call["function"]["name"]
        for event in events
        if event["event"] == "thread.run.step.completed"
        for call in event["data"]["step_details"].get("tool_calls", [])
    ]
    assert called == ["get_shopping_history", "order_item", "confirm_order_item"]


def test_buying_can_be_rejected_which_is_no_failure(cli):
    shown = cli("demo", "--provider", "echo", "--approve", "no")
    assert shown.code == 0
    assert "There is no terminal" not in shown.out
    assert "← confirm_order_item A person did not approve this call." in shown.out
    assert "is confirmed" not in shown.out
    assert "Not as expected" not in shown.out


def test_buying_can_be_left_for_later_and_the_commands_that_it_names_decide_and_go_on(cli):
    shown = cli("demo", "--provider", "echo", "--approve", "later")
    assert shown.code == 1
    assert "Not as expected" not in shown.out
    approve, _, chat = (shlex.split(line)[1:] for line in shown.out.splitlines() if line.startswith("  anyassistant"))
    assert cli(*approve, "--by", "ann").code == 0
    gone_on = cli(*chat)
    assert gone_on.code == 0
    assert "✓ approved by ann" in gone_on.out
    assert "← confirm_order_item Order ord-4101 is confirmed" in gone_on.out


def test_asking_needs_a_terminal(cli):
    refused = cli("demo", "--provider", "echo", "--approve", "ask")
    assert refused.code == 2
    assert refused.err.endswith("--approve ask needs a terminal to ask at, and no --json: give yes, no or later.\n")


def test_it_leaves_nothing_behind_in_memory(cli):
    shown = cli("demo", "--provider", "echo", "--store", ":memory:")
    assert shown.code == 0
    assert "Leave --store out" in shown.out
    assert not (cli.folder / "xdg_data_home").exists()


def test_the_commands_that_it_names_at_the_end_work(cli):
    store = str(cli.folder / "my shop.db")
    shown = cli("demo", "--provider", "echo", "--store", store)
    look = next(line for line in shown.out.splitlines() if "threads show" in line)
    assert cli(*shlex.split(look)[1:]).code == 0
    talk = next(line for line in shown.out.splitlines() if " chat " in line)
    answered = cli(*shlex.split(talk)[1:], stdin='CALL order_item {"item_id": "hat-7"}\n')
    assert answered.code == 0
    assert "Panama straw hat" in answered.out


def test_what_the_person_rejected_is_no_problem():
    call = ToolCall("call_1", SCENES[2].tool, "{}", output="...", error="rejected", outcome="rejected")
    assert not find_problems(SCENES[2], [call])


@pytest.mark.parametrize("error", [None, "it failed"])
def test_a_call_that_did_not_happen_or_failed_is_a_problem(error):
    call = ToolCall("call_1", SCENES[0].tool, "{}", output="...", error=error)
    assert bool(find_problems(SCENES[0], [call])) == (error is not None)
    assert find_problems(SCENES[0], [])
    assert find_problems(SCENES[1], [call])
