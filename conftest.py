"""The README and the pages of `docs/` are run by the tests, block by block; see `docs/contributing.md`.

- `python` blocks run one after another in one namespace a page. One whose first line is `# NAME.py` is saved under that
  name too, so that later blocks can import it; one that a `console` block runs is only saved. The test functions of a
  `# test_NAME.py` are called.
- `text` blocks are what the block before them printed; `...` stands for anything.
- `toml` blocks must parse. One whose first line is `# anyassistant.toml` becomes the page's config file.
- `console` blocks: the commands that run `python` or `anyassistant` are run, and their output is compared.

Everything happens in a temporary folder, with an empty home and without configuration.
"""

import doctest
import os
import re
import signal
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from subprocess import PIPE, STDOUT

import pytest
from sybil import Example, Sybil
from sybil.evaluators.python import PythonEvaluator
from sybil.parsers.markdown import CodeBlockParser

COMMAND_SECONDS = 120

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell that starts the tests in the background has them, and what they start, ignore Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """As many processes as there are processors; none beside this one for single files, or where time is measured."""
    files = [Path(str(one).partition("::")[0]) for one in config.option.file_or_dir]
    if (files and all(file.is_file() for file in files)) or config.getoption("--benchmarks", default=False):
        return 0
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


_run_python = PythonEvaluator()


@pytest.fixture(scope="module")
def page_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An empty working folder, which is also the home of whatever the page runs."""
    folder = tmp_path_factory.mktemp("page")
    modules = set(sys.modules)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr(sys, "path", [str(folder), *sys.path])
        patch.setenv("PATH", str(Path(sys.executable).parent), prepend=":")
        patch.setenv("HOME", str(folder))
        for variable in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"):
            patch.setenv(variable, str(folder / variable.lower()))
        patch.delenv("ANYASSISTANT_PROFILE", raising=False)
        yield folder
    for name in set(sys.modules) - modules:  # modules of this page, which another may have by the same name
        if Path(getattr(sys.modules[name], "__file__", None) or "/").is_relative_to(folder):
            del sys.modules[name]


def run_python(example: Example) -> None:
    source, namespace = str(example.parsed), example.document.namespace
    named = re.match(r"# (\w+\.py)\n", source)
    if named:
        Path(named[1]).write_text(source, "utf-8")
        if f"$ python {named[1]}" in example.document.text:
            return
    with redirect_stdout(StringIO()) as output:
        _run_python(example)
        if named and named[1].startswith("test_"):
            for test in re.findall(r"^def (test_\w+)\(\)", source, re.MULTILINE):
                namespace[test]()
    namespace["printed_last"] = output.getvalue()


def check_output(example: Example) -> str | None:
    return difference(str(example.parsed), str(example.document.namespace["printed_last"]))


def read_toml(example: Example) -> None:
    source = str(example.parsed)
    tomllib.loads(source)
    if source.startswith("# anyassistant.toml\n"):
        Path("anyassistant.toml").write_text(source, "utf-8")


def run_console(example: Example) -> str | None:
    for command, expected in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", str(example.parsed), re.MULTILINE):
        if not re.search(r"(^|\| )(python|anyassistant) ", command):
            continue
        done = subprocess.run(
            ["bash", "-c", command], stdout=PIPE, stderr=STDOUT, text=True, timeout=COMMAND_SECONDS, check=False
        )
        problem = difference(expected, done.stdout)
        if problem is not None:
            return f"$ {command}\n{problem}"
    return None


def difference(expected: str, actual: str) -> str | None:
    """What is wrong with an output; None where it is as expected."""
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    checker = doctest.OutputChecker()
    if checker.check_output(expected, actual, flags):
        return None
    return checker.output_difference(doctest.Example("", expected), actual, flags)


pytest_collect_file = Sybil(
    parsers=[
        CodeBlockParser("python", run_python),
        CodeBlockParser("text", check_output),
        CodeBlockParser("toml", read_toml),
        CodeBlockParser("console", run_console),
    ],
    patterns=["README.md", "docs/*.md"],
    fixtures=["page_folder"],
).pytest()
