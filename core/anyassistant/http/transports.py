"""What connections are made with: trust, and proxies."""

from __future__ import annotations

import ssl
from importlib.util import find_spec
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx

from ..errors import ConfigError
from .config import WireConfig
from .network import stand_between


class TransportFactory:
    """Makes httpx transports for one service, which share what is costly to make: what of TLS is trusted.

    Not clients: what these add (cookies, redirects, their own log of URLs) is not wanted, and costs 25 µs a request.

    Args:
        config: The service's.

    Raises:
        ConfigError: The proxy cannot be used.
    """

    def __init__(self, config: WireConfig) -> None:
        self._config = config
        self._proxy = _usable(config.proxy or proxy_of_environment(config.base_url))
        self._ssl_context: ssl.SSLContext | None = None

    def __call__(self, limits: httpx.Limits) -> httpx.AsyncHTTPTransport:
        config = self._config
        if self._ssl_context is None:
            self._ssl_context = (
                ssl.create_default_context(cafile=config.ca_file)
                if config.verify and config.ca_file is not None
                else httpx.create_ssl_context(verify=config.verify)  # 20 ms
            )
        transport = httpx.AsyncHTTPTransport(limits=limits, verify=self._ssl_context, proxy=self._proxy)
        stand_between(transport)
        return transport


def proxy_of_environment(url: str) -> str | None:
    """The proxy that the environment names for a service: by `HTTPS_PROXY` and the like, but for `NO_PROXY`."""
    parts = urlsplit(url)
    proxies = getproxies()
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    if not proxy or proxy_bypass(parts.netloc):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"


def _usable(proxy: str | None) -> httpx.Proxy | None:
    if proxy is None:
        return None
    try:
        usable = httpx.Proxy(proxy)
    except (ValueError, httpx.InvalidURL) as error:  # no message of these has the password
        raise ConfigError(f"The proxy, of the profile or of the environment, cannot be used: {error}.") from error
    if usable.url.scheme.startswith("socks") and find_spec("socksio") is None:
        raise ConfigError(f"The proxy {usable.url.host} is one of SOCKS: pip install 'httpx[socks]'")
    return usable
