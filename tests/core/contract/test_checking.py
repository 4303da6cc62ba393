"""What an author sees: reports, failures, and the ways to run the checks."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncGenerator

import pytest
from anyassistant.contract import SUITE, EchoScenarios, Report, Result, check, checks_of
from anyassistant.contract.report import SCHEMA
from anyassistant.contract.runner import run_check, run_check_here
from anyassistant.contract.subjects import announced_as, subject_of
from anyassistant.echo import Config, Echo
from anyassistant.errors import ConfigError, UnsupportedCapability
from anyassistant.plugins import Manifest
from anyassistant.protocols import ModelDelta, ModelRequest, Run, RunParams, ToolExecutor
from mutants_of_leaks import FailsAboveTheKey
from pydantic import BaseModel, SecretStr
from reference_backend import ReferenceBackend, ReferenceThread
from reference_model import KEY, Reference, ReferenceScenarios

pytest_plugins = ["pytester"]

CHECKS = {one.id: one for one in checks_of()}


@pytest.fixture(scope="module", params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def by_name(report: Report) -> dict[str, Result]:
    return {f"{one.group}: {one.name}": one for one in report.results}


def test_there_are_more_than_a_hundred_checks_each_with_its_rule_and_its_trap() -> None:
    checks = checks_of()
    assert len(checks) > 200
    assert len({one.id for one in checks}) == len(checks)
    for one in checks:
        assert one.rule.strip()
        assert one.trap.strip()
        assert "\n" not in one.rule
        assert one.since == "1"


def test_a_suite_that_does_not_exist_is_refused() -> None:
    for suite in ("0", "2", "one", ""):
        with pytest.raises(ValueError, match="the newest is '1'"):
            checks_of(suite)


async def test_a_class_is_checked_on_both_event_loops() -> None:
    report = await check(Echo)
    assert report.failures == []
    assert (report.provider, report.suite) == ("echo", SUITE)
    assert len(report.results) == len(checks_of())
    assert by_name(report)["discovery: it is found by its name"].result == "passed"


async def test_one_provider_is_asked_where_it_is_and_not_closed() -> None:
    closed: list[str] = []

    class Mine(Echo):
        async def aclose(self) -> None:
            closed.append("closed")

    report = await check(Mine())
    assert report.failures == []
    assert closed == []
    left_out = by_name(report)["resource clean-up: closing twice does no harm"]
    assert left_out.result == "not_applicable"
    assert left_out.reason == "one provider was given: give a function that makes new ones"


async def test_a_manifest_is_checked_with_its_config() -> None:
    manifest = Manifest.chat_model("mine", contract="1", config=Config, create=lambda config: Echo())
    report = await check(manifest)
    assert report.failures == []
    results = by_name(report)
    assert results["config: an unknown key is refused"].result == "passed"
    assert results["discovery: it is found by its name"].reason == "no installed package announces 'mine'"


async def test_one_backend_is_asked_where_it_is_and_not_closed() -> None:
    backend = ReferenceBackend()
    subject = subject_of(backend, scenarios=ReferenceScenarios())
    assert (await run_check_here(CHECKS["backend runs: a run is found by its id"], subject)).result == "passed"
    assert (await run_check_here(CHECKS["tools: an output leads to an answer"], subject)).result == "passed"
    left_out = await run_check_here(CHECKS["backend closing: closing one leaves another"], subject)
    assert left_out.reason == "one provider was given: give a function that makes new ones"
    assert not backend.is_closed
    await backend.aclose()


def test_a_manifest_of_a_backend_is_checked_with_its_config() -> None:
    manifest = Manifest.provider("pausing", contract="1", config=Config, create=lambda config: ReferenceBackend())
    subject = subject_of(manifest, scenarios=ReferenceScenarios())
    for id in (
        "config: a config makes a provider",
        "backend capabilities: it is named as it is registered",
        "backend events: the deltas are the stored message",
    ):
        assert run_check(CHECKS[id], subject).result == "passed"


def test_a_config_can_be_given_where_the_manifest_has_none_by_default() -> None:
    class Needy(BaseModel):
        base_url: str
        api_key: SecretStr
        key_header: str = "Authorization"

    manifest = Manifest.provider("pausing", contract="1", config=Needy, create=lambda config: ReferenceBackend())
    config = Needy(base_url="http://127.0.0.1", api_key=SecretStr("sk-1"))
    subject = subject_of(manifest, scenarios=ReferenceScenarios(), config=config)
    assert subject.secrets == ["sk-1"]
    assert run_check(CHECKS["config: a config makes a provider"], subject).result == "passed"


def test_no_check_of_a_backend_applies_to_a_chat_model() -> None:
    subject = subject_of(Echo)
    results = [run_check(one, subject) for one in CHECKS.values() if one.group.startswith("backend ")]
    reason = "a chat model has no assistants, threads and runs of its own: hosting keeps them"
    assert {(one.result, one.reason) for one in results} == {("not_applicable", reason)}


def test_a_limit_of_the_backend_itself_makes_a_check_not_applicable() -> None:
    class Uncounted(ReferenceThread):
        async def create_run(self, params: RunParams, /, *, executor: ToolExecutor | None, follow: bool) -> Run:
            raise UnsupportedCapability("Tokens are not counted.", capability="token_limits")

    class Uncounting(ReferenceBackend):
        thread_type = Uncounted

    result = run_check(CHECKS["limits: a cut answer ends with length"], subject_of(Uncounting))
    reason = "the backend refuses `token_limits`, for which there is no claim: Tokens are not counted."
    assert (result.result, result.reason) == ("not_applicable", reason)


def test_the_secrets_of_a_config_are_known() -> None:
    class Keyed(BaseModel):
        api_key: SecretStr = SecretStr("sk-1")
        token: str = "t-2"
        size: int = 1

    manifest = Manifest.chat_model("mine", contract="1", config=Keyed, create=lambda config: Echo())
    assert subject_of(manifest).secrets == ["sk-1", "t-2"]


def test_a_config_without_defaults_says_what_it_needs() -> None:
    class Needy(BaseModel):
        base_url: str

    manifest = Manifest.chat_model("mine", contract="1", config=Needy, create=lambda config: Echo())
    subject = subject_of(manifest)
    results = {one.id: run_check(one, subject) for one in checks_of() if one.group == "config"}
    reason = "the config of 'mine' has no defaults for: base_url"
    assert results["config: a config makes a provider"].reason == reason


def test_a_key_that_is_not_there_says_what_to_do() -> None:
    def create(config: BaseModel) -> Echo:
        raise ConfigError("the environment variable ACME_KEY is empty.")

    manifest = Manifest.chat_model("mine", contract="1", config=Config, create=create)
    result = run_check(CHECKS["config: a config makes a provider"], subject_of(manifest))
    assert "ACME_KEY is empty" in result.reason
    assert "set the variable in conftest.py, or give the class a `config`" in result.reason


def test_a_secret_is_found_without_being_shown() -> None:
    subject = subject_of(FailsAboveTheKey, scenarios=ReferenceScenarios(), secrets=["no-secret-of-it", KEY])
    result = run_check(CHECKS["secrets: an error does not show them"], subject)
    assert "came: secret number 2 in the text of the cause of the error, ValueError" in result.reason
    assert KEY not in result.reason


def test_a_provider_is_known_by_its_package() -> None:
    assert not isinstance(announced_as(Echo), str)
    assert announced_as(Reference) == ("package 'reference_model' is not known as one plugin: it announces no provider")


class Careless(Reference):
    async def said(
        self, request: ModelRequest, deltas: AsyncGenerator[ModelDelta, None]
    ) -> AsyncGenerator[ModelDelta, None]:
        async for delta in deltas:
            if delta.text != "two ":
                yield delta


async def test_a_failure_says_what_was_expected_what_came_the_rule_and_the_trap() -> None:
    report = await check(Careless, scenarios=EchoScenarios())
    failure = next(one for one in report.failures if one.name == "the pieces are the answer")
    assert str(failure).splitlines() == [
        "deltas: the pieces are the answer",
        "expected: the text 'ECHO: one two three four five six seven eight nine ten'",
        "came: ECHO: one three four five six seven eight nine ten",
        "event loop: asyncio",
        "rule: ModelDelta.text: the deltas together are the answer, each piece once and in order",
        "often: a service that sends the text so far needs the difference; the last chunk has text too",
    ]


RESULTS = [
    Result("a b", "one", "passed", "", 0.25, "rule", "trap", "1"),
    Result("c d", "one", "not_applicable", "`x` is not claimed", 0.0, "rule", "trap", "1"),
    Result("e f", "two", "failed", "expected: a\ncame: b", 1.0, "rule", "trap", "1"),
]


def test_a_report_is_versioned_json_with_a_row_for_each_check() -> None:
    wire = json.loads(Report("mine", "1", RESULTS).to_json())
    assert wire["schema"] == SCHEMA == "anyassistant.contract.report/1"
    assert (wire["suite"], wire["provider"]) == ("1", "mine")
    assert wire["counts"] == {"passed": 1, "failed": 1, "not_applicable": 1}
    assert [row["result"] for row in wire["results"]] == ["passed", "not_applicable", "failed"]
    assert wire["results"][0].keys() == {"name", "group", "result", "reason", "seconds", "rule", "trap", "since"}


def test_a_report_is_a_table_for_a_readme() -> None:
    assert Report("mine", "1", RESULTS).to_markdown().splitlines() == [
        "Contract suite 1, provider `mine`.",
        "",
        "| group | passed | failed | not applicable |",
        "|---|---|---|---|",
        "| one | 1 | 0 | 1 |",
        "| two | 0 | 1 | 0 |",
        "| **all** | 1 | 1 | 1 |",
        "",
        "Failed:",
        "",
        "- two: e f: expected: a came: b",
        "",
        "Not applicable:",
        "",
        "- one: c d: `x` is not claimed",
    ]


ADOPTED = """
from contextlib import aclosing
from dataclasses import replace
from anyassistant.contract import ProviderContract
from anyassistant.echo import Echo

