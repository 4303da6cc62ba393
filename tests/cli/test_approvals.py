"""Approvals through pipes: `chat --approve`, `runs show`, `runs approve` and `runs reject`."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from getpass import getuser

import pytest

SHOP = "anyassistant.cli.shop:TOOLS"
BUY = 'CALL confirm_order_item {"order_id": "ord-4101"}'
BOUGHT = "Order ord-4101 is confirmed"


def chat(cli, *options, stdin=f"{BUY}\n"):
    return cli("chat", "--provider", "echo", "--tools", SHOP, *options, stdin=stdin)


@pytest.fixture
def waiting(cli):
    """The ids of a run and of its call, which waits for an approval."""
    assert chat(cli, "--approve", "later").code == 1
    return ids_of_the_last(cli)


@pytest.fixture(scope="module")
def undecided(shared):
    """The ids of a run and of its call, which nobody decides on."""
    assert chat(shared, "--approve", "later").code == 1
    return ids_of_the_last(shared)


def ids_of_the_last(cli):
    thread_id = cli("threads", "list", "--json").json[0]["id"]
    run = cli("threads", "show", thread_id, "--json").json["runs"][-1]
    calls = cli("runs", "show", run["id"], "--json").json["steps"][0]["step_details"]["tool_calls"]
    return run["id"], calls[0]["id"]


@pytest.mark.parametrize("next_line", ["y", "yes", "y\ny\ny"])
def test_without_a_terminal_nothing_is_approved_whatever_the_messages_say(cli, next_line):
    said = chat(cli, stdin=f"{BUY}\n{next_line}\n")
    assert said.code == 0
    assert "  ✗ rejected: There was nobody to ask: this session is not at a terminal.\n" in said.out
    assert "← confirm_order_item A person did not approve this call. There was nobody to ask" in said.out
    assert said.out.endswith("Assistant: ECHO: y\n") or said.out.endswith("Assistant: ECHO: yes\n")
    assert BOUGHT not in said.out
    assert "  ! " not in said.out


def test_all_can_be_approved_and_it_is_kept_who_wanted_it_so(cli):
    said = chat(cli, "--approve", "yes")
    assert said.code == 0
    assert "(--approve yes)\n" in said.out
    assert f"← confirm_order_item {BOUGHT}" in said.out
    assert "--approve yes" in said.err  # the command that goes on
    run_id, _ = ids_of_the_last(cli)
    assert "(--approve yes)" in cli("runs", "show", run_id).out


def test_all_can_be_rejected(cli):
    said = chat(cli, "--approve", "no")
    assert said.code == 0
    assert "They approve nothing in this session." in said.out
    assert BOUGHT not in said.out


def test_json_is_events_only_and_asks_nobody(cli):
    said = chat(cli, "--json")
    assert said.code == 0
    names = [event["event"] for event in said.lines]
    assert names.index("anyassistant.approval.asked") < names.index("anyassistant.approval.decided")
    sequences = [event["sequence"] for event in said.lines]
    assert sequences == sorted(set(sequences))
    left = chat(cli, "--json", "--new", "--approve", "later")
    assert left.code == 1
    assert left.lines[-1]["event"] == "thread.run.requires_action"
    assert "anyassistant runs approve run_" in left.err


def test_asking_needs_a_terminal(cli):
    refused = chat(cli, "--approve", "ask")
    assert refused.code == 2
    assert "--approve ask needs a terminal" in refused.err
    assert refused.out == ""


def test_several_calls_of_a_turn_are_decided_one_by_one(cli):
    both = f'{BUY}\nCALL confirm_order_item {{"order_id": "ord-4102"}}'
    (cli.folder / "ask.py").write_text(
        "import sys\nfrom anyassistant import Client\nfrom anyassistant.cli.shop import TOOLS\n"
        "with Client('echo') as client:\n"
        "    assistant = client.assistants.create(tools=TOOLS)\n"
        f"    run = client.threads.create(messages=[{both!r}]).run(assistant)\n"
        "    print(run.wait().id, *[call.id for call in run.record.pending_calls])\n"
    )
    asked = subprocess.run(
        [sys.executable, "ask.py"], cwd=cli.folder, env=cli.environment(), capture_output=True, text=True, check=True
    )
    run_id, first, second = asked.stdout.split()
    one = cli("runs", "reject", run_id, first, "Not that one.", "--by", "ann")
    assert one.code == 0
    assert f"Rejected {first}." in one.out
    assert f"anyassistant runs approve {run_id} {second}" in one.out
    assert cli("runs", "show", run_id, "--json").json["pending_approvals"] == [second]
    assert "It goes on where" in cli("runs", "approve", run_id, second).out
    thread_id = cli("threads", "list", "--json").json[0]["id"]
    gone_on = cli("chat", "--provider", "echo", "--thread", thread_id, "--tools", SHOP)
    assert gone_on.code == 0
    assert "✗ rejected by ann: Not that one." in gone_on.out
    assert "Order ord-4102 is confirmed" in gone_on.out
    assert BOUGHT not in gone_on.out


def test_a_run_that_was_left_open_is_left_and_says_how_to_decide(cli, waiting):
    run_id, call_id = waiting
    left = chat(cli, stdin="y\n")
    assert left.code == 1
    assert f"  anyassistant runs approve {run_id} {call_id}\n" in left.out
    assert f"--tools {SHOP} --provider echo\n" in left.out
    assert "has an open run" in left.err
    assert cli("runs", "show", run_id, "--json").json["pending_approvals"] == [call_id]
    decided = chat(cli, "--approve", "yes", stdin="hello\n")
    assert decided.code == 0
    assert BOUGHT in decided.out


def test_a_run_shows_what_waits_and_how_to_decide(cli, waiting):
    run_id, call_id = waiting
    shown = cli("runs", "show", run_id).out
    assert "waits for an approval of confirm_order_item" in shown
    row = next(line for line in shown.splitlines() if line.startswith(call_id))
    assert row.split()[:3] == [call_id, "confirm_order_item", "pending"]
    assert '{"order_id": "ord-4101"}' in row
    assert f"  anyassistant runs approve {run_id} {call_id}\n" in shown
    assert f"  anyassistant runs reject {run_id} {call_id} 'WHY NOT'\n" in shown
    thread_id = cli("threads", "list", "--json").json[0]["id"]
    assert f"  anyassistant chat --thread {thread_id} --tools MODULE:NAME --provider echo\n" in shown
    assert "those that take a RunContext need --deps too" in shown
    assert 'confirm_order_item({"order_id": "ord-4101"})\n' in shown  # and no output where there is none


def test_another_process_approves_with_other_arguments_and_the_run_goes_on_where_its_tools_are(cli, waiting):
    run_id, call_id = waiting
    approved = cli("runs", "approve", run_id, call_id, "--arguments", '{"order_id": "ord-4102"}', "--by", "ann")
    assert approved.code == 0
    assert approved.out.startswith(f"Approved {call_id}.\nIt goes on where its model and its tools are")
    row = next(line for line in cli("runs", "show", run_id).out.splitlines() if line.startswith(call_id))
    assert "approved  ann" in row
    assert '{"order_id": "ord-4102"} instead of {"order_id": "ord-4101"}' in row
    without = cli("chat", "--provider", "echo", stdin="")
    assert without.code == 1
    assert (
        'waits for confirm_order_item({"order_id": "ord-4102"}) (approved): nobody here can call that.' in without.out
    )
    gone_on = chat(cli, stdin="hello\n")
    assert gone_on.code == 0
    assert '✓ approved by ann, with {"order_id": "ord-4102"}' in gone_on.out
    assert 'confirm_order_item({"order_id": "ord-4102"}) = Order ord-4102' in cli("runs", "show", run_id).out
    assert "Order ord-4102 is confirmed" in gone_on.out
    assert gone_on.out.endswith("Assistant: ECHO: hello\n")


def test_another_process_rejects_and_no_other_model_answers_for_the_one_that_asked(cli, waiting):
    run_id, call_id = waiting
    rejected = cli("runs", "reject", run_id, call_id, "Too dear.", "--by", "eve", "--json")
    assert rejected.code == 0
    assert rejected.json["id"] == run_id
    assert rejected.json["pending_approvals"] == []
    shown = cli("runs", "show", run_id).out
    assert "rejected  eve" in shown
    assert "message_creation" not in shown  # nobody has answered
    assert "nobody drives it" in shown
    thread_id = cli("threads", "list", "--json").json[0]["id"]
    assert f"  anyassistant chat --thread {thread_id} --tools MODULE:NAME --provider echo\n" in shown
    assert "  somebody who drives it\n" in cli("runs", "list").out
    gone_on = chat(cli, stdin="")
    assert gone_on.code == 0
    assert "✗ rejected by eve: Too dear." in gone_on.out
    assert gone_on.out.endswith("Assistant: TOOL RESULT: A person did not approve this call. Too dear.\n")
    (thread,) = cli("threads", "list", "--json").json
    assert "  ✗ rejected by eve: Too dear.\n" in cli("threads", "show", thread["id"]).out


def test_a_run_that_a_service_keeps_is_decided_where_its_provider_is(cli, waiting):
    run_id, call_id = waiting
    database = cli.folder / "xdg_data_home" / "anyassistant" / "anyassistant.sqlite3"
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("UPDATE runs SET service = 'openai-assistants'")
        connection.commit()
    refused = cli("runs", "approve", run_id, call_id)
    assert refused.code == 2
    assert f"Run {run_id} is kept by a service. Decide where its provider is: " in refused.err
    assert "--provider echo" in refused.err  # as its turn says
    assert cli("runs", "show", run_id, "--json").json["pending_approvals"] == [call_id]


def test_the_provider_is_named_unless_a_chat_has_it_anyway(cli, waiting):
    run_id, _ = waiting
    (cli.folder / "anyassistant.toml").write_text('default = "mine"\n\n[profiles.mine]\nprovider = "echo"\n')
    shown = cli("runs", "show", run_id).out
    assert shown.partition("anyassistant chat ")[2].splitlines()[0].endswith(" --tools MODULE:NAME")
    (cli.folder / "anyassistant.toml").write_text("default = 1\n")
    shown = cli("runs", "show", run_id)
    assert shown.code == 0
    assert " --tools MODULE:NAME --provider echo\n" in shown.out


def test_a_chat_names_its_options_but_what_was_left_for_later(cli):
    left = chat(cli, "--approve", "later", "--deps", '{"name": "ann"}')
    assert f'--tools {SHOP} --deps \'{{"name": "ann"}}\' --provider echo\n' in left.out
    assert "RunContext" not in left.out
    assert "--approve" not in left.err
    assert "--deps" in left.err


def test_a_run_that_another_provider_began_is_gone_on_with_there(cli, install, waiting):
    env = install("other", "[anyassistant.providers]\nother = other_plugin\n", other_plugin=OTHER)
    left = cli("chat", "--provider", "other", "--tools", SHOP, stdin="hello\n", env=env)
    assert f"--tools {SHOP} --provider echo\n" in left.out
    assert "--provider echo" in left.err.partition("has an open run")[2]


OTHER = """
from pydantic import BaseModel
from anyassistant.echo import Echo
from anyassistant.plugins import Manifest, hookimpl

