"""`anyassistant providers` and `doctor`, help, errors, and the commands that providers bring."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(sys.executable).with_name("anyassistant")


@pytest.fixture
def with_plugins(cli):
    """Two further providers: one cannot be imported, one brings commands."""
    site = cli.folder / "site"
    for name, module in (("broken", "raise RuntimeError('left half installed')"), ("fine", PLUGIN)):
        info = site / f"anyassistant_{name}-0.1.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: anyassistant-{name}\nVersion: 0.1\n")
        (info / "entry_points.txt").write_text(f"[anyassistant.providers]\n{name} = anyassistant_{name}\n")
        (site / f"anyassistant_{name}.py").write_text(module)
    return {"PYTHONPATH": str(site)}


PLUGIN = '''
from cyclopts import App
from pydantic import BaseModel
from anyassistant.echo import Echo
from anyassistant.plugins import Manifest, hookimpl

class Config(BaseModel):
    key: str

app = App(name="fine", help="Of the fine provider.")

@app.command
def greet(name: str) -> None:
    """Greet somebody."""
    print(f"hello {name}")

def diagnose():
    return [{"name": "key", "ok": False, "says": "there is no key", "mend": "export FINE_KEY=..."}]

@hookimpl
def anyassistant_providers():
    commands = f"{__name__}:app"
    return [Manifest.chat_model("fine", contract="1", config=Config, create=lambda _: Echo(), commands=commands)]
'''


KEYED = """
from anyassistant.echo import Echo
from anyassistant.http import WireConfig
from anyassistant.plugins import Manifest, hookimpl

class Config(WireConfig):
    base_url: str = "https://keyed.example.com"
    api_key_env: str | None = "KEYED_KEY"

@hookimpl
def anyassistant_providers():
    return [Manifest.chat_model("keyed", contract="1", config=Config, create=lambda _: Echo(), default_model="k")]
