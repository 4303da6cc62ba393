"""`anyassistant providers`."""

from dataclasses import fields

from ..protocols import Capabilities
from .json_lines import print_json
from .options import Json
from .surveys import Survey, survey_providers
from .tables import print_table


def providers(*, json: Json = False) -> None:
    """List the providers that are installed: what to write after --provider.

    Args:
        json: For machines: a list of objects with `name`.
    """
    surveys = survey_providers()
    if json:
        print_json([one.to_json() for one in surveys])
        return
    rows = [(one.name, one.package, one.default_model or "-", _says(one)) for one in surveys]
    print_table(("provider", "package", "default model", "can do"), rows)


def _says(survey: Survey) -> str:
    if not survey.is_ok:
        return f"BROKEN: {survey.problem}"
    can = _names(survey.capabilities) if survey.capabilities is not None else ["known once it is configured"]
    commands = [f"commands: anyassistant {survey.name} --help"] if survey.commands else []
    return "; ".join([", ".join(can), *commands])


def _names(capabilities: Capabilities) -> list[str]:
    return [field.name for field in fields(capabilities) if getattr(capabilities, field.name) is True]
