"""A sandbox in the hands of a test."""

from __future__ import annotations

import os
import re
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path
from types import TracebackType
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple, Type, TypeVar, Union, cast

from . import types
from .client import Client, Problem
from .expectation import Claims, Expectation, ExpectationError
from .mqtt import MQTT

# How long a sandbox may be idle before the server removes it, should the run break off.
IDLE_LIMIT = "1h"
# The folder into which the sandboxes of failed tests are written.
_KEEP_VARIABLE = "TOKENSTAGE_KEEP"

Moment = Union[datetime, str]
T = TypeVar("T")


class Settings(NamedTuple):
    """What the vendors' clients for Python are made with."""

    #: Keyword arguments of ``alibabacloud_tea_openapi.models.Config``, and of the product packages over it.
    acs: Dict[str, str]
    #: Host, port, app key and secret, as the TOP SDK takes them.
    top: Dict[str, Any]
    #: Base URL, app key and secret for any HTTP client.
    fabric: Dict[str, str]


class Sandbox:
    """A sandbox in the hands of a test. As a context manager it ends with its block."""

    def __init__(
        self,
        client: Client,
        details: types.Sandbox,
        endpoints: types.Endpoints,
        *,
        play: Sequence[str] = (),
        scripts: Sequence[Tuple[str, str]] = (),
        keep_on_failure: bool = False,
        made: Optional[datetime] = None,
    ) -> None:
        self.id: str = details["id"]
        #: Repeats the sandbox's chance.
        self.seed: int = details["seed"]
        self.credentials = details["credentials"]
        #: The first credential of each gateway; empty where there is none.
        self.acs = cast(types.ACSCredential, _first(self.credentials.get("acs")))
        self.top = cast(types.App, _first(self.credentials.get("top")))
        self.fabric = cast(types.App, _first(self.credentials.get("fabric")))
        #: Addresses that this process can reach.
        self.endpoints = endpoints
        self.mqtt = MQTT(
            endpoints.get("mqtt", ""),
            endpoints.get("mqttWs", ""),
            endpoints.get("mqtts", ""),
            self.acs.get("accessKeyId", ""),
            self.acs.get("accessKeySecret", ""),
        )
        self._client = client
        self._claims = Claims()
        self._play = play
        self._scripts = scripts
        self._keep_on_failure = keep_on_failure
        self._made = made

    @property
    def settings(self) -> Settings:
        """What the vendors' clients for Python are made with."""
        host, _, port = self.endpoints["acs"].rpartition(":")
        acs = {
            "access_key_id": self.acs.get("accessKeyId", ""),
            "access_key_secret": self.acs.get("accessKeySecret", ""),
            "security_token": self.acs.get("securityToken", ""),
            "endpoint": self.endpoints["acs"],
            "protocol": "http",
        }
        return Settings(
            acs={name: value for name, value in acs.items() if value},
            top={
                "host": host, "port": int(port), "app_key": self.top.get("appKey", ""),
                "app_secret": self.top.get("appSecret", ""),
            },
            fabric={
                "base_url": self.endpoints["fabric"], "app_key": self.fabric.get("appKey", ""),
                "app_secret": self.fabric.get("appSecret", ""),
            },
        )

    def now(self) -> datetime:
        """The time on the sandbox's clock."""
        return read_time(self._try("read the clock", lambda: self._client.clock(self.id))["now"])

    def advance(self, step: Union[timedelta, str]) -> datetime:
        """Moves the clock on, by a timedelta or a text such as ``59m``, and returns the new time."""
        text = step if isinstance(step, str) else f"{step // timedelta(microseconds=1)}us"
        return self._change({"advance": text})

    def set(self, now: Moment) -> datetime:
        """Puts the clock to a time."""
        return self._change({"now": write_time(now)})

    def set_real(self) -> datetime:
        """Puts the clock back to real time."""
        return self._change({"real": True})

    def freeze(self) -> datetime:
        """Makes the clock stand still, and returns the time at which it does."""
        return self._change({"frozen": True})

    def unfreeze(self) -> datetime:
        """Lets the clock run on."""
        return self._change({"frozen": False})

    def play(self, name: str) -> None:
        """Plays a known scenario; it wins over what plays already."""
        self._try(f"play {name}", lambda: self._client.play(self.id, name))

    def script(self, name: str, yaml: str) -> None:
        """Plays a scenario that is written in YAML, under that name."""
        self._try(f"play {name}", lambda: self._client.play_document(self.id, name, yaml))

    def stop(self, name: str) -> None:
        """Ends a scenario."""
        self._try(f"stop {name}", lambda: self._client.stop(self.id, name))

    def playing(self) -> List[types.Playing]:
        """What plays, and where its rules stand."""
        return self._try("list what plays", lambda: self._client.playing(self.id))

    def tokens(self) -> List[types.Token]:
        """The tokens that the sandbox issued, the newest first."""
        return self._try("list the tokens", lambda: self._client.tokens(self.id))

    def expire(self, token: str) -> types.Token:
        """Ends the token of that id as if its time were over."""
        return self._try(f"expire token {token}", lambda: self._client.change_token(self.id, token, "expire"))

    def revoke(self, token: str) -> types.Token:
        """Ends the token of that id as if its owner had revoked it."""
        return self._try(f"revoke token {token}", lambda: self._client.change_token(self.id, token, "revoke"))

    def redeem(self, token: str) -> types.Token:
        """Uses up the token of that id, which can be used once."""
        return self._try(f"redeem token {token}", lambda: self._client.change_token(self.id, token, "redeem"))

    def clients(self) -> List[types.MQTTClient]:
        """The MQTT clients that are connected."""
        return self._try("list the MQTT clients", lambda: self._client.clients(self.id))

    def cut(self, client: str) -> None:
        """Cuts the MQTT client with that id of ``clients``."""
        self._try(f"cut the MQTT client {client}", lambda: self._client.cut_client(self.id, client))

    def requests(self, **filter: str) -> List[types.Entry]:
        """All calls in the journal that the filter selects (api, operation, outcome), the oldest first."""
        return self._try("read the journal", lambda: self._client.requests(self.id, **filter))

    def clear(self) -> None:
        """Empties the journal, so that what is expected later is about later calls only."""
        self._try("clear the journal", lambda: self._client.clear_requests(self.id))

    def reset(self) -> None:
        """Puts state, clock and journal back to the start, and plays again what the sandbox was made with."""
        self._try("reset the sandbox", lambda: self._client.reset(self.id))
        self.start()

    def expect(self, operation: str) -> Expectation:
        """Begins a claim about the calls of an operation, such as ``onsmqtt.ApplyToken`` or ``onsmqtt.*``."""
        return self._expectation(operation, goes_on=False)

    def check(self, operation: str) -> Expectation:
        """Is ``expect`` for a test that goes on when the claim does not hold; what did not is told at its end."""
        return self._expectation(operation, goes_on=True)

    def start(self) -> None:
        """Plays what the sandbox was made with."""
        for name in self._play:
            self.play(name)
        for name, source in self._scripts:
            self.script(name, source)

    def end(self, failed: bool = False) -> None:
        """Ends the sandbox with its test: removes it, and raises what ``check`` found and claims that nothing ended.

        Of a test that failed it tells the seed, writes the sandbox into the folder of TOKENSTAGE_KEEP, and leaves it
        where it is if the sandbox was made so.
        """
        __tracebackhide__ = True
        reports = self._claims.reports(failed)
        failed = failed or bool(reports)
        if failed:
            _log(str(self))
            self._save()
        if failed and self._keep_on_failure:
            _log(self._where_to_look())
        else:
            self._remove()
        if reports:
            raise ExpectationError("\n\n".join(reports))

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        __tracebackhide__ = True
        self.end(failed=kind is not None)

    def __str__(self) -> str:
        return f"sandbox {self.id}, seed {self.seed}"

    def _expectation(self, operation: str, goes_on: bool) -> Expectation:
        claim: Dict[str, Any] = {"operation": operation}
        if self._made:
            claim["since"] = write_time(self._made)
        return Expectation(self._client, self.id, self._claims, cast(types.Claim, claim), 0, goes_on)

    def _change(self, change: types.ClockChange) -> datetime:
        clock = self._try("change the clock", lambda: self._client.change_clock(self.id, change))
        if clock.get("warning"):
            _log(f"the clock of {self.id}: {clock['warning']}")
        return read_time(clock["now"])

    def _remove(self) -> None:
        try:
            self._client.remove_sandbox(self.id)
        except Problem as problem:
            if problem.status != 404:
                raise

    def _save(self) -> None:
        folder = os.environ.get(_KEEP_VARIABLE)
        if not folder:
            return
        path = Path(folder) / f"{self.id}.json"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(self._client.snapshot(self.id))
        except (OSError, Problem) as error:
            _log(f"save the sandbox {self.id}: {error}")
        else:
            _log(f"sandbox {self.id} was saved: tokenstage sandbox load {path}")

    def _where_to_look(self) -> str:
        url = self._client.url
        return (
            f"sandbox {self.id} is kept: look at {url}/console/calls?sandbox={self.id}, or with\n"
            f"  tokenstage requests --control {url} --sandbox {self.id}\nand remove it with\n"
            f"  tokenstage sandbox rm --control {url} {self.id}"
        )

    def _try(self, what: str, call: Callable[[], T]) -> T:
        """Names the sandbox in the error of a call that was refused."""
        __tracebackhide__ = True
        try:
            return call()
        except Problem as problem:
            problem.args = (f"{what} ({self}): {problem}",)
            raise


