"""`anyassistant provider new`: the package that it writes, and what it refuses."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from anyassistant.cli.failures import UsageError
from anyassistant.cli.new_package import NewPackage, new_package

PAGE = Path(__file__).parents[2] / "docs" / "add-a-provider.md"
FILES = [
    ".gitignore",
    "README.md",
    "anyassistant_acme_cloud/__init__.py",
    "anyassistant_acme_cloud/config.py",
    "anyassistant_acme_cloud/mapping.py",
    "anyassistant_acme_cloud/model.py",
    "anyassistant_acme_cloud/plugin.py",
    "anyassistant_acme_cloud/py.typed",
    "pyproject.toml",
    "tests/conftest.py",
    "tests/scenarios.py",
    "tests/test_contract.py",
    "tests/test_mapping.py",
]


def files_in(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def lines_of_code(*files: Path) -> int:
    return sum(bool(line.strip()) for file in files for line in file.read_text("utf-8").splitlines())


def test_a_package_is_written_and_what_to_do_next_is_said(cli):
    said = cli("provider", "new", "acme-cloud")
    assert said.code == 0
    assert said.err == ""
    assert said.out.splitlines() == [
        "Wrote anyassistant-acme-cloud: 13 files. Install it and run its tests, then talk with it:",
        "  cd anyassistant-acme-cloud && pip install -e '.[test]' && pytest",
        "  anyassistant chat --provider acme-cloud:MODEL",
    ]
    assert files_in(cli.folder / "anyassistant-acme-cloud") == FILES


def test_json_tells_names_and_files(cli):
    said = cli("provider", "new", "acme-cloud", "--output", "here", "--json")
    assert said.code == 0
    assert said.json == {
        "name": "acme-cloud",
        "package": "anyassistant-acme-cloud",
        "module": "anyassistant_acme_cloud",
        "folder": str(cli.folder / "here"),
        "files": FILES,
    }


def test_help_teaches(cli):
    said = cli("provider", "new", "--help")
    assert said.code == 0
    for word in ("Chat Completions", "--output", "anyassistant-NAME", "--json"):
        assert word in said.out
    assert "anyassistant provider new acme" in cli("provider", "--help").out


def test_the_provider_is_small_and_its_contract_is_smaller(tmp_path: Path) -> None:
    NewPackage("acme").write(tmp_path / "acme")
    module = tmp_path / "acme" / "anyassistant_acme"
    assert lines_of_code(*module.glob("*.py")) < 100
    assert lines_of_code(tmp_path / "acme" / "tests" / "test_contract.py") <= 15


def test_its_metadata_announces_it(tmp_path: Path) -> None:
    NewPackage("acme-cloud").write(tmp_path / "acme")
    project = tomllib.loads((tmp_path / "acme" / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["entry-points"] == {"anyassistant.providers": {"acme-cloud": "anyassistant_acme_cloud"}}
    assert project["dependencies"] == ["anyassistant>=0.1,<0.2"]


def test_the_page_for_authors_shows_what_is_written(tmp_path: Path) -> None:
    NewPackage("acme").write(tmp_path / "acme")
    blocks = re.findall(r"^```py\n# (\S+)\n(.*?)^```$", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    assert len(blocks) == 6
    for path, shown in blocks:
        assert shown == (tmp_path / "acme" / path).read_text("utf-8"), f"{path} in {PAGE} is not what is written"


def test_nothing_of_a_template_is_left(tmp_path: Path) -> None:
    NewPackage("acme").write(tmp_path / "acme")
    for file in (tmp_path / "acme").rglob("*"):
        assert file.suffix != ".template"
        assert file.is_dir() or "$" not in file.read_text("utf-8")


@pytest.mark.parametrize("name", ["a", "none", "zeta", "a23456789-123456789-1234567890"])
def test_linters_and_type_checkers_have_nothing_to_say(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "package"
    NewPackage(name).write(folder)
    check(folder, "ruff", "check", "--no-cache")
    check(folder, "ruff", "format", "--check", "--no-cache")
    if name == "zeta":  # a second mypy would say the same
        check(folder, "mypy", "--strict", "--cache-dir", str(tmp_path / "mypy"))


def check(folder: Path, program: str, *arguments: str) -> None:
    command = [sys.executable, "-m", program, *arguments]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=120, check=False, env={"MYPYPATH": str(folder)}
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_an_empty_folder_is_written_into_and_any_other_is_not(cli):
    (cli.folder / "empty").mkdir()
    assert cli("provider", "new", "acme", "--output", "empty").code == 0
    for place in ("empty", "file"):
        (cli.folder / "file").write_text("mine")
        before = files_in(cli.folder)
        said = cli("provider", "new", "acme", "--output", place)
        assert said.code == 2
        assert re.fullmatch(rf"anyassistant: \S*/{place} is there already, .* --output\.\n", said.err)
        assert files_in(cli.folder) == before


def test_the_folder_that_one_is_in_stays_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    NewPackage("acme-cloud").write(Path.cwd())
    assert files_in(Path()) == FILES
    assert sorted(entry.name for entry in Path().iterdir()) == sorted({path.partition("/")[0] for path in FILES})


def test_a_folder_in_a_folder_that_is_not_there_is_refused(cli):
    said = cli("provider", "new", "acme", "--output", "no/such/place")
    assert said.code == 2
    assert "There is no folder" in said.err
    assert list(cli.folder.iterdir()) == []


def test_what_fails_in_the_middle_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_text = Path.write_text

    def write(self: Path, *arguments: str) -> int:
        if self.name == "test_mapping.py":
            raise OSError("No space left on device")
        return write_text(self, *arguments)

    monkeypatch.setattr(Path, "write_text", write)
    with pytest.raises(OSError, match="No space left"):
        NewPackage("acme").write(tmp_path / "acme")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Acme_Cloud", "'Acme_Cloud' is no name: .* Did you mean 'acme-cloud'?"),
        ("anyassistant-acme!", ".* Did you mean 'acme'?"),
        ("-", "'-' is no name: .*"),
        ("1st", ".* Did you mean 'st'?"),
        ("a" * 31, ".*30 at most.*"),
        ("a--b", ".* Did you mean 'a-b'?"),
        ("../up", ".* Did you mean 'up'?"),
        ("chat", "`anyassistant chat` is a command, .*"),
        ("echo", "Provider 'echo' is installed already: anyassistant .* announces it."),
        ("openai", "Package anyassistant-openai is installed already.*"),
    ],
)
def test_a_name_that_cannot_be_or_is_taken_is_refused(name: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        new_package(name)
    assert re.fullmatch(said.replace("?", r"\?"), str(caught.value))
