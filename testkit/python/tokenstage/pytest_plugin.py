"""Fixtures for pytest: ``tokenstage``, a server for the whole run, and ``box``, a sandbox for the test.

    @pytest.mark.tokenstage(play=["mqtt-throttled-then-fine"])
    def test_backs_off(box):
        ...

A fixture ``tokenstage`` of your own, with scope ``session``, takes another server.
"""

from __future__ import annotations

from typing import Any, Generator, Iterator

import pytest

from .emulator import Tokenstage
from .sandbox import Sandbox

_failed = pytest.StashKey[bool]()


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "tokenstage(**options): what the sandbox of the fixture box is made from")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, None]:
    """Remembers whether a test failed, for the end of its sandbox."""
    outcome = yield
    if outcome.get_result().failed:
        item.stash[_failed] = True


@pytest.fixture(scope="session")
def tokenstage() -> Iterator[Tokenstage]:
    """A server for the whole run."""
    with Tokenstage.start() as emulator:
        yield emulator


@pytest.fixture
def box(tokenstage: Tokenstage, request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    """A sandbox for the test, made from the options of its marks; the nearest mark wins."""
    options: dict[str, Any] = {}
    for mark in request.node.iter_markers("tokenstage"):
        options = {**mark.kwargs, **options}
    made = tokenstage.sandbox(**options)
    yield made
    made.end(failed=request.node.stash.get(_failed, False))
