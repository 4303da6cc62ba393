"""`anyassistant tools` and `chat --tools` with toolsets, contexts, progress, and tools that nobody here runs."""

import sys
from pathlib import Path

import pytest

SERVER = Path(__file__).parents[1] / "tools" / "mcp" / "server.py"

MINE = '''
from anyassistant_tools import RunContext, Tool, Toolset, tool

@tool(requires_approval=True)
def buy(item: str) -> str:
    """Buy it."""
    return f"bought {item}"

@tool(requires_approval=lambda amount: amount > 10)
def pay(amount: int) -> str:
    """Pay."""
    return f"paid {amount}"

def steps(count: int = 2):
    """Go step by step."""
    for number in range(count):
        yield f"step {number}"
    return "there"

def who(ctx: RunContext[object], more: str = "") -> str:
    """Say who asks."""
    ctx.emit({"looking": 1})
    return f"{ctx.deps!r}{more}"

locate = Tool.from_schema("locate", "Get the place of the user.", {"type": "object", "properties": {}})
SHOP = Toolset("shop", [buy, steps])
USER = {"name": "ann"}
EXPORTED = [who, SHOP.prefix("shop_"), {"type": "function", "function": {"name": "remote", "parameters": {}}}]

class Bank:
    @staticmethod
    def rate() -> int:
        """Get the rate."""
        return 3
'''


@pytest.fixture
def mine(cli):
    (cli.folder / "mine.py").write_text(MINE)
    return cli


def names_in(listed):
    return [tool["function"]["name"] for tool in listed.json]


def test_a_module_lists_what_is_special_about_a_call(mine):
    lines = mine("tools", "list", "mine").out.splitlines()
    assert lines[0].split() == ["tool", "parameters", "how", "description"]
    rows = {line.split()[0]: line for line in lines[1:]}
    assert list(rows) == ["buy", "pay", "steps", "who", "locate"]  # and not those of SHOP once more
    assert "  needs approval  " in rows["buy"]
    assert "  may need approval  " in rows["pay"]
    assert "  nothing here runs it  " in rows["locate"]
    assert "ctx" not in rows["who"]


