"""The provider as a plugin among others."""

from __future__ import annotations

from importlib.metadata import EntryPoint

from ...errors import ConfigError
from ...plugins import CONTRACT, GROUP, Installed, Manifest, Plugins
from ..catalogue import Group
from ..subject import Subject
from ..verdicts import NotApplicable, Unmet, expect, expect_equal

check = Group("discovery")


@check(
    rule="Entry-point group `anyassistant.providers`: the entry's name is the provider's, its value a module",
    trap="the entry point names the class or the hook instead of the module",
)
def it_is_found_by_its_name(subject: Subject) -> None:
    announced = _announced(subject)
    expect_equal(Plugins().manifest(announced.name).name, announced.name, "the manifest's name")


@check(
    rule="Manifest.contract: the version of the protocols that this release speaks",
    trap="the version of one's own package is written there",
)
def it_speaks_the_contract(subject: Subject) -> None:
    expect_equal(subject.announced.manifest.contract, CONTRACT, "the contract")


@check(
    rule="The hook gives the same manifests each time, and does no I/O",
    trap="the service is asked for its models when the plugin is loaded",
)
def its_manifest_is_the_same_each_time(subject: Subject) -> None:
    announced = _announced(subject)
    first, second = (Plugins([announced]).manifest(announced.name) for _ in range(2))
    came = (first.name, first.contract, first.config, first.default_model)
    again = (second.name, second.contract, second.config, second.default_model)
    expect_equal(again, came, "the manifest")
    expect(isinstance(first, Manifest), "a Manifest", first)


@check(
    rule="A plugin that fails breaks nobody else",
    trap="none of a provider's: discovery guards each plugin",
)
def a_broken_neighbour_is_in_nobodys_way(subject: Subject) -> None:
    announced = _announced(subject)
    broken = Installed("broken", "broken 1.0", EntryPoint("broken", "anyassistant_no_such_module", GROUP))
    plugins = Plugins([broken, announced])
    try:
        plugins.manifest("broken")
    except ConfigError as error:
        expect("broken 1.0" in str(error), "an error that names the package", str(error))
    else:
        raise Unmet("ConfigError", "a manifest")
    expect_equal(plugins.manifest(announced.name).name, announced.name, "the manifest's name")


@check(
    rule="Two packages that announce one name are an error that names both",
    trap="a name is taken that another package has: `anyassistant providers` lists them",
)
def a_name_that_is_taken_twice_is_an_error(subject: Subject) -> None:
    announced = _announced(subject)
    other = Installed(announced.name, "impostor 1.0", EntryPoint(announced.name, "anyassistant_impostor", GROUP))
    try:
        Plugins([announced, other]).manifest(announced.name)
    except ConfigError as error:
        both = announced.distribution in str(error) and "impostor 1.0" in str(error)
        expect(both, "an error that names both packages", str(error))
        return
    raise Unmet("ConfigError", "a manifest")


def _announced(subject: Subject) -> Installed:
    name = subject.announced.manifest.name
    found = [one for one in Plugins().installed() if one.name == name]
    if not found:
        raise NotApplicable(f"no installed package announces {name!r}")
    return found[0]
