"""The time limit of one call."""

import _signal
import time

EARLY_SECONDS = 1e-3  # by which a timer may be early
# By which the time that a call is charged for may be wrong: what a reading costs is much for a call
# that takes microseconds.
READING_SECONDS = 2e-3


class TimeLimitExceeded(Exception):
    pass


class Timer:
    """Raises in the program when one call was charged for more than its limit, or when the program
    itself sent the signal; fires once a call."""

    def __init__(self, clock):
        self.waited = clock.waited_ns
        self.wall = time.monotonic
        # As the module `signal` has them, without what makes them members of an enumeration.
        self.set = _signal.setitimer
        self.kind = _signal.ITIMER_REAL
        self.install = _signal.signal
        self.signal = _signal.SIGALRM
        self.handler = self.on_alarm
        self.limit = 0.0
        self.due = 0.0
        self.started = 0.0
        self.waited_then = 0
        self.last_waited = 0
        self.last_read = -READING_SECONDS

    def start(self, limit):
        self.install(self.signal, self.handler)
        self.note(limit)
        self.set(self.kind, limit)

    def note(self, limit):
        """A call starts now, whose timer is set elsewhere."""
        self.limit = limit
        now = self.wall()
        if now - self.last_read >= READING_SECONDS:
            self.read(now)
        self.waited_then = self.last_waited
        self.started = now
        self.due = now + limit

    def stop(self):
        self.set(self.kind, 0)

    def spent(self):
        """Seconds that the call has been charged for since its start."""
        now = self.wall()
        seconds = now - self.started
        if seconds < READING_SECONDS:
            return seconds
        self.read(now)
        return seconds - (self.last_waited - self.waited_then) / 1e9

    def read(self, now):
        self.last_waited = self.waited()
        self.last_read = now

    def on_alarm(self, signal_number, frame):
        remaining = self.limit - self.spent()
        now = self.wall()
        if now >= self.due - EARLY_SECONDS and remaining > EARLY_SECONDS:
            self.due = now + remaining
            self.set(self.kind, remaining)
            return
        raise TimeLimitExceeded(f"no result within {self.limit:g} s")
