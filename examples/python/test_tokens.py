"""The contract tests of tokens.py."""

import socket
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from tokens import APIError, MQTTTokens

APPLY_TOKEN = "onsmqtt.ApplyToken"
START = datetime(2030, 1, 1, tzinfo=timezone.utc)

# The clock of every sandbox is the app's own: waiting is moving that clock on.
pytestmark = pytest.mark.tokenstage(now=START, frozen=True)

# A scenario of the test's own; many ship with Tokenstage.
BUSY = """
name: busy
summary: ApplyToken is throttled twice, then answers normally.
rules:
  - on: onsmqtt.ApplyToken
    script:
      - fail: ApplyTokenOverFlow
        times: 2
      - pass
"""


@pytest.fixture
def app(box):
    return MQTTTokens(
        endpoint=box.endpoints["acs"], access_key_id=box.acs["accessKeyId"],
        access_key_secret=box.acs["accessKeySecret"], instance_id="post-cn-example", topics=["orders/#"],
        now=box.now, wait=box.advance,
    )


def test_a_token_is_kept_until_it_is_about_to_end(box, app):
    first = app.token()
    box.advance("54m")
    assert app.token() == first
    box.advance("2m")
    assert app.token() != first
    expected = box.expect(APPLY_TOKEN).param("InstanceId", "post-cn-example").param("Resources", "orders/#")
    expected.outcomes("ok", "ok")


@pytest.mark.tokenstage(scripts=[("busy", BUSY)])
def test_an_overflow_is_waited_out(box, app):
    app.token()
    box.expect(APPLY_TOKEN).outcomes("ApplyTokenOverFlow", "ApplyTokenOverFlow", "ok")
    assert box.now() - START == timedelta(seconds=1.5)


@pytest.mark.tokenstage(play=["error/onsmqtt.ApplyToken/ApplyTokenOverFlow"])
def test_an_overflow_that_does_not_end_is_reported(box, app):
    with pytest.raises(APIError, match="ApplyTokenOverFlow"):
        app.token()
    box.expect(APPLY_TOKEN).outcome("ApplyTokenOverFlow").times(4)


def test_any_other_refusal_is_reported_at_once(box, app):
    app.access_key_secret = "fake-wrong-secret"
    with pytest.raises(APIError, match="SignatureDoesNotMatch"):
        app.token()
    box.expect(APPLY_TOKEN).outcomes("SignatureDoesNotMatch")


# Requests that the vendor's SDKs for Python put on the wire, byte for byte, with the keys that they were signed with.
CAPTURED = Path(__file__).parents[2] / "emulator" / "testdata" / "vectors" / "acs"
KEYS = {"acs": [{"accessKeyId": "testak", "accessKeySecret": "testsecret"}]}


@pytest.mark.tokenstage(credentials=KEYS, signature_time="off")
@pytest.mark.parametrize("name", ["python-tea-openapi-0.4.5-apply-query", "python-core-2.16.0-apply-form"])
def test_what_the_sdks_send_is_signed_well(box, tokenstage, name):
    host, port = tokenstage.address.split(":")
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall((CAPTURED / f"{name}.http").read_bytes())
        assert connection.recv(1 << 16).startswith(b"HTTP/1.1 ")
    # The topics of the captures are none that the product takes, which it finds after the signature was found good.
    call = box.expect(APPLY_TOKEN).credential("testak").outcome("ParameterCheckFailed").once()
    assert not [finding for finding in call["findings"] if finding["check"] == "signature"]
