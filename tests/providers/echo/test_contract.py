"""`echo` holds to the contract of a provider."""

from anyassistant.contract import ProviderContract
from anyassistant.echo import Echo


class TestEcho(ProviderContract):
    def create_provider(self) -> Echo:
        return Echo()
