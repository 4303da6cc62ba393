"""`echo` holds to the contract of a provider."""

from pathlib import Path

from anyassistant.contract import ProviderContract
from anyassistant.echo import Echo

REPORT = Path(__file__).parents[3] / ".contract" / "echo.json"


class TestEcho(ProviderContract):
    report = REPORT

    def create_provider(self) -> Echo:
        return Echo()
