"""The mutants are data in modules of this folder, and the service that some are made of is in another one: the tests
import them by name."""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "remote")]
