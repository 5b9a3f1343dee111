"""Wall seconds by part of a run."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager


class Timings:
    """Wall seconds spent in each part of a run, for the benchmark.

    A part inside another is counted once, to the inner one, so that with one worker the parts sum to the
    run. With more workers the seconds of all threads add up to more than the run took.
    """

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._lock = threading.Lock()
        self._inner = threading.local()

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Count the time inside to a part."""
        outer, self._inner.seconds = getattr(self._inner, "seconds", 0.0), 0.0
        started = time.perf_counter()
        try:
            yield
        finally:
            took = time.perf_counter() - started
            with self._lock:
                self.seconds[name] = self.seconds.get(name, 0.0) + took - self._inner.seconds
            self._inner.seconds = outer + took
