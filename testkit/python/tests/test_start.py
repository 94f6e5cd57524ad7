"""How servers are started, found and ended."""

import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from tokenstage import Problem, Tokenstage


def answers(url):
    try:
        urllib.request.urlopen(url + "/healthz", timeout=5).close()
    except OSError:
        return False
    return True


def test_a_server_that_is_stopped_does_not_answer_any_more():
    emulator = Tokenstage.start()
    emulator.control.health()
    emulator.stop()
    emulator.stop()
    with pytest.raises(ConnectionError):
        emulator.control.health()


def test_further_flags():
    with Tokenstage.start(args=["--seed", "99"]) as emulator:
        assert emulator.open("default").seed == 99


def test_what_cannot_be_started_says_why():
    with pytest.raises(RuntimeError, match="name its binary in TOKENSTAGE_BIN"):
        Tokenstage.start("no-such-tokenstage")
    with pytest.raises(RuntimeError, match=r"it ended with 2\n.*--sed"):
        Tokenstage.start(args=["--sed", "1"])
    with pytest.raises(RuntimeError, match="no-such-docker"):
        Tokenstage.start_container(docker="no-such-docker")


def test_connect_uses_a_server_that_runs(tokenstage):
    with pytest.raises(Problem, match="needs its token"):
        Tokenstage.start(args=["--control-token", "fake-control-token"])  # which it was not told
    shared = Tokenstage.connect(tokenstage.control.url)
    assert shared.address == tokenstage.address
    with shared.sandbox() as box:
        assert box.endpoints["mqtt"] == box.mqtt.url != ""
    shared.stop()
    tokenstage.control.health()


with_engine = pytest.mark.skipif(
    os.environ.get("TOKENSTAGE_ENGINE") != "required", reason="needs a container engine and the image"
)


@pytest.mark.parametrize("start, how", [
    ("start", "killed"), ("start", "at its end"), pytest.param("start_container", "killed", id="image", marks=with_engine),
])
def test_a_server_ends_with_the_process_that_started_it(start, how):
    wait = "import signal; signal.pause()" if how == "killed" else ""
    script = f"from tokenstage import Tokenstage\nprint(Tokenstage.{start}().control.url, flush=True)\n{wait}"
    path = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, env=path) as run:
        url = run.stdout.readline().strip()
        if how == "killed":
            run.send_signal(signal.SIGKILL)
        run.wait()
        while answers(url):
            pass


@with_engine
def test_the_image():
    with Tokenstage.start_container() as emulator:
        with emulator.sandbox() as box:
            assert box.endpoints["acs"] == emulator.address
            assert box.mqtt.url.startswith("mqtt://127.0.0.1:")
            box.expect("*").never()
