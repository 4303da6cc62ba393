"""Profiles: the file, the environment, the argument over both; errors say where and what, and show no secret."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from anyassistant import AsyncClient
from anyassistant.config import read_config, resolve
from anyassistant.errors import ConfigError

Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Write `anyassistant.toml` into the working directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ANYASSISTANT_PROFILE", raising=False)

    def write(text: str) -> Path:
        file = tmp_path / "anyassistant.toml"
        file.write_text(text)
        return file

    return write


PROFILES = """\
default = "small"

[profiles.small]
provider = "echo"
model = "tiny"

[profiles.large]
provider = "echo"
model = "huge"
"""


def model_of(target: str | None = None, **options: str) -> str | None:
    resolved = resolve(target, path=options.get("path"))
    assert resolved.manifest.name == "echo"
    return resolved.model


def test_the_files_default_is_used(write: Write) -> None:
    write(PROFILES)
    assert model_of() == "tiny"


def test_a_run_has_the_model_named_else_the_providers_else_the_providers_name(write: Write) -> None:
    write(PROFILES)
    assert resolve("echo:m").default_model == "m"
    resolved = resolve("echo")
    assert resolved.model is None
    assert resolved.default_model == (resolved.manifest.default_model or "echo")
    assert replace(resolved, manifest=replace(resolved.manifest, default_model=None)).default_model == "echo"


def test_the_environment_wins_over_the_file(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    write(PROFILES)
    monkeypatch.setenv("ANYASSISTANT_PROFILE", "large")
    assert model_of() == "huge"


def test_the_argument_wins_over_both(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    write(PROFILES)
    monkeypatch.setenv("ANYASSISTANT_PROFILE", "large")
    assert model_of("small") == "tiny"
    assert model_of("echo") is None


def test_a_name_may_bring_its_model(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    write(PROFILES)
    assert model_of("echo:qwen3:4b") == "qwen3:4b"
    assert model_of("large:other") == "other"
    monkeypatch.setenv("ANYASSISTANT_PROFILE", "small:mine")
    assert model_of() == "mine"


def test_without_anything_it_is_local(write: Write) -> None:
    assert resolve().manifest.name == "local"


def test_the_nearest_file_upwards_is_read(write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(PROFILES)
    (tmp_path / "a" / "b").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "a" / "b")
    assert model_of() == "tiny"


def test_a_file_may_be_named(write: Write, tmp_path: Path) -> None:
    write(PROFILES)
    other = tmp_path / "other.toml"
    other.write_text('default = "x"\n[profiles.x]\nprovider = "echo"\nmodel = "named"\n')
    assert model_of(path=str(other)) == "named"


async def test_a_client_takes_profile_config_and_model(write: Write) -> None:
    file = write(PROFILES)
    for target, expected in ((None, "tiny"), ("large", "huge"), ("echo:mine", "mine"), ("echo", "echo")):
        async with AsyncClient(target, store=":memory:", config=file) as client:
            thread = await client.threads.create(messages=["hi"])
            run = thread.run(await client.assistants.create())
            assert (await run.wait()).model == expected


ERRORS = [
    ("default = ", r"anyassistant\.toml is not valid TOML"),
    ("default = 5", r"anyassistant\.toml:1: `default` must be a string"),
    ("\nprofiles = 5", r"anyassistant\.toml:2: `profiles` must be tables"),
    ("[profiles]\nx = 5", r"anyassistant\.toml:2: profile 'x' must be a table"),
    ("profiles = {x = 5}", r"anyassistant\.toml:1: profile 'x' must be a table"),
    ("profiles = {x = {}}", r"anyassistant\.toml:1: profile 'x' needs `provider`"),
    ("[profiles.x]\nprovider = 5", r":2: profile 'x' needs `provider`, .* as a string"),
    ('\ndefalt = "x"', r"anyassistant\.toml:2: unknown key 'defalt': did you mean 'default'\?"),
    ("[profile.x]\nprovider = 'echo'", r":1: unknown key 'profile': did you mean 'profiles'\?"),
    ("[profiles.x]\nmodel = 'm'", r":1: profile 'x' needs `provider`"),
    ("[profiles.x]\nprovider = 'echo'\nmodel = 5", r":3: `model` of profile 'x' must be a string"),
]


@pytest.mark.parametrize(("text", "message"), ERRORS)
def test_a_file_that_cannot_be_used_says_where_and_why(write: Write, text: str, message: str) -> None:
    write(text)
    with pytest.raises(ConfigError, match=message):
        resolve("echo")


def test_an_unknown_key_of_a_profile_is_named_with_its_line_and_the_nearest_one(write: Write) -> None:
    write("[profiles.a]\nprovider = 'local'\n\n[profiles.b]\nprovider = 'local'\nthread = 1\n")
    with pytest.raises(ConfigError, match=r"anyassistant\.toml:6: unknown key 'thread' in profile 'b'.*did you mean"):
        resolve("b")


def test_a_wrong_value_is_named_with_its_own_line(write: Write) -> None:
    write("[profiles.a]\nprovider = 'local'\n\nthreads = 'x'\ncontext_tokens = 'y'\n")
    with pytest.raises(
        ConfigError, match=r"\.toml:4: profile 'a' cannot be used: threads: .*; .*\.toml:5: context_tokens: "
    ):
        resolve("a")


def test_a_mistyped_provider_of_a_profile_is_named_with_its_line(write: Write) -> None:
    write("[profiles.a]\nmodel = 'm'\nprovider = 'locall'\n")
    with pytest.raises(
        ConfigError, match=r"\.toml:3: profile 'a' cannot be used: No provider 'locall'.*Did you mean 'local'\?"
    ):
        resolve("a")


def test_a_file_that_is_not_utf8_is_named_with_the_line(write: Write) -> None:
    write("").write_bytes('default = "echo"\n# gr\u00fc\u00dfe\n'.encode("latin-1"))
    with pytest.raises(ConfigError, match=r"anyassistant\.toml:2: the file is not UTF-8"):
        resolve()


def test_a_provider_without_settings_says_so(write: Write) -> None:
    write("[profiles.a]\nprovider = 'echo'\nspeed = 1\n")
    with pytest.raises(ConfigError, match=r":3: unknown key 'speed'.*Provider 'echo' has no settings"):
        resolve("a")


def test_an_unknown_name_lists_what_there_is(write: Write) -> None:
    write(PROFILES)
    with pytest.raises(ConfigError, match=r"'smal', named by the argument.*small, large.*echo.*did you mean 'small'"):
        resolve("smal")


def test_an_unknown_provider_without_a_file_lists_what_is_installed(write: Write) -> None:
    with pytest.raises(ConfigError, match=r"'eco'.*installed provider .*echo.*did you mean 'echo'"):
        resolve("eco")


def test_a_file_that_is_not_there_is_named(write: Write) -> None:
    with pytest.raises(ConfigError, match=r"Cannot read .*nowhere\.toml"):
        read_config("nowhere.toml")


async def test_a_client_that_cannot_be_opened_raises_on_entering(write: Write) -> None:
    client = AsyncClient("nope", store=":memory:")
    with pytest.raises(ConfigError):
        await client.__aenter__()
    with pytest.raises(ConfigError):
        await client.threads.create()


@pytest.mark.parametrize("target", [5, object(), ["echo"]])
async def test_a_target_is_a_name_a_provider_or_a_model(target) -> None:
    with pytest.raises(ConfigError, match="not to"):
        await AsyncClient(target, store=":memory:").__aenter__()


async def test_a_store_is_a_name_or_a_store() -> None:
    with pytest.raises(ConfigError, match="store"):
        await AsyncClient("echo", store=5).__aenter__()  # type: ignore[arg-type]


SHOP_MODULE = """\
from anyassistant_tools import Toolset

