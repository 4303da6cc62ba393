"""`anyassistant threads`, `assistants` and `runs`: what is stored, from a process that did not write it."""

import pytest


@pytest.fixture(scope="module")
def stored(shared):
    """A store with the thread of a demo and one of a chat, which is the newer."""
    assert shared("demo", "--provider", "echo").code == 0
    assert shared("chat", "--provider", "echo", stdin="hello\nFAIL server_error out of order\n").code == 1
    return shared


def test_threads_are_listed_the_newest_first(stored):
    listed = stored("threads", "list")
    assert listed.code == 0
    header, *rows = listed.out.splitlines()
    assert header.split() == ["thread", "created", "made", "by", "begins", "with"]
    assert [row.split()[3] for row in rows] == ["chat", "demo"]
    as_json = stored("threads", "list", "--json").json
    assert [thread["id"] for thread in as_json] == [row.split()[0] for row in rows]
    assert {thread["object"] for thread in as_json} == {"thread"}
    first = stored("threads", "list", "--limit", "1")
    assert len(first.out.splitlines()) == 2
    assert "There are more" in first.err


def test_runs_are_listed_the_newest_first(stored):
    listed = stored("runs", "list")
    assert listed.code == 0
    header, *rows = listed.out.splitlines()
    assert header.split() == ["run", "status", "thread", "created", "waits", "for"]
    assert [row.split()[1] for row in rows] == ["failed", *["completed"] * 4]
    as_json = stored("runs", "list", "--json").json
    assert [[run["id"], run["status"], run["thread_id"]] for run in as_json] == [row.split()[:3] for row in rows]
    assert {run["object"] for run in as_json} == {"thread.run"}
    (failed,) = stored("runs", "list", "--status", "failed", "--json").json
    assert failed["id"] == as_json[0]["id"]
    first = stored("runs", "list", "--limit", "1")
    assert len(first.out.splitlines()) == 2
    assert "There are more" in first.err
    assert stored("runs", "list", "--status", "requires_action").err.startswith("No requires_action runs yet in ")
    refused = stored("runs", "list", "--status", "open")
    assert refused.code == 2
    assert "requires_action" in refused.err


def test_what_an_open_run_waits_for_is_listed(cli):
    shop = "anyassistant.cli.shop:TOOLS"
    buy = 'CALL confirm_order_item {"order_id": "ord-4101"}\n'
    assert cli("chat", "--provider", "echo", "--tools", shop, "--approve", "later", stdin=buy).code == 1
    assert cli("chat", "--provider", "echo", "--new", stdin="hello\n").code == 0
    (waiting,) = cli("runs", "list", "--status", "requires_action", "--json").json
    (call_id,) = waiting["pending_approvals"]
    (row,) = cli("runs", "list", "--status", "requires_action").out.splitlines()[1:]
    assert row.startswith(f"{waiting['id']}  requires_action  {waiting['thread_id']}  ")
    assert row.endswith(f"  approval of confirm_order_item {call_id}")
    header, answered, open_one = cli("threads", "list").out.splitlines()
    assert "open run" in header
    assert "requires_action" in open_one
    assert "requires_action" not in answered


def test_a_thread_shows_what_was_said_and_called(stored):
    thread_id = stored("threads", "list", "--json").json[1]["id"]
    shown = stored("threads", "show", thread_id).out
    at = [
        shown.index(part)
        for part in (
            "You: CALL get",
            "→ get_shopping_history {}",
            "← get_shopping_history [",
            "Assistant: TOOL RESULT: [",
        )
    ]
    assert at == sorted(at)
    thread = stored("threads", "show", thread_id, "--json").json
    assert thread["object"] == "thread"
    assert [message["role"] for message in thread["messages"]] == ["user", "assistant"] * 3
    assert [run["status"] for run in thread["runs"]] == ["completed"] * 3


def test_a_run_shows_its_steps_and_what_it_cost(stored):
    thread = stored("threads", "list", "--json").json[1]
    run_id = stored("threads", "show", thread["id"], "--json").json["runs"][0]["id"]
    shown = stored("runs", "show", run_id)
    assert shown.code == 0
    assert "completed" in shown.out
    assert "get_shopping_history({})" in shown.out
    run = stored("runs", "show", run_id, "--json").json
    assert [step["type"] for step in run["steps"]] == ["tool_calls", "message_creation"]
    assert run["events"] > 10
    assert run["usage"]["total_tokens"] > 0


