"""Waiting for a condition, never for a time."""

import threading
import time

_never = threading.Event()


def wait_until(holds, timeout=10.0, what="the condition"):
    """Asks `holds` until it is true and returns what it said; fails the test after `timeout`."""
    end = time.monotonic() + timeout
    while not (value := holds()):
        if time.monotonic() > end:
            raise AssertionError(f"{what} did not come true within {timeout} s (last: {value!r})")
        _never.wait(0.01)
    return value


def stays(holds, seconds, what="the condition"):
    """Fails as soon as `holds` is false within the next `seconds`."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        assert holds(), f"{what} did not hold"
        _never.wait(0.01)