def get_shopping_history() -> list[str]:
    return ["hat"]

def order_item(item_id: str) -> str:
    return f"ordered {item_id}"

TOOLS = [get_shopping_history]
SHOP = Toolset("shop", [order_item])
"""


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "a_configured_shop.py").write_text(SHOP_MODULE)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "a_configured_shop", raising=False)
    return "a_configured_shop"


async def test_toolsets_of_the_file_and_the_profile_are_bound_in_every_run(write: Write, shop: str) -> None:
    write(f'toolsets = ["{shop}:TOOLS"]\n[profiles.test]\nprovider = "echo"\ntoolsets = ["{shop}:SHOP"]\n')

    def order_item(item_id: str) -> str:
        """The app's own goes before that of the file."""
        return "my own"

    spec = {"type": "function", "function": {"name": "get_shopping_history"}}
    async with AsyncClient("test", store=":memory:") as client:
        assistant = await client.assistants.create(tools=[spec, order_item])
        thread = await client.threads.create(
            messages=['CALL get_shopping_history {}\nCALL order_item {"item_id": "x"}']
        )
        assert (await thread.run(assistant).result()).text == 'TOOL RESULT: ["hat"] | my own'
        await thread.add('CALL get_shopping_history {}\nCALL order_item {"item_id": "x"}')
        by_id = thread.run(assistant.id)  # nothing is bound to an id but what the file names
        assert (await by_id.result()).text == 'TOOL RESULT: ["hat"] | ordered x'


async def test_toolsets_that_an_assistant_does_not_have_are_not_offered(write: Write, shop: str) -> None:
    write(f'toolsets = ["{shop}:TOOLS"]\n')
    async with AsyncClient("echo", store=":memory:") as client:
        thread = await client.threads.create(messages=["CALL! get_shopping_history {}"])
        result = await thread.run(await client.assistants.create()).result()
    assert result.text == "TOOL RESULT: There is no tool 'get_shopping_history'. Tools: none."


@pytest.mark.parametrize(
    ("toolsets", "message"),
    [
        ('["no_such_module:TOOLS"]', r"anyassistant.toml:2: The toolset 'no_such_module:TOOLS' cannot be imported"),
        ('["shp"]', r"anyassistant.toml:2: There is no toolset 'shp'"),
        ('"shop"', r"anyassistant.toml:2: `toolsets` must be a list of strings"),
        ("[5]", r"anyassistant.toml:2: `toolsets` must be a list of strings"),
    ],
)
@pytest.mark.parametrize("table", ["", "[profiles.test]"], ids=["file", "profile"])
def test_toolsets_that_cannot_be_found_are_named_with_their_line(
    write: Write, toolsets: str, message: str, table: str
) -> None:
    provider = 'provider = "echo"' if table else ""
    write(f"{table}\ntoolsets = {toolsets}\n{provider}\n")
    with pytest.raises(ConfigError, match=message):
        resolve("test" if table else "echo")


def test_two_toolsets_with_one_tool_are_refused_with_their_line(write: Write, shop: str) -> None:
    write(f'toolsets = ["{shop}:TOOLS", "{shop}:get_shopping_history"]\n')
    message = rf"anyassistant.toml:1: toolsets '{shop}:TOOLS' and .* both have a tool 'get_shopping_history'"
    with pytest.raises(ConfigError, match=message):
        resolve("echo")
