"""Logins to the broker."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass


@dataclass(frozen=True)
class MQTT:
    """What MQTT clients of a sandbox are configured with, by its first AccessKey."""

    #: The broker as ``mqtt://host:port``; empty where it is off.
    url: str
    #: Where it speaks MQTT over WebSocket and over TLS; empty where that is off.
    web_socket_url: str
    tls_url: str
    access_key_id: str
    access_key_secret: str

    def signature_user(self, instance: str) -> str:
        """The user name of a client that logs in to an instance by a signature."""
        return f"Signature|{self.access_key_id}|{instance}"

    def signature_password(self, client_id: str) -> str:
        """The password of such a client."""
        mac = hmac.new(self.access_key_secret.encode(), client_id.encode(), hashlib.sha1)
        return base64.b64encode(mac.digest()).decode()

    def token_user(self, instance: str) -> str:
        """The user name of a client that logs in by tokens of ApplyToken."""
        return f"Token|{self.access_key_id}|{instance}"

    def token_password(self, *types_and_tokens: str) -> str:
        """The password of such a client: types (R, W or RW) and tokens by turns."""
        return "|".join(types_and_tokens)

    def upload_topic(self) -> str:
        """Where a client publishes ``upload`` to replace its token of that type."""
        return "$SYS/uploadToken"

    def upload(self, type: str, token: str) -> str:
        """The message with a new token."""
        return json.dumps({"token": token, "type": type}, separators=(",", ":"))
