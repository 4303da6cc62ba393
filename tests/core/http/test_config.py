import pytest
from anyassistant.errors import ConfigError
from anyassistant.http import WireClient, WireConfig
from pydantic import SecretStr, ValidationError

KEY = "sk-very-secret-0123456789"


@pytest.mark.parametrize(
    "url", ["", "api.example.com", "ftp://x", "http://", "http://me:pw@x/v1", "http://x/v1?key=1", "http://x/#a"]
)
def test_what_is_no_base_url_is_refused_and_not_shown(url: str) -> None:
    with pytest.raises(ValidationError) as caught:
        WireConfig(base_url=url)
    assert "pw@" not in str(caught.value)


def test_a_slash_at_the_end_does_not_matter() -> None:
    assert WireConfig(base_url="http://x/v1/").base_url == "http://x/v1"


def test_unknown_keys_are_refused_without_their_values() -> None:
    with pytest.raises(ValidationError) as caught:
        WireConfig.model_validate({"base_url": "http://x", "api_keys": KEY})
    assert KEY not in str(caught.value)


@pytest.mark.parametrize("field", ["connect_seconds", "first_byte_seconds", "idle_seconds", "total_seconds"])
def test_a_time_out_is_more_than_nothing(field: str) -> None:
    with pytest.raises(ValidationError):
        WireConfig.model_validate({"base_url": "http://x", field: 0})


def test_a_provider_adds_what_it_needs() -> None:
    class Config(WireConfig):
        base_url: str = "https://api.example.com"
        api_key_env: str | None = "EXAMPLE_KEY"
        project: str = "p"

    assert Config.model_validate({"project": "q"}).project == "q"
    assert Config.model_validate(Config(project="q").model_dump()) == Config(project="q")


def test_the_key_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXAMPLE_KEY", f" {KEY}\n")
    assert WireConfig(base_url="http://x", api_key_env="EXAMPLE_KEY").read_key() == KEY


def test_a_key_that_was_given_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXAMPLE_KEY", "another-key")
    config = WireConfig(base_url="http://x", api_key=SecretStr(KEY), api_key_env="EXAMPLE_KEY")
    assert config.read_key() == KEY


def test_no_key_is_needed_where_none_is_named() -> None:
    assert WireConfig(base_url="http://x").read_key() is None


@pytest.mark.parametrize("value", [None, "", " \n"])
def test_a_variable_that_holds_no_key_is_named(monkeypatch: pytest.MonkeyPatch, value: str | None) -> None:
    monkeypatch.delenv("EXAMPLE_KEY", raising=False)
    if value is not None:
        monkeypatch.setenv("EXAMPLE_KEY", value)
    with pytest.raises(ConfigError, match="EXAMPLE_KEY is empty: it has to hold the key for http://x"):
        WireClient(WireConfig(base_url="http://x", api_key_env="EXAMPLE_KEY"))


@pytest.mark.parametrize("value", [f"{KEY}\nX-Other: 1", f"{KEY}é", f"{KEY}\0"])
def test_a_key_that_cannot_be_sent_is_refused_and_not_shown(value: str) -> None:
    with pytest.raises(ConfigError) as caught:
        WireClient(WireConfig(base_url="http://x", api_key=SecretStr(value)))
    assert KEY not in str(caught.value)


def test_headers_that_cannot_be_sent_are_refused_and_not_shown() -> None:
    with pytest.raises(ValidationError) as caught:
        WireConfig(base_url="http://x", headers={"api-key": f"{KEY}\r\n"})
    assert KEY not in str(caught.value)


def test_nothing_secret_is_in_a_repr() -> None:
    config = WireConfig(
        base_url="http://x", api_key=SecretStr(KEY), headers={"api-key": KEY}, proxy=f"http://me:{KEY}@proxy:1"
    )
    for shown in (repr(config), str(config), repr(WireClient(config)), config.model_dump_json(include={"api_key"})):
        assert KEY not in shown
