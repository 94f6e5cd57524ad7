"""The control API, call by call."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any, List, Mapping, Optional, Union, cast
from urllib.parse import quote, urlencode

from . import types

# How long a call of the control plane may take, in seconds.
_CALL_LIMIT = 30
_MAX_EXCERPT = 200

# Calls go to the server itself, whatever proxy the environment names for others.
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Problem(Exception):
    """An error that the control plane answered with: problem details of RFC 9457."""

    def __init__(self, call: str, status: int, details: Mapping[str, Any]) -> None:
        text = f"{call}: {status} {details['title']}: {details['detail']}"
        if details.get("line"):
            text += f" (line {details['line']}, column {details['column']})"
        super().__init__(text)
        self.call = call
        self.status = status
        self.details = details


class Client:
    """Calls the control plane of one Tokenstage. What is refused raises a Problem."""

    def __init__(self, url: str, token: Optional[str] = None) -> None:
        #: The base URL of the control plane, without a slash at its end.
        self.url = (url if "://" in url else "http://" + url).rstrip("/")
        self._token = token

    def health(self) -> None:
        self._text("GET", "/healthz")

    def ca(self) -> str:
        """The certificate, in PEM, that clients of the data plane over HTTPS have to trust."""
        return self._text("GET", "/ca.pem")

    def apis(self) -> List[types.API]:
        return cast(types.APIList, self._json("GET", "/v1/apis"))["apis"]

    def scenarios(self) -> List[types.ScenarioSummary]:
        return cast(types.ScenarioList, self._json("GET", "/v1/scenarios"))["scenarios"]

    def whole_coverage(self) -> types.Coverage:
        """Which documented errors were seen in any sandbox, also in those that were removed since."""
        return cast(types.Coverage, self._json("GET", "/v1/coverage"))

    def create_sandbox(self, definition: Mapping[str, Any]) -> types.Sandbox:
        return cast(types.Sandbox, self._json("POST", "/v1/sandboxes", definition))

    def sandbox(self, id: str) -> types.Sandbox:
        return cast(types.Sandbox, self._json("GET", _path(id)))

    def remove_sandbox(self, id: str) -> None:
        self._text("DELETE", _path(id))

    def reset(self, id: str) -> None:
        self._text("POST", _path(id, "reset"))

    def snapshot(self, id: str) -> str:
        """A sandbox as a file that ``tokenstage sandbox load`` reads, with its calls and without its secrets."""
        return self._text("GET", _path(id, "snapshot") + "?journal=true")

    def coverage(self, id: str) -> types.Coverage:
        return cast(types.Coverage, self._json("GET", _path(id, "coverage")))

    def clock(self, id: str) -> types.Clock:
        return cast(types.Clock, self._json("GET", _path(id, "clock")))

    def change_clock(self, id: str, change: types.ClockChange) -> types.Clock:
        return cast(types.Clock, self._json("PATCH", _path(id, "clock"), change))

    def playing(self, id: str) -> List[types.Playing]:
        return cast(types.PlayingList, self._json("GET", _path(id, "scenarios")))["scenarios"]

    def play(self, id: str, name: str) -> None:
        self._text("PUT", _path(id, "scenarios", name))

    def play_document(self, id: str, name: str, yaml: str) -> None:
        """Plays a scenario that is written in YAML, under that name."""
        self._text("PUT", _path(id, "scenarios", name), yaml.encode(), "application/yaml")

    def stop(self, id: str, name: str) -> None:
        self._text("DELETE", _path(id, "scenarios", name))

    def requests(self, id: str, **filter: str) -> List[types.Entry]:
        """All calls in a journal that the filter selects (api, operation, outcome), the oldest first."""
        entries: List[types.Entry] = []
        after: Optional[int] = 0
        while after is not None:
            query = urlencode({**filter, "after": after, "limit": 1000})
            page = cast(types.EntryPage, self._json("GET", _path(id, "requests") + "?" + query))
            entries += page["requests"]
            after = page["next"]
        return entries

    def clear_requests(self, id: str) -> None:
        self._text("DELETE", _path(id, "requests"))

    def judge(self, id: str, claim: types.Claim) -> types.Judgement:
        return cast(types.Judgement, self._json("POST", _path(id, "claims"), claim))

    def tokens(self, id: str) -> List[types.Token]:
        return cast(types.TokenList, self._json("GET", _path(id, "tokens")))["tokens"]

    def change_token(self, id: str, token: str, change: str) -> types.Token:
        """Ends a token: change is expire, revoke or redeem."""
        return cast(types.Token, self._json("POST", _path(id, "tokens", token, change)))

    def clients(self, id: str) -> List[types.MQTTClient]:
        return cast(types.ClientList, self._json("GET", _path(id, "clients")))["clients"]

    def cut_client(self, id: str, client: str) -> None:
        self._text("DELETE", _path(id, "clients", client))

    def _json(self, method: str, target: str, body: Union[Mapping[str, Any], None] = None) -> Any:
        encoded = None if body is None else json.dumps(body).encode()
        text = self._text(method, target, encoded, "application/json")
        try:
            return json.loads(text)
        except ValueError:
            raise ValueError(f"{method} {target}: the reply of {self.url} is none of a control plane") from None

    def _text(self, method: str, target: str, body: Optional[bytes] = None, content_type: str = "") -> str:
        request = urllib.request.Request(self.url + target, body, method=method)
        if body is not None:
            request.add_header("Content-Type", content_type)
        if self._token:
            request.add_header("Authorization", "Bearer " + self._token)
        call = f"{method} {target}"
        try:
            with _opener.open(request, timeout=_CALL_LIMIT) as reply:
                return cast(bytes, reply.read()).decode()
        except urllib.error.HTTPError as error:
            with error:
                raise Problem(call, error.code, _read_problem(error)) from None
        except OSError as error:
            reason = getattr(error, "reason", error)
            raise ConnectionError(f"{call}: {self.url} does not answer: {reason}") from error


def _path(id: str, *parts: str) -> str:
    return "/".join(["/v1/sandboxes", *(quote(part, safe="") for part in (id, *parts))])


def _read_problem(error: urllib.error.HTTPError) -> Mapping[str, Any]:
    """The problem of a reply, also of one that something between client and server wrote."""
    text = error.read().decode(errors="replace")
    try:
        details = json.loads(text)
        if details["title"] and details["detail"]:
            return cast(Mapping[str, Any], details)
    except (ValueError, TypeError, KeyError):
        pass  # it is no problem document
    excerpt = " ".join(text.split())[:_MAX_EXCERPT]
    detail = "the reply is no problem document" + (f": {excerpt}" if excerpt else "")
    return {"type": "", "title": error.reason, "status": error.code, "detail": detail}
