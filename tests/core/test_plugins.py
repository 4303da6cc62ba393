"""Plugins: a module of a stranger's, found by its entry point; one that is broken breaks nobody else."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Iterator
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from anyassistant.config import resolve
from anyassistant.errors import ConfigError
from anyassistant.plugins import GROUP, Installed, Manifest, Plugins

Install = Callable[..., Plugins]

GOOD = """
from anyassistant.echo import Config, Echo
from anyassistant.plugins import Manifest, hookimpl

@hookimpl
def anyassistant_providers():
    return [Manifest.chat_model(name, contract="1", config=Config, create=lambda config: Echo()) for name in NAMES]
"""


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Write modules and announce providers in them: `install(name=source, ...)`, or `(name, source)` pairs."""
    monkeypatch.syspath_prepend(str(tmp_path))
    before = set(sys.modules)

    def install(*pairs: tuple[str, str], **sources: str) -> Plugins:
        found = []
        for at, (name, source) in enumerate([*pairs, *sources.items()]):
            module = f"stranger_{name.replace('-', '_')}_{at}"
            (tmp_path / f"{module}.py").write_text(f"NAMES = ['{name}']\n{source}")
            found.append(Installed(name, f"dist-{name}-{at} 1.{at}", EntryPoint(name, module, GROUP)))
        return Plugins(found)

    yield install
    for name in set(sys.modules) - before:
        if name.startswith("stranger_"):
            del sys.modules[name]


def test_a_strangers_provider_is_found_and_made(install: Install) -> None:
    plugins = install(mine=GOOD)
    manifest = plugins.manifest("mine")
    assert manifest.name == "mine"
    assert plugins.manifest("mine") is manifest
    assert resolve("mine:m", plugins=plugins).model == "m"


def test_names_are_known_without_importing_anything(install: Install) -> None:
    plugins = install(b="raise SystemExit", a="raise SystemExit")
    assert [one.name for one in plugins.installed()] == ["a", "b"]


def test_one_module_may_carry_several_names(install: Install) -> None:
    plugins = install(one=GOOD.replace("in NAMES", "in ('one', 'two')"))
    [one] = plugins.installed()
    both = Plugins([one, Installed("two", one.distribution, EntryPoint("two", one.module, GROUP))])
    assert [both.manifest(name).name for name in ("one", "two")] == ["one", "two"]


BROKEN = {
    "import": ("import nowhere_at_all", "Cannot import provider 'bad' of dist-bad-1 1.1: ModuleNotFoundError"),
    "syntax": ("def", "SyntaxError"),
    "exit": ("raise SystemExit(3)", "SystemExit"),
    "no hook": ("x = 1", "implements no hook"),
    "misspelt hook": (GOOD.replace("anyassistant_providers", "anyassistant_provider"), "unknown hook"),
    "hook fails": (GOOD.replace("in NAMES", "in 1 / 0"), "failed: ZeroDivisionError"),
    "hook with arguments": (GOOD.replace("providers()", "providers(more)"), "failed: PluginValidationError"),
    "no list": (GOOD.replace("return [", "return 5  # ["), "must give a list of Manifest"),
    "no manifests": (GOOD.replace("return [", "return ['bad']  # ["), "must give a list of Manifest"),
    "wrong name": (GOOD.replace("in NAMES", "in ['other']"), "must have one name"),
    "none": (GOOD.replace("return [", "return None  # ["), "gives manifests for: none"),
    "wrong contract": (GOOD.replace('contract="1"', 'contract="2"'), "implements contract '2'"),
}


@pytest.mark.parametrize(("source", "message"), BROKEN.values(), ids=BROKEN)
def test_a_broken_plugin_says_why_each_time_and_breaks_nobody_else(install: Install, source: str, message: str) -> None:
    plugins = install(good=GOOD, bad=source)
    for _ in range(2):
        with pytest.raises(ConfigError) as caught:
            plugins.manifest("bad")
        assert message in str(caught.value)
        assert "dist-bad-1" in str(caught.value)
    assert plugins.manifest("good").name == "good"


def test_two_distributions_with_one_name_are_both_named(install: Install) -> None:
    plugins = install(("same", GOOD), ("same", GOOD), ("other", GOOD))
    with pytest.raises(ConfigError, match=r"dist-same-0 1\.0 and dist-same-1 1\.1"):
        plugins.manifest("same")
    assert plugins.manifest("other").name == "other"


def test_the_builtin_ones_are_announced_as_any_other() -> None:
    plugins = Plugins()
    assert {"echo", "local"} <= {one.name for one in plugins.installed()}
    manifest = plugins.manifest("echo")
    assert isinstance(manifest, Manifest)


SECRETIVE = """
from pydantic import BaseModel, field_validator
from anyassistant.echo import Echo
from anyassistant.plugins import Manifest, hookimpl

class Config(BaseModel):
    api_key: str = ""
    timeout: float = 1.0
    retries: int = 1

    @field_validator("retries")
    @classmethod
    def few(cls, value: int) -> int:
        if value > 3:
            raise ValueError("at most 3")
        return value

@hookimpl
def anyassistant_providers():
    return [Manifest.chat_model("keyed", contract="1", config=Config, create=lambda config: Echo())]
"""


@pytest.mark.parametrize(
    "settings",
    ["timeout = 'soon'", "retries = 9", "tiemout = 1", "timeout = 'sk-secret'", "api_key = ['sk-secret']"],
)
def test_no_error_shows_a_key(install: Install, tmp_path: Path, settings: str) -> None:
    plugins = install(keyed=SECRETIVE)
    key = "" if "api_key" in settings else "api_key = 'sk-secret'\n"
    (tmp_path / "c.toml").write_text(f"[profiles.p]\nprovider = 'keyed'\n{key}{settings}\n")
    with pytest.raises(ConfigError) as caught:
        resolve("p", path=tmp_path / "c.toml", plugins=plugins)
    assert "sk-secret" not in "".join(traceback.format_exception(caught.value))
    assert settings.partition(" ")[0] in str(caught.value)


def test_a_key_that_is_no_toml_is_not_shown(tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text("[profiles.p]\nprovider = 'echo'\napi_key = sk-secret\n")
    with pytest.raises(ConfigError) as caught:
        resolve("p", path=tmp_path / "c.toml")
    assert "sk-secret" not in "".join(traceback.format_exception(caught.value))
    assert "line 3" in str(caught.value)
