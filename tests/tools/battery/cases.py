"""All cases of the battery, by name."""

import cases_of_callables
import cases_of_parameters
import cases_of_types
import cases_of_written_types
from case import Case

CASES: dict[str, Case] = {}
for cases in (cases_of_callables, cases_of_parameters, cases_of_types, cases_of_written_types):
    for case in cases.CASES:
        assert case.name not in CASES, case.name
        CASES[case.name] = case
