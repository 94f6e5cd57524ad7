"""A running Tokenstage."""

from __future__ import annotations

import re
from types import TracebackType
from typing import Any, Dict, Mapping, Optional, Sequence, Tuple, Type, cast
from urllib.parse import urlsplit

from . import types
from .client import Client
from .process import Started, start_binary, start_container
from .sandbox import IDLE_LIMIT, Moment, Sandbox, create, write_time


class Tokenstage:
    """A running Tokenstage. Tests share one: each takes a sandbox of its own. As a context manager it stops."""

    def __init__(self, started: Started) -> None:
        self._started = started
        #: Speaks the whole control API.
        self.control = Client(started.control, started.token)
        try:
            self._known = self.control.sandbox("default")["endpoints"]["acs"]
        except BaseException:
            started.stop()
            raise
        #: The address of the data plane as host:port, which is how SDKs of gateway acs take their endpoint.
        self.address = self._address("data", self._known)

    @classmethod
    def start(cls, binary: Optional[str] = None, args: Sequence[str] = ()) -> Tokenstage:
        """Starts the binary on free ports: ``binary``, TOKENSTAGE_BIN, or ``tokenstage`` on the PATH.

        ``args`` are further flags of ``tokenstage serve``. The server ends with ``stop``, and with this process however
        that ends.
        """
        return cls(start_binary(binary, args))

    @classmethod
    def start_container(cls, image: Optional[str] = None, docker: str = "docker") -> Tokenstage:
        """Starts the image by the command docker: ``image``, TOKENSTAGE_IMAGE, or ``tokenstage``.

        The container ends with ``stop``, and with this process however that ends.
        """
        return cls(start_container(image, docker))

    @classmethod
    def connect(cls, control: str, token: Optional[str] = None) -> Tokenstage:
        """Uses a server that runs already, such as one that a team shares."""
        return cls(Started(control, token))

    @property
    def url(self) -> str:
        """The base URL of the data plane."""
        return "http://" + self.address

    def sandbox(
        self,
        *,
        id: Optional[str] = None,
        seed: Optional[int] = None,
        now: Optional[Moment] = None,
        frozen: bool = False,
        signature_time: Optional[types.SignatureTime] = None,
        credentials: Optional[Mapping[str, Any]] = None,
        fixtures: Optional[types.Fixtures] = None,
        quotas: Optional[Mapping[str, str]] = None,
        play: Sequence[str] = (),
        scripts: Sequence[Tuple[str, str]] = (),
        ttl: str = IDLE_LIMIT,
        keep_on_failure: bool = False,
    ) -> Sandbox:
        """Makes a sandbox, which its test must ``end``; as a context manager it ends with its block.

        ``play`` are known scenarios, ``scripts`` names and texts of the test's own, in YAML; of all that play, the last
        one wins. ``ttl`` is how long nothing may use it before the server removes it.
        """
        definition: Dict[str, Any] = {
            "id": id, "seed": seed, "now": now and write_time(now), "frozen": frozen, "signatureTime": signature_time,
            "credentials": credentials, "fixtures": fixtures, "quotas": quotas, "ttl": ttl,
        }
        given = {name: value for name, value in definition.items() if value is not None}
        return create(
            self.control, self._reach, given, play=play, scripts=scripts, keep_on_failure=keep_on_failure
        )

    def open(self, id: str) -> Sandbox:
        """Opens a sandbox that exists, such as ``default``, which gets the calls whose credential nobody knows."""
        details = self.control.sandbox(id)
        return Sandbox(self.control, details, self._reach(details["endpoints"]))

    def stop(self) -> None:
        """Ends the server, if this process started it."""
        self._started.stop()

    def __enter__(self) -> Tokenstage:
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self.stop()

    def _reach(self, said: types.Endpoints) -> types.Endpoints:
        """The endpoints that the server says, with its addresses as this process reaches them."""
        known = cast(Mapping[str, str], said)
        reached = {"data": self.url, "control": self.control.url}
        for name in ("acs", "top", "fabric", "oss"):
            reached[name] = known[name].replace(self._known, self.address, 1)
        for name in ("tls", "mqtt", "mqttWs", "mqtts"):
            if name in known:
                host = urlsplit(known[name]).netloc
                address = self._address(name, host)
                if address:
                    reached[name] = known[name].replace(host, address, 1)
        return cast(types.Endpoints, reached)

    def _address(self, name: str, said: str) -> str:
        """An address of the server as this process reaches it; empty where it does not."""
        if self._started.addresses is not None:
            return self._started.addresses.get(name, "")
        host, _, port = said.rpartition(":")
        if re.match(r"127\.|\[::1\]|localhost$", host):
            host = urlsplit(self.control.url).hostname or host
        return f"{host}:{port}"
