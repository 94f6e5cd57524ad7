"""What every testkit does: ../../contracts says what the words of its files mean."""

import json
import re
import urllib.error
import urllib.request
from datetime import timedelta
from pathlib import Path

import pytest

from tokenstage import Tokenstage
from tokenstage.sandbox import read_time

FILES = sorted((Path(__file__).parents[2] / "contracts").glob("*.json"))
CONTRACTS = [contract for file in FILES for contract in json.loads(file.read_text())["contracts"]]


def test_there_are_contracts():
    assert len(CONTRACTS) > 10


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: contract["name"])
def test_contract(contract, tokenstage):
    if contract.get("alone"):
        with Tokenstage.start() as own:
            run(contract, own)
    else:
        run(contract, tokenstage)


def run(contract, emulator):
    options = dict(contract.get("sandbox", {}))
    options["scripts"] = [(script["name"], script["source"]) for script in options.get("scripts", [])]
    if "signatureTime" in options:
        options["signature_time"] = options.pop("signatureTime")
    with emulator.sandbox(**options) as box:
        for i, step in enumerate(contract["steps"], 1):
            take(f"step {i}", expand(step, box, emulator), box, emulator)


def expand(step, box, emulator):
    """Fills in the values of the sandbox."""

    def value(found):
        place = {"address": emulator.address, "id": box.id, "seed": box.seed, "acs": box.acs, "top": box.top,
                 "fabric": box.fabric, "endpoints": box.endpoints}
        for member in found.group(1).split("."):
            place = place[member]
        return str(place)

    return json.loads(re.sub(r"\$\{([\w.]+)\}", value, json.dumps(step)))


def take(name, step, box, emulator):
    """Goes one step, and holds it to what it must fail with."""
    verb = next((verb for verb in step if verb in VERBS), None)
    assert verb, f"{name} has no verb that is known: {step}"
    if "fails" not in step:
        VERBS[verb](box, step, emulator)
        return
    with pytest.raises(Exception) as caught:
        VERBS[verb](box, step, emulator)
    assert step["fails"] in str(caught.value), f"{name}, {verb}"


def authorize(box, step, emulator):
    call = step["authorize"]
    body = {"app_key": call.get("key", box.fabric["appKey"]), "app_secret": call.get("secret", box.fabric["appSecret"])}
    request = urllib.request.Request(
        emulator.url + "/apigovernance/api/oauth/tokenByAkSk" + call.get("query", ""), json.dumps(body).encode(),
        {"Content-Type": "application/json"},
    )
    try:
        urllib.request.urlopen(request).close()
    except urllib.error.HTTPError as refused:
        refused.close()


def value(box, step, _):
    assert step["value"] == step["is"]


def now(box, step, _):
    assert box.now() == read_time(step["now"])


def playing(box, step, _):
    assert [scenario["name"] for scenario in box.playing() if not scenario["default"]] == step["playing"]


def tokens(box, step, _):
    assert [f"{token['operation']} {token['state']}" for token in box.tokens()] == step["tokens"]


def changes_token(change):
    def changed(box, step, _):
        token = getattr(box, change)(box.tokens()[step[change]]["id"])
        assert token["state"] == step["state"]

    return changed


def requests(box, step, _):
    assert len(box.requests(**step["requests"])) == step["count"]


def mqtt(box, step, _):
    member = getattr(box.mqtt, snake(step["mqtt"]))
    assert (member(*step["arguments"]) if callable(member) else member) == step["is"]


def claim(box, step, _):
    """Makes a claim, and holds what the test reads to what is written."""
    claimed = step["claim"]
    expectation = box.expect(claimed["operation"])
    for where in claimed.get("where", []):
        method = getattr(expectation, {"parameter": "param"}.get(where["of"], where["of"]))
        expectation = method(*filter(None, [where.get("name"), where["value"]]))
    if "within" in claimed:
        expectation = expectation.within(claimed["within"])
    arguments = claimed.get("outcomes", []) + ([claimed["calls"]] if "calls" in claimed else [])
    end = getattr(expectation, snake(claimed["want"]))
    if "report" not in step and "says" not in step:
        found = end(*arguments)
        if "count" in step:
            assert len(found if isinstance(found, list) else [found]) == step["count"]
        return
    with pytest.raises(Exception) as caught:
        end(*arguments)
    report = str(caught.value)
    if "report" in step:
        finding = box.requests(outcome="403")[-1]["findings"][0]
        reason = f"{finding['check']}: {finding['message']}"
        assert report.split("\n") == [line.replace("REASON", reason) for line in step["report"]]
    for text in step.get("says", []):
        assert text in report


def snake(name):
    return re.sub(r"([A-Z])", lambda letter: "_" + letter.group(1).lower(), name)


VERBS = {
    "authorize": authorize, "value": value, "now": now, "playing": playing, "tokens": tokens, "requests": requests,
    "mqtt": mqtt, "claim": claim,
    "set": lambda box, step, _: box.set(step["set"]),
    "setReal": lambda box, step, _: box.set_real(),
    "freeze": lambda box, step, _: box.freeze(),
    "unfreeze": lambda box, step, _: box.unfreeze(),
    "advance": lambda box, step, _: box.advance(timedelta(seconds=step["advance"])),
    "play": lambda box, step, _: box.play(step["play"]),
    "script": lambda box, step, _: box.script(step["script"]["name"], step["script"]["source"]),
    "stop": lambda box, step, _: box.stop(step["stop"]),
    "expire": changes_token("expire"), "revoke": changes_token("revoke"), "redeem": changes_token("redeem"),
    "clear": lambda box, step, _: box.clear(),
    "reset": lambda box, step, _: box.reset(),
}
