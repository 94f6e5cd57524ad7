"""An app under test: it keeps an MQTT token fresh and backs off when the service says that it asks too often.

It signs by itself, so that the example needs the standard library alone; the vendor's SDK takes ``box.settings.acs``.
"""

import base64
import hashlib
import hmac
import json
import urllib.error
import urllib.request
import uuid
from datetime import datetime, timedelta
from urllib.parse import quote

LIFE = timedelta(hours=1)
MARGIN = timedelta(minutes=5)
ATTEMPTS = 4
FIRST_BACK_OFF = timedelta(milliseconds=500)


class APIError(Exception):
    """An error that the service answered with."""

    def __init__(self, code, message):
        super().__init__(f"{code}: {message}")
        self.code = code


class MQTTTokens:
    """Hands out a token for the clients of one MQTT instance."""

    def __init__(self, *, endpoint, access_key_id, access_key_secret, instance_id, topics, now, wait):
        """now and wait are a clock with a time zone and time.sleep in production."""
        self.endpoint, self.access_key_id, self.access_key_secret = endpoint, access_key_id, access_key_secret
        self.instance_id, self.topics, self.now, self.wait = instance_id, topics, now, wait
        self._token, self._expires = None, None

    def token(self):
        """The current token, or a new one when that is about to end."""
        if self._token and self.now() + MARGIN < self._expires:
            return self._token
        back_off = FIRST_BACK_OFF
        for left in reversed(range(ATTEMPTS)):
            expires = self.now() + LIFE
            try:
                self._token, self._expires = self._apply(expires), expires
                return self._token
            except APIError as error:
                if error.code != "ApplyTokenOverFlow" or left == 0:
                    raise
            self.wait(back_off)
            back_off *= 2

    def _apply(self, expires: datetime):
        query = {
            "Action": "ApplyToken", "Version": "2020-04-20", "Format": "JSON", "AccessKeyId": self.access_key_id,
            "SignatureMethod": "HMAC-SHA1", "SignatureVersion": "1.0", "SignatureNonce": str(uuid.uuid4()),
            "Timestamp": self.now().strftime("%Y-%m-%dT%H:%M:%SZ"), "InstanceId": self.instance_id, "Actions": "R,W",
            "Resources": ",".join(self.topics), "ExpireTime": str(int(expires.timestamp() * 1000)),
        }
        text = "POST&%2F&" + quote(canonical(query), safe="~")
        mac = hmac.new((self.access_key_secret + "&").encode(), text.encode(), hashlib.sha1)
        query["Signature"] = base64.b64encode(mac.digest()).decode()
        request = urllib.request.Request(f"http://{self.endpoint}/?{canonical(query)}", method="POST")
        try:
            with urllib.request.urlopen(request) as reply:
                return json.load(reply)["Token"]
        except urllib.error.HTTPError as error:
            with error:
                said = json.load(error)
            raise APIError(said["Code"], said["Message"]) from None


def canonical(query):
    """The query sorted by name and encoded by RFC 3986."""
    return "&".join(f"{quote(name, safe='~')}={quote(query[name], safe='~')}" for name in sorted(query))
