"""The battery's cases are data in modules of this folder, which its tests and those of the lowerings import by name."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
