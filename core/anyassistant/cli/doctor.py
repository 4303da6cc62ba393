"""`anyassistant doctor`."""

import platform
import sys
from importlib.metadata import PackageNotFoundError, version

from pydantic import BaseModel

from ..client.stores import default_path
from ..config import choose_target, read_config
from ..errors import AnyAssistantError, ConfigError
from .checkup import Finding, check_provider, check_store, check_toolsets
from .json_lines import print_json
from .options import HERE, Json, Where
from .surveys import survey_providers
from .target import resolve_here

PACKAGES = ("anyassistant", "anyassistant-tools", "pydantic", "anyio", "sqlalchemy", "cyclopts", "rich")


def doctor(*, json: Json = False, where: Where = HERE) -> int:
    """Say what is installed, what failed and why, and where the data lies. Ends with 1 if something is broken.

    Args:
        json: For machines: a list of findings with `name`, `ok`, `says` and `mend`.
    """
    findings = [*_versions(), *_configuration(where), *check_store(where.store or default_path())]
    for survey in survey_providers():
        findings += check_provider(survey)
    findings += check_toolsets()
    if json:
        print_json([one.to_json() for one in findings])
    else:
        _print(findings)
    return int(any(not one.is_ok for one in findings))


def _versions() -> list[Finding]:
    found = ", ".join(f"{name} {_version(name)}" for name in PACKAGES)
    return [
        Finding("python", f"{platform.python_version()} on {platform.system()} {platform.machine()}, {sys.executable}"),
        Finding("packages", found),
    ]


def _version(distribution: str) -> str:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return "is not installed"


def _configuration(where: Where) -> list[Finding]:
    try:
        file = read_config(where.config)
    except ConfigError as error:
        return [Finding("config", str(error), is_ok=False, mend="mend that line of the file")]
    target, source = choose_target(None, file)
    findings = [
        Finding(
            "config",
            f"{file.path} ({_count(len(file.profiles), 'profile')})" if file.path else "no file; none is needed",
        )
    ]
    try:
        resolved = resolve_here(None, where.config)
    except AnyAssistantError as error:
        mend = "give --provider, or mend the profile" if file.path else "pip install anyassistant-local"
        return [*findings, Finding("default", f"{target} ({source}): {error}", is_ok=False, mend=mend)]
    says = f"{target} ({source}): provider {resolved.manifest.name}, model {resolved.default_model}"
    try:
        _read_key(resolved.config)
    except ConfigError as error:
        mend = "set that variable to the key" if "environment" in str(error) else "correct the key in the profile"
        return [*findings, Finding("default", f"{says}: {error}", is_ok=False, mend=mend)]
    return [*findings, Finding("default", says)]


def _read_key(config: BaseModel) -> None:
    """Look for the key of a service over HTTP; other configs have none that is known here.

    Raises:
        ConfigError: Its variable is empty, or holds no key.
    """
    from ..http import WireConfig

    if isinstance(config, WireConfig):
        config.read_key()


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _print(findings: list[Finding]) -> None:
    from .console import make_console
    from .plain import one_line

    console = make_console()
    width = max(len(one.name) for one in findings)
    for one in findings:
        console.print("ok   " if one.is_ok else "FAIL ", style="green" if one.is_ok else "bold red", end="")
        console.print(f"{one.name.ljust(width)}  {one_line(one.says)}")
        if one.mend is not None and not one.is_ok:
            console.print(f"     {' ' * width}  To mend it: {one_line(one.mend)}", style="bold")
