"""The budgets of DESIGN section 8, measured in fewer rounds than `report.py` takes."""

import pytest
from budgets import GROUPS
from measure import measure


@pytest.mark.timing
@pytest.mark.parametrize("name", GROUPS)
def test_it_costs_at_most_its_budget(name: str) -> None:
    """By the lower quartile of the rounds, since the machine may be busy with other things."""
    group = GROUPS[name]
    found = measure(name, group.short)
    assert found.keys() == group.budgets.keys()
    over = {
        budget.what: (round(found[key].low, 2), budget.limit)
        for key, budget in group.budgets.items()
        if budget.limit is not None and found[key].low > budget.limit
    }
    assert not over