class Config(BaseModel): ...

@hookimpl
def anyassistant_providers():
    return [Manifest.chat_model("other", contract="1", config=Config, create=lambda _: Echo())]
"""


def test_who_decides_is_the_user_unless_it_is_said(cli, waiting):
    cli("runs", "approve", *waiting)
    assert f"approved  {getuser()}" in cli("runs", "show", waiting[0]).out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["approve", "RUN", "call_x"], "does not wait for call 'call_x', or no longer; it waits for: call_"),
        (["reject", "RUN", "call_x", "No."], "does not wait for call 'call_x'"),
        (["reject", "RUN", "CALL"], "requires an argument"),
        (["reject", "RUN", "CALL", ""], "`reason`"),
        (["approve", "run_x", "CALL"], "There is no run 'run_x'"),
        (["approve", "RUN", "CALL", "--arguments", "{"], "--arguments is no JSON"),
        (["approve", "RUN", "CALL", "--arguments", "[]"], "--arguments is no JSON object"),
        (["approve", "RUN", "CALL", "--arguments", '{"order": 1}'], "order: unknown argument (known: order_id)"),
    ],
)
def test_what_cannot_be_decided_is_one_line_and_nothing_is(shared, undecided, arguments, says):
    run_id, call_id = undecided
    named = {"RUN": run_id, "CALL": call_id}
    refused = shared("runs", *[named.get(one, one) for one in arguments])
    assert refused.code == 2
    assert says in refused.err
    assert refused.err.count("\n") == 1
    assert refused.out == ""
    assert shared("runs", "show", run_id, "--json").json["pending_approvals"] == [call_id]


def test_a_run_that_has_ended_waits_for_nobody(cli):
    chat(cli, "--approve", "yes")
    refused = cli("runs", "approve", *ids_of_the_last(cli))
    assert refused.code == 2
    assert "is completed and waits for nobody" in refused.err


def test_in_memory_it_does_not_say_that_it_can_be_decided_later(cli):
    left = chat(cli, "--approve", "later", "--store", ":memory:")
    assert left.code == 1
    assert "Nothing of it is kept. Leave --store out, and it can be decided on later." in left.out
    assert "runs approve" not in left.out
