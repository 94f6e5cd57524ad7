"""A TestCase with a server for its class and a sandbox for each test.

    class TestBackOff(SandboxTestCase):
        sandbox_options = {"play": ["mqtt-throttled-then-fine"]}

        def test_backs_off(self):
            ... self.box ...
"""

from __future__ import annotations

import functools
import unittest
from contextlib import contextmanager
from typing import Any, Callable, ClassVar, Iterator, Mapping

from .emulator import Tokenstage
from .sandbox import Sandbox


class SandboxTestCase(unittest.TestCase):
    """A TestCase whose tests have ``self.box``, a sandbox of ``self.emulator``."""

    #: Arguments of Tokenstage.sandbox for the tests of the class.
    sandbox_options: ClassVar[Mapping[str, Any]] = {}
    emulator: ClassVar[Tokenstage]
    box: Sandbox

    def __init__(self, methodName: str = "runTest") -> None:
        super().__init__(methodName)
        self._failed = False
        test = getattr(self, methodName, None)
        if test is not None:
            setattr(self, methodName, self._noticing(test))

    @classmethod
    def start_tokenstage(cls) -> Tokenstage:
        """Starts the server of the class; another one may be chosen here."""
        return Tokenstage.start()

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.emulator = cls.start_tokenstage()
        cls.addClassCleanup(cls.emulator.stop)

    def setUp(self) -> None:
        super().setUp()
        self.box = self.emulator.sandbox(**self.sandbox_options)
        self.addCleanup(lambda: self.box.end(failed=self._failed))

    @contextmanager
    def subTest(self, *args: Any, **params: Any) -> Iterator[None]:
        """Is that of TestCase, which does not tell the test of a failure."""
        with super().subTest(*args, **params), self._notice():
            yield

    def _noticing(self, test: Callable[[], Any]) -> Callable[[], Any]:
        """Remembers whether the test failed, for the end of its sandbox."""

        @functools.wraps(test)
        def noticing() -> Any:
            with self._notice():
                return test()

        return noticing

    @contextmanager
    def _notice(self) -> Iterator[None]:
        try:
            yield
        except unittest.SkipTest:
            raise
        except BaseException:
            self._failed = True
            raise
