"""What this testkit does in the way of its language."""

import json
from datetime import datetime, timedelta, timezone

import pytest

from tokenstage import ExpectationError, Problem, Tokenstage
from tokenstage.sandbox import read_time, write_time


def is_gone(emulator, id):
    with pytest.raises(Problem) as caught:
        emulator.open(id)
    return caught.value.status == 404


def test_a_sandbox_ends_with_its_block(tokenstage):
    with tokenstage.sandbox() as box:
        assert tokenstage.open(box.id).seed == box.seed
    assert is_gone(tokenstage, box.id)


def test_a_claim_that_nothing_ended_fails(tokenstage):
    with pytest.raises(ExpectationError, match='^onsmqtt.ApplyToken with outcome "ok": the claim was not ended'):
        with tokenstage.sandbox() as box:
            box.expect("onsmqtt.ApplyToken").outcome("ok")


def test_a_claim_can_be_narrowed_down_in_two_ways(box):
    every = box.expect("onsmqtt.*")
    every.outcome("ok").never()
    every.param("InstanceId", "a").never()


def test_checks_are_reported_together(tokenstage):
    with pytest.raises(ExpectationError) as caught:
        with tokenstage.sandbox() as box:
            assert box.check("onsmqtt.ApplyToken").times(2) == []
            assert box.check("onsmqtt.ApplyToken").once() == {}
            box.check("onsmqtt.ApplyToken").never()
    assert "want 2 calls, got 0 calls" in str(caught.value) and "want 1 call, got 0 calls" in str(caught.value)


def test_the_error_of_a_test_goes_before_what_its_sandbox_has_to_say(tokenstage):
    with pytest.raises(ValueError, match="the own one"):
        with tokenstage.sandbox() as box:
            box.expect("*")
            raise ValueError("the own one")


def test_a_failed_test_is_written_down_and_kept_where_that_is_asked_for(tokenstage, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("TOKENSTAGE_KEEP", str(tmp_path / "kept"))
    box = tokenstage.sandbox(seed=77, keep_on_failure=True)
    box.end(failed=True)
    said = capsys.readouterr().err
    assert f"sandbox {box.id}, seed 77\n" in said and "tokenstage sandbox load" in said
    assert f"/console/calls?sandbox={box.id}" in said
    assert json.loads((tmp_path / "kept" / f"{box.id}.json").read_text())["secrets"] is False
    tokenstage.open(box.id).end()
    assert is_gone(tokenstage, box.id)


def test_a_sandbox_whose_scenario_is_unknown_is_not_left_behind(tokenstage):
    with pytest.raises(Problem, match=r"play no/such \(sandbox never-made, seed \d+\)"):
        tokenstage.sandbox(id="never-made", play=["no/such"])
    assert is_gone(tokenstage, "never-made")


def test_sandboxes_have_an_idle_limit_unless_another_is_given(tokenstage, box):
    assert tokenstage.control.sandbox(box.id)["ttl"] == "1h"
    with tokenstage.sandbox(ttl="2m") as other:
        assert tokenstage.control.sandbox(other.id)["ttl"] == "2m"


def test_settings_for_the_sdks(tokenstage):
    key = {"accessKeyId": "LTAIfakePython", "accessKeySecret": "fake-secret", "securityToken": "fake-sts"}
    with tokenstage.sandbox(credentials={"acs": [key]}) as box:
        assert box.settings.acs == {
            "access_key_id": "LTAIfakePython", "access_key_secret": "fake-secret", "security_token": "fake-sts",
            "endpoint": tokenstage.address, "protocol": "http",
        }
        assert f"{box.settings.top['host']}:{box.settings.top['port']}" == tokenstage.address
        assert box.settings.fabric == {
            "base_url": tokenstage.url, "app_key": box.fabric["appKey"], "app_secret": box.fabric["appSecret"],
        }


def test_times(box):
    noon = datetime(2030, 1, 1, 12, tzinfo=timezone(timedelta(hours=8)))
    assert box.set(noon) >= noon
    assert box.freeze() == box.now()
    assert box.advance("1h30m") == box.advance(timedelta(0))
    assert read_time("2030-01-01T04:00:00.123456789Z").microsecond == 123456
    assert write_time(noon) == "2030-01-01T04:00:00Z"
    with pytest.raises(ValueError, match="names no time zone"):
        box.set(datetime(2030, 1, 1))


def test_a_server_that_does_not_answer():
    with pytest.raises(ConnectionError, match=r"http://127\.0\.0\.1:1 does not answer: .+"):
        Tokenstage.connect("127.0.0.1:1")
