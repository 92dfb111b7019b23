"""The endpoints of a runtime: a default one, and any number by name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from actors.config import Endpoint
from actors.errors import ConfigError


class Endpoints:
    """Finds an endpoint for whoever asks for one, by name or not.

    Args:
        default: for sessions that ask for none: an endpoint, or the name of one; of a single named one it is the
            default by itself.
        named: by name.

    Raises:
        ConfigError: something in them is no endpoint, or the default is not among the named.
    """

    def __init__(
        self, default: Endpoint | str | None = None, named: Mapping[str, Endpoint] = MappingProxyType({})
    ) -> None:
        for name, endpoint in named.items():
            if not isinstance(endpoint, Endpoint):
                raise ConfigError(
                    f"endpoints[{name!r}]", f"must be an Endpoint, not {type(endpoint).__name__}"
                )
        self._named = dict(named)
        if default is None and len(named) == 1:
            default = next(iter(named))
        self._default = None if default is None else self.find(default)

    def find(self, wanted: Endpoint | str | None) -> Endpoint:
        """The endpoint itself, the one of that name, or the default.

        Raises:
            ConfigError: there is none.
        """
        if wanted is None:
            wanted = self._default
        if isinstance(wanted, Endpoint):
            return wanted
        known = ", ".join(self._named)
        if wanted is None:
            names = f", by one of the names {known}" if known else ""
            raise ConfigError("endpoint", f"give one to Runtime(...) or to spawn(...){names}")
        if not isinstance(wanted, str):
            raise ConfigError(
                "endpoint", f"must be an Endpoint or the name of one, not {type(wanted).__name__}"
            )
        if wanted not in self._named:
            have = f"there are {known}" if known else "Runtime(endpoints=...) was given none"
            raise ConfigError("endpoint", f"no endpoint is named {wanted!r}; {have}")
        return self._named[wanted]
