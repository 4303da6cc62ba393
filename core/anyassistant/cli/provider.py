"""`anyassistant provider`: for authors of providers."""

from pathlib import Path
from shlex import quote
from typing import Annotated

from cyclopts import App, Parameter

from .json_lines import print_json
from .new_package import new_package
from .options import Json

app = App(
    name="provider",
    help="For authors of providers: begin one.",
    help_epilogue="""Examples:

    anyassistant provider new acme
    anyassistant provider new acme-cloud --output ~/src/acme-cloud

Those that are installed: anyassistant providers""",
)


@app.command
def new(name: str, /, *, output: Annotated[Path | None, Parameter(name="--output")] = None, json: Json = False) -> None:
    """Write the package of a new provider: a chat model behind an HTTP service, and its tests.

    It speaks the wire of Chat Completions: streams, tools, JSON Schemas, usage, errors. Its tests pass at once.

    NAME is what people write after --provider. The package is anyassistant-NAME; its README says what to change next.

    Args:
        name: Lower-case letters, digits and single hyphens; of no provider that is installed.
        output: The folder to write, new or empty. By default anyassistant-NAME, here.
        json: For machines: one object with `name`, `package`, `module`, `folder` and `files`.
    """
    package = new_package(name)
    folder = Path(package.distribution) if output is None else output.expanduser()
    written = package.write(folder.absolute())
    if json:
        print_json(
            {
                "name": package.name,
                "package": package.distribution,
                "module": package.module,
                "folder": str(folder.absolute()),
                "files": written,
            }
        )
        return
    print(f"Wrote {folder}: {len(written)} files. Install it and run its tests, then talk with it:")
    print(f"  cd {quote(str(folder))} && pip install -e '.[test]' && pytest")
    print(f"  anyassistant chat --provider {name}:MODEL")
