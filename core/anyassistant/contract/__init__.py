"""The contract of a provider, as checks that its author runs.

In pytest, a class of tests:

    class TestMine(ProviderContract):
        def create_provider(self) -> Mine:
            return Mine(Config())

Outside of it, `report = await check(lambda: Mine(Config()))`.
"""

from .cassettes import Cassettes, NotRecorded
from .catalogue import SUITE, Check, checks_of
from .checking import check
from .echo_scenarios import EchoScenarios
from .live_scenarios import LiveScenarios
from .report import Report, Result
from .respx_scenarios import RespxScenarios, sse
from .scenarios import Scenarios, Scene, ScriptedCall
from .subject import Patience
from .suite import ProviderContract
from .verdicts import Cannot

__all__ = [
    "ProviderContract", "check",
    "Scenarios", "EchoScenarios", "LiveScenarios", "Cassettes", "NotRecorded", "RespxScenarios", "sse",
    "Scene", "ScriptedCall", "Cannot",
    "Report", "Result", "Patience", "Check", "checks_of", "SUITE",
]  # fmt: skip
