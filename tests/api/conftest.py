"""The programs are run and type-checked as they stand, not collected. The doubles of services are the contract's."""

import sys
from pathlib import Path

collect_ignore = ["programs"]

sys.path.insert(0, str(Path(__file__).parents[1] / "core" / "contract"))