"""


def test_providers_are_listed_with_what_they_can_do(cli):
    listed = cli("providers")
    assert listed.code == 0
    assert listed.out.splitlines()[1].startswith("echo ")
    echo = next(one for one in cli("providers", "--json").json if one["name"] == "echo")
    assert echo["ok"] is True
    assert echo["capabilities"]["tools"] is True


def test_a_broken_provider_breaks_nobody_else(cli, with_plugins):
    listed = {one["name"]: one for one in cli("providers", "--json", env=with_plugins).json}
    assert listed["broken"]["ok"] is False
    assert "left half installed" in listed["broken"]["problem"]
    assert listed["fine"]["ok"] is True
    assert listed["fine"]["capabilities"] is None  # it wants a key
    assert cli("--help", env=with_plugins).code == 0
    assert cli("chat", "--provider", "echo", stdin="hello\n", env=with_plugins).code == 0
    refused = cli("chat", "--provider", "broken", env=with_plugins)
    assert refused.code == 2
    assert "left half installed" in refused.err
    assert refused.err.count("\n") == 1


def test_a_provider_brings_commands_under_its_name(cli, with_plugins):
    assert cli("fine", "greet", "you", env=with_plugins).out == "hello you\n"
    assert "Greet somebody." in cli("fine", "--help", env=with_plugins).out
    refused = cli("echo", "greet")
    assert refused.code == 2
    assert "has no commands" in refused.err
    assert cli("broken", "greet", env=with_plugins).code == 2


def test_help_lists_providers_that_may_have_commands_and_imports_none(cli, with_plugins):
    shown = cli("--help", env=with_plugins)
    assert " fine " in shown.out
    assert "anyassistant-broken brings" in shown.out
    assert " echo " not in shown.out
    assert shown.err == ""


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="a device that is always full, as Linux has it")
@pytest.mark.parametrize("env", [{}, {"PYTHONUNBUFFERED": "1"}])
@pytest.mark.parametrize(
    "arguments",
    [
        ("tools", "call", "anyassistant.cli.shop:get_shopping_history"),
        ("tools", "list", "anyassistant.cli.shop", "--json"),
        ("demo", "--provider", "echo", "--store", ":memory:"),
        ("--help",),
    ],
)
def test_a_full_disk_says_that_it_is_standard_output(cli, arguments, env):
    with open("/dev/full", "w") as full:
        failed = subprocess.run(
            [SCRIPT, *arguments],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            cwd=cli.folder,
            env=cli.environment(**env),
            check=False,
        )
    assert failed.stderr == "anyassistant: Cannot write to standard output: No space left on device.\n"
    assert failed.returncode == 1


def test_doctor_says_what_is_there(cli):
    told = cli("doctor")
    assert told.out.startswith("ok   python ")
    assert "SQLite 3." in told.out
    assert str(cli.folder / "xdg_data_home") in told.out
    assert "no file; none is needed" in told.out
    assert not (cli.folder / "xdg_data_home").exists()
    findings = cli("doctor", "--json").json
    assert {"name", "ok", "says", "mend"} == set(findings[0])


def test_doctor_names_what_is_broken_why_and_the_line_that_mends_it(cli, with_plugins):
    told = cli("doctor", env=with_plugins)
    assert told.code == 1
    assert "FAIL provider broken" in told.out
    assert "left half installed" in told.out
    assert "To mend it: pip install --upgrade --force-reinstall anyassistant-broken" in told.out
    assert "FAIL fine key" in told.out
    assert "To mend it: export FINE_KEY=..." in told.out


def test_doctor_names_the_config_file_and_what_is_wrong_with_it(cli):
    file = cli.folder / "anyassistant.toml"
    file.write_text('default = "test"\n\n[profiles.test]\nprovider = "echo"\nmodel = "m1"\n')
    assert f"{file} (1 profile)" in cli("doctor").out
    assert "provider echo, model m1" in cli("doctor").out
    file.write_text('[profiles.test]\nprovidr = "echo"\n')
    told = cli("doctor")
    assert told.code == 1
    assert "FAIL config" in told.out


def test_a_broken_plugin_names_the_line_that_raised(cli, with_plugins):
    line = f"{cli.folder / 'site' / 'anyassistant_broken.py'}:1]"
    listed = {one["name"]: one for one in cli("providers", "--json", env=with_plugins).json}
    assert line in listed["broken"]["problem"]
    findings = {one["name"]: one for one in cli("doctor", "--json", env=with_plugins).json}
    assert line in findings["provider broken"]["says"]


def test_doctor_says_where_the_variable_of_the_default_providers_key_is_empty(cli):
    plugin = cli.folder / "site" / "anyassistant_keyed.py"
    info = cli.folder / "site" / "anyassistant_keyed-0.1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: anyassistant-keyed\nVersion: 0.1\n")
    (info / "entry_points.txt").write_text("[anyassistant.providers]\nkeyed = anyassistant_keyed\n")
    plugin.write_text(KEYED)
    (cli.folder / "anyassistant.toml").write_text('default = "keyed"\n')
    env = {"PYTHONPATH": str(plugin.parent)}
    told = cli("doctor", "--json", env=env)
    finding = next(one for one in told.json if one["name"] == "default")
    assert (told.code, finding["ok"]) == (1, False)
    assert "KEYED_KEY is empty" in finding["says"]
    assert "set that variable" in finding["mend"]
    told = cli("doctor", "--json", env={**env, "KEYED_KEY": "sk-1234567890"})
    assert next(one for one in told.json if one["name"] == "default")["ok"] is True
    assert "sk-1234567890" not in told.out


def test_doctor_finds_a_damaged_database(cli):
    (cli.folder / "notes.db").write_text("nothing of a database" * 100)
    told = cli("doctor", "--store", "notes.db")
    assert told.code == 1
    assert "is not an SQLite database" in told.out


def test_help_teaches(cli):
    shown = cli()
    assert shown.code == 0
    assert shown.out == cli("--help").out
    for command in ("demo", "chat", "threads", "runs", "assistants", "tools", "providers", "doctor"):
        assert f" {command} " in shown.out
    assert "anyassistant demo" in shown.out
    assert "--debug" in shown.out
    assert "anyassistant chat --tools anyassistant.cli.shop:TOOLS" in shown.out
    assert "\x1b" not in shown.out
    chat = cli("chat", "--help").out
    assert "Ctrl-C cancels an answer" in chat
    assert "--tools anyassistant.cli.shop:TOOLS" in chat
    assert "anyassistant threads show" in cli("threads").out


def test_version(cli):
    from importlib.metadata import version

    assert cli("--version").out == f"{version('anyassistant')}\n"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["chta"], 'Unknown command "chta". Did you mean "chat"?'),
        (["chat", "--toolz", "x"], "Did you mean --tools?"),
        (["threads", "show"], "requires an argument"),
        (["threads", "list", "--limit", "0"], "--limit"),
    ],
)
def test_a_mistyped_command_line_is_one_line_that_helps(cli, arguments, says):
    refused = cli(*arguments)
    assert refused.code == 2
    assert says in refused.err
    assert "--help" in refused.err
    assert refused.err.count("\n") == 1
    assert refused.out == ""


@pytest.mark.parametrize(("extra", "env"), [(["--debug"], {}), ([], {"ANYASSISTANT_DEBUG": "1"})])
def test_a_traceback_is_there_for_the_asking(cli, extra, env):
    assert "Traceback" in cli("threads", "show", "thread_x", *extra, env=env).err


def test_a_pipe_that_is_closed_ends_it_quietly(cli):
    process = cli.start("demo", "--provider", "echo")
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.stderr.read() == ""
    assert process.wait(timeout=20) in (0, 141)
    process.stderr.close()
    process.stdin.close()


def test_without_the_extra_it_says_what_to_install(cli):
    stub = cli.folder / "stub"
    stub.mkdir()
    (stub / "cyclopts.py").write_text("raise ModuleNotFoundError(\"No module named 'cyclopts'\", name='cyclopts')\n")
    refused = cli("demo", env={"PYTHONPATH": str(stub)})
    assert refused.code == 1
    assert "pip install 'anyassistant[cli]'" in refused.err
    assert refused.err.count("\n") == 1