@pytest.mark.parametrize(
    ("reference", "names"),
    [
        ("mine:SHOP", ["buy", "steps"]),
        ("mine:SHOP:steps", ["steps"]),
        ("mine:EXPORTED", ["who", "shop_buy", "shop_steps", "remote"]),
        ("mine:EXPORTED:shop_buy", ["shop_buy"]),
        ("mine:Bank.rate", ["rate"]),
        ("mine:locate", ["locate"]),
    ],
)
def test_toolsets_lists_and_what_is_in_them_are_named(mine, reference, names):
    assert names_in(mine("tools", "list", reference, "--json")) == names


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["schema", "mine:SHOP"], "mine:SHOP has 2 tools; name one of them: mine:SHOP:buy, mine:SHOP:steps"),
        (["schema", "mine:SHOP:nothing"], "'mine:SHOP' has no tool 'nothing' (it has: buy, steps)"),
        (["schema", "mine:SHOP:buy:more"], "'mine:SHOP:buy:more' is no tool"),
        (["schema", "mine:SHOPP"], "Did you mean mine:SHOP?"),
        (["call", "mine:locate", "{}"], "Nothing here runs locate"),
        (["call", "mine:who", "{}", "--deps", "ann"], "--deps takes JSON or MODULE:NAME, not 'ann'"),
        (["call", "mine:who", "{}", "--deps", "mine:NOBODY"], "has no 'NOBODY'"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_an_exit_code(mine, arguments, says):
    refused = mine("tools", *arguments)
    assert refused.code == 2
    assert says in refused.err
    assert refused.err.count("\n") == 1
    assert refused.out == ""


def test_a_call_is_the_persons_own_so_that_nobody_is_asked(mine):
    assert mine("tools", "call", "mine:buy", '{"item": "a hat"}').out == "bought a hat\n"


@pytest.mark.parametrize(
    ("deps", "told"),
    [([], "None"), (["--deps", '"ann"'], "'ann'"), (["--deps", "mine:USER"], "{'name': 'ann'}")],
)
def test_a_tool_gets_a_context_with_what_deps_gives(mine, deps, told):
    called = mine("tools", "call", "mine:who", "{}", *deps)
    assert called.out == f"{told}\n"
    assert called.err == '… {"looking":1}\n'


def test_progress_goes_to_standard_error(mine):
    called = mine("tools", "call", "mine:steps")
    assert called.out == "there\n"
    assert called.err == "… step 0\n… step 1\n"
    assert mine("tools", "call", "mine:steps", "--json").json == {"name": "steps", "output": "there", "error": None}


def test_chat_shows_progress_and_gives_deps(mine):
    options = ["--provider", "echo", "--tools", "mine:SHOP", "--tools", "mine:who", "--deps", "mine:USER"]
    said = mine("chat", *options, stdin='CALL steps {"count": 1}\nCALL who {}\n')
    assert said.code == 0
    assert '  → steps {"count": 1}\n  … steps: step 0\n  ← steps there\n' in said.out
    assert "  … who: {\"looking\":1}\n  ← who {'name': 'ann'}\n" in said.out
    assert "--tools mine:SHOP --tools mine:who --deps mine:USER" in said.err


CLOCK = '''
from anyassistant_tools import Toolset

def now() -> str:
    """Tell the time."""
    return "noon"

SET = Toolset("clock", [now])
'''
ENTRY = "[anyassistant.toolsets]\nclock = clockwork:SET\n"


def test_an_installed_toolset_is_named_where_there_is_no_such_module(cli, install):
    env = install("clock-tools", ENTRY, clockwork=CLOCK)
    listed = cli("tools", "list", "clock", "--json", env=env)
    assert names_in(listed) == ["now"]
    assert listed.err == "anyassistant: 'clock' is the installed toolset.\n"
    assert cli("tools", "call", "clock:now", env=env).out == "noon\n"
    said = cli("chat", "--provider", "echo", "--tools", "clock", stdin="CALL now {}\n", env=env)
    assert "← now noon" in said.out
    refused = cli("tools", "list", "clocks", env=env)
    assert refused.code == 2
    assert "no toolset of that name; installed toolsets: clock." in refused.err


def test_a_module_goes_before_an_installed_toolset_and_it_is_said(cli, install):
    env = install("clock-tools", ENTRY, clockwork=CLOCK)
    (cli.folder / "clock.py").write_text('def tick() -> str:\n    "Tick."\n    return "tick"\n')
    listed = cli("tools", "list", "clock", "--json", env=env)
    assert names_in(listed) == ["tick"]
    assert listed.err == "anyassistant: 'clock' is the module, and not the installed toolset of that name.\n"


def test_an_installed_toolset_that_is_broken_is_one_line_and_breaks_nothing_else(cli, install):
    env = install("clock-tools", ENTRY, clockwork="1 / 0\n")
    refused = cli("tools", "list", "clock", env=env)
    assert refused.code == 2
    assert "'clockwork:SET' cannot be imported: ZeroDivisionError" in refused.err
    assert cli("tools", "list", "anyassistant.cli.shop", env=env).code == 0


def test_doctor_lists_toolsets_and_says_which_are_broken(cli, install):
    install("clock-tools", ENTRY, clockwork=CLOCK)
    install("late-tools", "[anyassistant.toolsets]\nlate = late:SET\n", late=LATE)
    env = install("bad-tools", "[anyassistant.toolsets]\nbad = bad:SET\n", bad="raise RuntimeError('half installed')\n")
    told = cli("doctor", env=env)
    assert told.code == 1
    assert "clock-tools 0.1, clockwork:SET: now" in told.out
    assert "late-tools 0.1, late:SET: its tools are known once it is open" in told.out
    bad = told.out.partition("FAIL toolset bad")[2]
    assert "half installed" in bad
    assert "To mend it: pip install --upgrade --force-reinstall bad-tools" in bad


LATE = (
    "from anyassistant_tools.mcp import MCPToolset\n"
    f"SET = MCPToolset.stdio({sys.executable!r}, {str(SERVER)!r}, 'stdio')\n"
)


def test_two_toolsets_of_one_name_are_told_apart_by_where_they_are(cli, install):
    install("clock-tools", ENTRY, clockwork=CLOCK)
    env = install("other-tools", "[anyassistant.toolsets]\nclock = other:SET\n", other=CLOCK)
    told = cli("doctor", env=env).out
    assert "so write clockwork:SET" in told
    assert "so write other:SET" in told
    refused = cli("tools", "list", "clock", env=env)
    assert refused.code == 2
    assert "clockwork:SET, other:SET" in refused.err


@pytest.fixture
def server(cli):
    pytest.importorskip("mcp", reason="the package `mcp` is not installed: uv sync --all-extras")
    (cli.folder / "served.py").write_text(LATE)
    return cli


def test_the_tools_of_an_mcp_server_are_listed_lowered_and_called(server):
    listed = server("tools", "list", "served:SET", "--json")
    assert listed.code == 0
    assert "count" in names_in(listed)
    assert server("tools", "schema", "served:SET:count").json["description"].startswith("Counts")
    assert "count for gemini: " in server("tools", "schema", "served:SET:count", "--for", "gemini").err
    called = server("tools", "call", "served:SET:count", '{"to": 2}')
    assert called.code == 0
    assert called.err == "… 1/2 at 1\n… 2/2 at 2\n"
    several = server("tools", "call", "served", "{}")
    assert several.code == 2
    assert "name one of them: served:" in several.err


def test_chat_opens_an_mcp_server_and_shows_its_progress(server):
    said = server("chat", "--provider", "echo", "--tools", "served", stdin='CALL count {"to": 2}\n')
    assert said.code == 0
    assert "  … count: 1/2 at 1\n  … count: 2/2 at 2\n  ← count " in said.out


def test_an_mcp_server_that_is_not_there_is_one_line(server):
    (server.folder / "gone.py").write_text(LATE.replace(sys.executable, "/nowhere/python"))
    for command in (["tools", "list", "gone"], ["chat", "--provider", "echo", "--tools", "gone"]):
        refused = server(*command, stdin="hello\n")
        assert refused.code == 1
        assert "/nowhere/python" in refused.err
        assert refused.err.count("\n") == 1


@pytest.mark.parametrize("folder", [".", "sub"])
def test_toolsets_of_the_config_file_are_found_beside_it_and_here(cli, folder):
    (cli.folder / "my_tools.py").write_text(
        'def hat(size: int) -> str:\n    """Give a hat."""\n    return f"hat {size}"\n'
    )
    config = cli.folder / "anyassistant.toml"
    config.write_text('default = "echo"\ntoolsets = ["my_tools:hat"]\n')
    here = cli.folder / folder
    here.mkdir(exist_ok=True)
    below = type(cli)(here)
    talked = below("chat", stdin='CALL hat {"size": 3}\n')
    assert (talked.code, "TOOL RESULT: hat 3" in talked.out) == (0, True)
    assert "provider echo" in below("doctor").out
    config.write_text('default = "echo"\ntoolsets = ["my_tolls:hat"]\n')
    refused = below("chat", stdin="hello\n")
    assert refused.code == 2
    assert refused.err.count("\n") == 1
    looked = str(cli.folder) if folder == "." else f"{here} and {cli.folder}"
    assert f"It was looked for in {looked}, and among what is installed." in refused.err


def test_doctor_tells_a_wrong_entry_point_from_a_broken_installation(cli, install):
    install("lost_tools", "[anyassistant.toolsets]\nlost = lost_tools.sets:SET\n")
    install("misnamed_tools", "[anyassistant.toolsets]\nmisnamed = misnamed:SETT\n", misnamed=CLOCK)
    install("lost_models", "[anyassistant.providers]\nlost = lost_models\n")
    env = install("half_tools", "[anyassistant.toolsets]\nhalf = half:SET\n", half="import not_installed\n")
    told = cli("doctor", env=env).out
    for package in ("lost_tools", "misnamed_tools", "lost_models"):
        mend = f"correct the entry point in the metadata of {package}, or pip uninstall {package}"
        assert f"To mend it: {mend}" in told
    assert "To mend it: pip install --upgrade --force-reinstall half_tools" in told


NEEDY = """
from anyassistant_tools import RunContext, ToolResult, tool

class Shop:
    name: str

def name(ctx: RunContext[Shop]) -> str:
    \"\"\"Name the shop.\"\"\"
    return ctx.deps.name

def lost(word: str) -> str:
    \"\"\"Fail over a None of its own.\"\"\"
    return {}.get(word).name

@tool(timeout=0.01)
async def hang() -> str:
    \"\"\"Take too long.\"\"\"
    import anyio
    await anyio.sleep_forever()
    return ""

def draw() -> ToolResult:
    \"\"\"Draw.\"\"\"
    return ToolResult("drawn", metadata={"pen": 2}, images=[b"png"])
"""


def test_a_tool_that_fails_for_want_of_deps_says_so(cli):
    (cli.folder / "needy.py").write_text(NEEDY)
    failed = cli("tools", "call", "needy:name")
    assert failed.code == 1
    assert failed.err.endswith("It looks for RunContext.deps: give it by --deps.\n")
    assert "--deps" not in cli("tools", "call", "needy:name", "--deps", "1").err
    assert "--deps" not in cli("tools", "call", "needy:lost", '{"word": "a"}').err
    said = cli("chat", "--provider", "echo", "--tools", "needy", stdin="CALL name {}\n")
    assert "  ! name: AttributeError: 'NoneType'" in said.out
    assert "    It looks for RunContext.deps: give it by --deps.\n" in said.out


def test_a_time_out_names_its_tool_once(cli):
    (cli.folder / "needy.py").write_text(NEEDY)
    assert cli("tools", "call", "needy:hang").err.startswith("anyassistant: hang took longer")


def test_a_call_has_metadata_and_images_for_machines(cli):
    (cli.folder / "needy.py").write_text(NEEDY)
    assert cli("tools", "call", "needy:draw", "--json").json == {
        "name": "draw",
        "output": "drawn",
        "error": None,
        "metadata": {"pen": 2},
        "images": ["cG5n"],
    }