class Deaf(Echo):
    async def respond(self, request):
        async with aclosing(super().respond(request)) as deltas:
            async for delta in deltas:
                yield replace(delta, usage=None)

class TestDeaf(ProviderContract):
    report = "report.json"

    def create_provider(self) -> Deaf:
        return Deaf()
"""


def test_a_class_of_pytest_has_a_test_for_each_check_and_writes_its_report(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_contract=ADOPTED)
    outcomes = pytester.runpytest_subprocess("-q", "-p", "no:cacheprovider").parseoutcomes()
    report = json.loads((pytester.path / "report.json").read_text("utf-8"))
    counts = report["counts"]
    assert (outcomes["passed"], outcomes["failed"], outcomes["skipped"]) == tuple(counts.values())
    assert sum(counts.values()) == len(checks_of())
    assert report["provider"] == "Deaf"


def test_a_part_of_the_tests_writes_no_report(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_contract=ADOPTED)
    result = pytester.runpytest_subprocess("-q", "-p", "no:cacheprovider", "-k", "usage and reported", "--tb=short")
    assert result.ret == 1
    assert not (pytester.path / "report.json").exists()
    text = result.stdout.str()
    assert re.search(r"usage: the usage of an answer is reported\s+expected: a delta with `usage`\s+came: none", text)
    assert "Traceback" not in text


def test_an_installed_provider_is_checked_by_its_name(pytester: pytest.Pytester) -> None:
    (pytester.path / "profiles.toml").write_text("[profiles.mine]\nprovider = 'echo'\n")
    options = ["--provider", "mine:some-model", "--config", "profiles.toml", "--contract-report", "report.json"]
    result = pytester.runpytest_subprocess(
        "-q", "-p", "no:cacheprovider", "--pyargs", "anyassistant.contract", *options,
        "--scenarios", "anyassistant.contract:EchoScenarios",
    )  # fmt: skip
    assert result.ret == 0
    assert json.loads((pytester.path / "report.json").read_text("utf-8"))["counts"]["failed"] == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "Say which provider is checked: --provider NAME"),
        (["--provider", "ecko"], "did you mean 'echo'?"),
        (["--provider", "echo", "--scenarios", "nowhere:Mine"], "Cannot find scenarios 'nowhere:Mine'"),
        (["--provider", "echo", "--scenarios", "json:loads"], "'json:loads' is no Scenarios"),
    ],
)
def test_what_cannot_be_checked_says_so(pytester: pytest.Pytester, options: list[str], message: str) -> None:
    result = pytester.runpytest_subprocess(
        "-q", "-p", "no:cacheprovider", "--pyargs", "anyassistant.contract", *options
    )
    assert result.ret != 0
    assert message in result.stdout.str()


def test_other_sessions_have_no_options_of_the_contract(pytester: pytest.Pytester) -> None:
    pytester.makeconftest("def pytest_addoption(parser): parser.addoption('--provider')")
    pytester.makepyfile("def test_it(pytestconfig): assert pytestconfig.getoption('--provider') == 'x'")
    pytester.runpytest_subprocess("-q", "-p", "no:cacheprovider", "--provider", "x").assert_outcomes(passed=1)


@pytest.mark.parametrize("how", ["load", "loadscope"])
def test_a_report_is_whole_whichever_process_ran_its_tests(pytester: pytest.Pytester, how: str) -> None:
    pytester.makepyfile(test_contract=ADOPTED)
    pytester.runpytest_subprocess("-q", "-p", "no:cacheprovider", "-n", "2", "--dist", how)
    report = json.loads((pytester.path / "report.json").read_text("utf-8"))
    assert [f"{one['group']}: {one['name']}" for one in report["results"]] == [one.id for one in checks_of()]


def test_a_report_is_written_where_pytest_does_not_look_for_plugins(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makepyfile(test_contract=ADOPTED)
    pytester.runpytest_subprocess("-q", "-p", "no:cacheprovider")
    assert (pytester.path / "report.json").exists()
