# test_contract.py
from anyassistant.contract import Cassettes, ProviderContract
from anyassistant_ollama import Config, Ollama


class TestOllama(ProviderContract):
    scenarios = Cassettes("tests/cassettes")

    def create_provider(self) -> Ollama:  # dh: a method, not a fixture
        return Ollama(Config())
