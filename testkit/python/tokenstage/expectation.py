"""What tests claim about the calls of a sandbox."""

from __future__ import annotations

import json
import math
from datetime import timedelta
from typing import List, Optional, Union, cast

from . import types
from .client import Client

# How long the server waits for a claim at most, in seconds.
_MAX_WAIT = 10.0


class ExpectationError(AssertionError):
    """A claim about calls that does not hold. Its text says what came instead, and why."""


class Claims:
    """The claims of one sandbox: those that nothing ended yet, and those of ``check`` that did not hold."""

    def __init__(self) -> None:
        self._open: List[Expectation] = []
        self._failed: List[str] = []

    def open(self, claim: Expectation) -> None:
        self._open.append(claim)

    def close(self, claim: Expectation) -> None:
        self._open = [one for one in self._open if one is not claim]

    def fail(self, report: str) -> None:
        self._failed.append(report)

    def reports(self, failed: bool) -> List[str]:
        """What the test must still hear of; claims that are open only where it did not fail already."""
        if failed or self._failed:
            return self._failed
        return [
            f"{claim}: the claim was not ended and claims nothing; "
            "end it with once, times, at_least, never or outcomes"
            for claim in self._open
        ]


class Expectation:
    """A claim about the calls that a sandbox got.

    Methods that return an Expectation narrow it down to some of the calls, in any order; one of ``once``, ``times``,
    ``at_least``, ``never`` and ``outcomes`` then ends it, raises an ExpectationError when it does not hold, and returns
    the calls that it is about, the oldest first. In expected values ``*`` stands for any text. A claim about a name that
    does not exist fails, and so does one that nothing ended, when its sandbox ends.
    """

    def __init__(
        self, client: Client, sandbox: str, claims: Claims, claim: types.Claim, within: float, goes_on: bool
    ) -> None:
        self._client = client
        self._sandbox = sandbox
        self._claims = claims
        self._claim = claim
        self._within = within
        self._goes_on = goes_on
        claims.open(self)

    def param(self, name: str, value: str) -> Expectation:
        """Calls with a parameter of that value: in the query, a form, or a JSON body, where dots lead inwards."""
        return self._narrow({"of": "parameter", "name": name, "value": value})

    def header(self, name: str, value: str) -> Expectation:
        """Calls with a header of that value."""
        return self._narrow({"of": "header", "name": name, "value": value})

    def topic(self, filter: str) -> Expectation:
        """MQTT packets about a topic within that filter."""
        return self._narrow({"of": "topic", "value": filter})

    def mqtt_client(self, client_id: str) -> Expectation:
        """MQTT packets of the client with that client id."""
        return self.param("ClientId", client_id)

    def outcome(self, outcome: str) -> Expectation:
        """Calls that ended so: ``ok``, or the provider's code."""
        return self._narrow({"of": "outcome", "value": outcome})

    def credential(self, id: str) -> Expectation:
        """Calls that named themselves by that AccessKey ID or app key."""
        return self._narrow({"of": "credential", "value": id})

    def delivery(self, state: types.DeliveryState) -> Expectation:
        """Calls whose reply was delivered so."""
        return self._narrow({"of": "delivery", "value": state})

    def within(self, limit: Union[timedelta, float]) -> Expectation:
        """Gives apps that call in the background so long, in real time, until the claim must hold.

        A number is one of seconds. ``never`` then watches for the whole time.
        """
        return self._next(self._claim, limit.total_seconds() if isinstance(limit, timedelta) else limit)

    def once(self) -> types.Entry:
        """One call came. Of a ``check`` that does not hold, the first that came, or an empty dictionary."""
        __tracebackhide__ = True
        found = self._end({"want": "once"})
        return found[0] if found else cast(types.Entry, {})

    def times(self, calls: int) -> List[types.Entry]:
        """Exactly so many calls came."""
        __tracebackhide__ = True
        return self._end({"want": "times", "calls": calls})

    def at_least(self, calls: int) -> List[types.Entry]:
        """So many calls or more came."""
        __tracebackhide__ = True
        return self._end({"want": "atLeast", "calls": calls})

    def never(self) -> None:
        """No call came."""
        __tracebackhide__ = True
        self._end({"want": "never"})

    def outcomes(self, *outcomes: str) -> List[types.Entry]:
        """The calls ended so, in this order, and there were no others."""
        __tracebackhide__ = True
        return self._end({"want": "outcomes", "outcomes": list(outcomes)})

    def __str__(self) -> str:
        """Says which calls the claim is about."""
        conditions = [f"{_label(w)} {json.dumps(w['value'])}" for w in self._claim.get("where", [])]
        return self._claim["operation"] + (" with " + ", ".join(conditions) if conditions else "")

    def _narrow(self, condition: object) -> Expectation:
        where = [*self._claim.get("where", []), cast(types.ClaimCondition, condition)]
        return self._next(cast(types.Claim, {**self._claim, "where": where}), self._within)

    def _next(self, claim: types.Claim, within: float) -> Expectation:
        self._claims.close(self)
        return Expectation(self._client, self._sandbox, self._claims, claim, within, self._goes_on)

    def _end(self, end: object) -> List[types.Entry]:
        __tracebackhide__ = True
        self._claims.close(self)
        left = self._within
        while True:
            wait = {"withinMillis": math.ceil(min(left, _MAX_WAIT) * 1000)}
            claim = cast(types.Claim, {**self._claim, **cast(types.Claim, end), **wait})
            judged = self._client.judge(self._sandbox, claim)
            if judged["decided"] or left <= _MAX_WAIT:
                break
            left -= _MAX_WAIT
        if judged["report"]:
            if not self._goes_on:
                raise ExpectationError(judged["report"])
            self._claims.fail(judged["report"])
        return judged["requests"]


def _label(condition: types.ClaimCondition) -> Optional[str]:
    if condition["of"] == "parameter":
        return condition["name"]
    return f"header {condition['name']}" if condition["of"] == "header" else condition["of"]
