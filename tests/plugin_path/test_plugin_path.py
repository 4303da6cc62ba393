"""The way of a stranger's provider: from `provider new` to a wheel that is found, passes the contract, and answers."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from stranger import NAME, Installation, finish

PYTEST = ("python", "-P", "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist")
KIT = (
    *PYTEST,
    "--pyargs",
    "anyassistant.contract",
    "--provider",
    NAME,
    "--scenarios",
    "scenarios:StrangerScenarios",
)
ROOT = Path(__file__).parents[2]
ASK = Path(__file__).parent / "programs" / "ask.py"


def test_the_installed_package_is_found_by_its_entry_point(installation: Installation) -> None:
    code, printed = installation.run("anyassistant", "providers", "--json")
    assert code == 0, printed
    found = {one["name"]: one for one in json.loads(printed)}
    assert found.keys() == {"echo", NAME}
    assert found[NAME]["package"] == "anyassistant-stranger 0.1.0"
    code, printed = installation.run("python", "-P", "-c", "import anyassistant_stranger as s; print(s.__file__)")
    assert Path(printed.strip()).is_relative_to(installation.site_packages)


def test_the_wheel_of_the_command_line_has_the_templates(installation: Installation) -> None:
    code, printed = installation.run("anyassistant", "provider", "new", "another", "--json")
    assert code == 0, printed
    written = json.loads(printed)
    templates = [path for path in (ROOT / "core/anyassistant/cli/new_provider").rglob("*.template") if path.is_file()]
    assert len(written["files"]) == len(templates)
    code, printed = installation.run("anyassistant", "provider", "new", NAME, "--output", "twice")
    assert (code, printed) == (
        2,
        "anyassistant: Provider 'stranger' is installed already: anyassistant-stranger 0.1.0 announces it.\n",
    )


def test_its_tests_and_the_contract_by_name_pass(installation: Installation) -> None:
    own = installation.start(*PYTEST, "tests")
    by_name = installation.start(*KIT, "--contract-report", "report.json")
    code, printed = finish(own)
    assert code == 0, printed
    assert count("passed", printed) > 190
    code, printed = finish(by_name)
    assert code == 0, printed
    report = json.loads((installation.folder / "report.json").read_text("utf-8"))
    assert (report["provider"], report["counts"]["failed"]) == (NAME, 0)
    assert report["counts"]["passed"] > 190
    left_out = {one["reason"] for one in report["results"] if one["group"] in ("config", "discovery") and one["reason"]}
    assert left_out == set()


def test_a_provider_that_is_broken_is_caught(installation: Installation) -> None:
    mapping = installation.site_packages / "anyassistant_stranger" / "mapping.py"
    with changed(mapping, "if value is not None}", "if value}"):
        code, printed = installation.run(*KIT, "-k", "requests")
    assert code == 1, printed
    assert count("failed", printed) == 2, printed
    assert "a temperature of 0 arrives" in printed
    assert "ask `is not None`" in printed


def test_a_key_from_the_environment_needs_no_change_of_its_tests(installation: Installation) -> None:
    config = installation.site_packages / "anyassistant_stranger" / "config.py"
    with changed(config, "    base_url", '    api_key_env: str | None = "STRANGER_API_KEY"\n    base_url'):
        code, printed = installation.run(*PYTEST, "tests", "-k", "config or secrets")
    assert code == 0, printed
    assert count("passed", printed) >= 10, printed


def test_it_answers_on_a_real_server(installation: Installation, real_server: str) -> None:
    config = f"""
[profiles.real]
provider = "{NAME}"
model = "smollm2"
base_url = "{real_server}"
api_key_env = "STRANGER_API_KEY"
"""
    (installation.folder / "anyassistant.toml").write_text(config, "utf-8")
    env = {"STRANGER_API_KEY": "sk-of-this-server"}
    code, printed = installation.run("python", "-P", str(ASK), "real", "Where does the sun rise?", env=env)
    assert code == 0, printed
    for told in map(json.loads, printed.splitlines()):
        assert told["status"] in ("completed", "incomplete")
        assert told["model"] == "smollm2"
        assert len(told["pieces"]) > 3
        assert told["messages"] == ["".join(told["pieces"])]
        assert 3 < told["tokens"] <= 24
    code, printed = installation.run("python", "-P", str(ASK), "real", env=env)
    assert code == 0, printed
    assert all(json.loads(line)["country"] for line in printed.splitlines())
    wrong = {"STRANGER_API_KEY": "sk-that-is-wrong"}
    code, printed = installation.run("python", "-P", str(ASK), "real", "Hello?", env=wrong)
    assert code == 0, printed
    ends = [(told["status"], told["code"]) for told in map(json.loads, printed.splitlines())]
    assert ends == [("failed", "authentication_error")] * 2
    assert "sk-that-is-wrong" not in printed


def count(word: str, printed: str) -> int:
    """How many tests have ended so, by the last line of pytest."""
    found = re.search(rf"(\d+) {word}", printed.splitlines()[-1])
    return int(found[1]) if found else 0


@contextmanager
def changed(file: Path, right: str, wrong: str) -> Iterator[None]:
    """A file of the package that is wrong in one point."""
    before = file.read_text("utf-8")
    assert right in before
    file.write_text(before.replace(right, wrong), "utf-8")
    try:
        yield
    finally:
        file.write_text(before, "utf-8")