def test_a_run_that_failed_says_why(stored):
    thread = stored("threads", "list", "--json").json[0]
    run_id = stored("threads", "show", thread["id"], "--json").json["runs"][-1]["id"]
    assert "out of order" in stored("runs", "show", run_id).out


def test_assistants_are_listed_and_shown(stored):
    listed = stored("assistants", "list")
    assert "Shop assistant" in listed.out
    assistant_id = next(line.split()[0] for line in listed.out.splitlines() if "Shop assistant" in line)
    shown = stored("assistants", "show", assistant_id).out
    assert "order_item: Order an item" in shown
    assert stored("assistants", "show", assistant_id, "--json").json["name"] == "Shop assistant"


@pytest.mark.parametrize(
    ("kind", "id"), [("threads", "thread_x"), ("assistants", "asst_x"), ("runs", "run_x"), ("threads", "")]
)
def test_an_unknown_id_is_one_line(stored, kind, id):
    refused = stored(kind, "show", id)
    assert refused.code == 2
    assert f"{id!r}" in refused.err
    assert refused.err.count("\n") == 1


def test_deleting_is_for_good(cli):
    cli("chat", "--provider", "echo", stdin="hello\n")
    thread_id = cli("threads", "list", "--json").json[0]["id"]
    assistant_id = cli("assistants", "list", "--json").json[0]["id"]
    assert cli("threads", "delete", thread_id).out == f"Deleted {thread_id}.\n"
    assert cli("assistants", "delete", assistant_id, "--yes", "--json").json == {
        "id": assistant_id,
        "object": "assistant.deleted",
        "deleted": True,
    }
    assert cli("threads", "list", "--json").json == []
    assert cli("threads", "delete", thread_id).code == 2


def test_a_file_that_is_no_database_is_said(cli):
    (cli.folder / "notes.txt").write_text("nothing of a database" * 100)
    refused = cli("threads", "list", "--store", "notes.txt")
    assert refused.code == 1
    assert "is not an SQLite database" in refused.err
    assert refused.err.count("\n") == 1


def test_what_is_stored_can_be_seen_where_config_and_plugins_are_broken(cli):
    (cli.folder / "anyassistant.toml").write_text("default = 1\n")
    assert cli("threads", "list").code == 0
    assert cli("chat", stdin="hello\n").code == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ("threads", "list"),
        ("threads", "list", "--json"),
        ("threads", "show", "thread_1"),
        ("threads", "delete", "thread_1"),
        ("runs", "list"),
        ("runs", "show", "run_1"),
        ("assistants", "list"),
        ("assistants", "show", "asst_1"),
        ("assistants", "delete", "asst_1"),
    ],
)
@pytest.mark.parametrize("store", ["nodir/x.sqlite3", "sqlite:///nodir/x.sqlite3"])
def test_looking_makes_no_database_and_names_the_one_that_is_not_there(cli, arguments, store):
    refused = cli(*arguments, "--store", store)
    assert refused.code == 2
    assert f"There is no database {cli.folder / 'nodir' / 'x.sqlite3'}" in refused.err
    assert refused.err.count("\n") == 1
    assert refused.out == ""
    assert not (cli.folder / "nodir").exists()


@pytest.mark.parametrize("kind", ["threads", "runs", "assistants"])
def test_an_empty_list_says_so_and_where(cli, kind):
    database = cli.folder / "xdg_data_home" / "anyassistant" / "anyassistant.sqlite3"
    listed = cli(kind, "list")
    assert (listed.code, listed.out, listed.err) == (0, "", f"No {kind} yet in {database}.\n")
    assert cli(kind, "list", "--json").out == "[]\n"
    assert not database.exists()
    assert f"No {kind} yet in memory" in cli(kind, "list", "--store", ":memory:").err


def test_an_unknown_id_names_the_database_and_the_command_that_lists(cli):
    database = cli.folder / "xdg_data_home" / "anyassistant" / "anyassistant.sqlite3"
    for command in (("threads", "show", "thread_x"), ("chat", "--provider", "echo", "--thread", "thread_x")):
        refused = cli(*command)
        assert refused.code == 2
        assert refused.err == (
            f"anyassistant: There is no thread 'thread_x' in {database}. What there is: anyassistant threads list\n"
        )
    cli("chat", "--provider", "echo", "--store", "my shop.db", stdin="hello\n")
    assert "anyassistant runs list --store 'my shop.db'" in cli("runs", "show", "x", "--store", "my shop.db").err
    assert "anyassistant assistants list" in cli("chat", "--provider", "echo", "--assistant", "asst_x").err