def create(
    client: Client,
    reach: Callable[[types.Endpoints], types.Endpoints],
    definition: Mapping[str, Any],
    **plan: Any,
) -> Sandbox:
    """Makes a sandbox and plays what it is to start with."""
    made = datetime.now(timezone.utc)
    details = client.create_sandbox(definition)
    box = Sandbox(client, details, reach(details["endpoints"]), made=made, **plan)
    try:
        box.start()
    except BaseException:
        client.remove_sandbox(box.id)
        raise
    return box


def write_time(moment: Moment) -> str:
    """A time as the control API takes it."""
    if isinstance(moment, str):
        return moment
    if moment.tzinfo is None:
        raise ValueError(f"the time {moment.isoformat()} names no time zone: say which, such as timezone.utc")
    return moment.astimezone(timezone.utc).isoformat().replace("+00:00", "Z")


_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)$")


def read_time(text: str) -> datetime:
    """A time of the control API, to the microsecond."""
    found = _TIME.match(text)
    if not found:
        raise ValueError(f"{text!r} is no time as RFC 3339 writes it")
    seconds, fraction, zone = found.groups()
    micros = (fraction or "").ljust(6, "0")[:6]
    return datetime.fromisoformat(f"{seconds}.{micros}{zone.replace('Z', '+00:00')}")


def _first(credentials: Optional[List[Any]]) -> Dict[str, Any]:
    return cast(Dict[str, Any], credentials[0]) if credentials else {}


def _log(line: str) -> None:
    print(line, file=sys.stderr)
