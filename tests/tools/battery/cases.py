"""All cases of the battery, by name."""

import cases_of_aliases
import cases_of_callables
import cases_of_containers
import cases_of_models
import cases_of_parameters
import cases_of_scalars
import cases_of_written_types
from case import Case

MODULES = (
    cases_of_callables,
    cases_of_parameters,
    cases_of_scalars,
    cases_of_containers,
    cases_of_models,
    cases_of_aliases,
    cases_of_written_types,
)
CASES: dict[str, Case] = {}
for module in MODULES:
    for case in module.CASES:
        assert case.name not in CASES, case.name
        CASES[case.name] = case
