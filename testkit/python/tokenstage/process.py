"""How servers are started. The standard input of each is a pipe of this process, with which it ends."""

from __future__ import annotations

import os
import queue
import re
import secrets
import subprocess
import tempfile
import threading
from dataclasses import dataclass, field
from typing import IO, Dict, List, Mapping, Optional, Sequence

_START_LIMIT = 60.0
_STOP_LIMIT = 10.0
_FREE_PORTS = ["--addr", "127.0.0.1:0", "--control-addr", "127.0.0.1:0", "--mqtt-addr", "127.0.0.1:0"]
_SERVE = ["serve", "--end-with-stdin", "--log", "off"]
_CONTROL_PLANE = re.compile(r"control plane\s+(http://\S+)")
_TOKEN_VARIABLE = "TOKENSTAGE_CONTROL_TOKEN"
# What the image listens at, by the names of endpoints.
_PORTS = {"data": "4010/tcp", "control": "4011/tcp", "mqtt": "4012/tcp"}


@dataclass
class Started:
    """A server, and how it is reached and ended."""

    control: str
    token: Optional[str] = None
    #: Where this process reaches what the server names by addresses of its own; None where those are good.
    addresses: Optional[Mapping[str, str]] = None
    process: Optional["Process"] = field(default=None, repr=False)

    def stop(self) -> None:
        if self.process:
            self.process.stop()


def start_binary(binary: Optional[str], args: Sequence[str]) -> Started:
    """Starts the binary on free ports."""
    command = binary or os.environ.get("TOKENSTAGE_BIN") or "tokenstage"
    try:
        process = Process([command, *_SERVE, *_FREE_PORTS, *args], _environment())
    except OSError as error:
        raise RuntimeError(
            f"start {command}: {error.strerror}: install tokenstage, or name its binary in TOKENSTAGE_BIN"
        ) from error
    return Started(process.control_plane(), process=process)


def start_container(image: Optional[str], docker: str) -> Started:
    """Starts the image by the command of the engine, on free ports of the loopback address."""
    name, token = "tokenstage-" + secrets.token_hex(6), secrets.token_hex(16)
    published: List[str] = []
    for port in _PORTS.values():
        published += ["-p", "127.0.0.1::" + port]
    chosen = image or os.environ.get("TOKENSTAGE_IMAGE") or "tokenstage"
    command = [docker, "run", "-i", "--rm", "--name", name, *published, "-e", _TOKEN_VARIABLE, chosen, *_SERVE]
    try:
        process = Process(command, {**_environment(), _TOKEN_VARIABLE: token})
    except OSError as error:
        raise RuntimeError(f"start the image {chosen}: {docker}: {error.strerror}") from error
    process.control_plane()
    addresses = {}
    for endpoint, port in _PORTS.items():
        said = subprocess.run([docker, "port", name, port], check=True, capture_output=True, text=True).stdout
        addresses[endpoint] = said.split()[0]
    return Started("http://" + addresses["control"], token, addresses, process)


class Process:
    """A server that this process started."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        self._command = command[0]
        self._errors: IO[bytes] = tempfile.TemporaryFile()
        self._process = subprocess.Popen(
            command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors
        )
        self._said: queue.Queue[Optional[str]] = queue.Queue()
        # What it says is read to the end, so that it never waits for a reader.
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def control_plane(self) -> str:
        """Waits until the server says where its control plane is."""
        try:
            url = self._said.get(timeout=_START_LIMIT)
        except queue.Empty:
            url = None
        if url:
            return url
        self.stop()
        self._errors.seek(0)
        said = self._errors.read().decode(errors="replace").strip()
        raise RuntimeError(f"start {self._command}: it ended with {self._process.returncode}\n{said}".strip())

    def stop(self) -> None:
        """Ends the server and waits until it has."""
        assert self._process.stdin and self._process.stdout
        self._process.stdin.close()
        try:
            self._process.wait(_STOP_LIMIT)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join(_STOP_LIMIT)
        self._process.stdout.close()

    def _read(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            found = _CONTROL_PLANE.match(line.decode(errors="replace"))
            if found:
                self._said.put(found.group(1))
        self._said.put(None)


def _environment() -> Dict[str, str]:
    """The environment without settings of Tokenstage: what is started is what the arguments say."""
    return {name: value for name, value in os.environ.items() if not name.startswith("TOKENSTAGE_")}
