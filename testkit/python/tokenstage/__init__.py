"""Tests against Tokenstage, an emulator of cloud APIs that issue access tokens.

``Tokenstage`` starts or finds a server, ``Sandbox`` is a world of its own for each test, and ``Expectation`` claims what
came in. ``tokenstage.pytest_plugin`` and ``tokenstage.unittest`` end sandboxes with their tests.
"""

from .client import Client, Problem
from .emulator import Tokenstage
from .expectation import Expectation, ExpectationError
from .mqtt import MQTT
from .sandbox import Sandbox, Settings

__all__ = [
    "MQTT",
    "Client",
    "Expectation",
    "ExpectationError",
    "Problem",
    "Sandbox",
    "Settings",
    "Tokenstage",
]
