"""The time limit of one call."""

import signal
import time

EARLY_SECONDS = 1e-3  # by which a timer may be early


class TimeLimitExceeded(Exception):
    pass


class Timer:
    """Raises in the program when one call was charged for more than its limit, or when the program
    itself sent the signal; fires once a call."""

    def __init__(self, clock):
        self.clock = clock
        self.set = signal.setitimer
        self.kind = signal.ITIMER_REAL
        self.install = signal.signal
        self.signal = signal.SIGALRM
        self.limit = 0.0
        self.started = 0.0
        self.wall = time.monotonic
        self.due = 0.0

    def start(self, limit):
        """Returns when it started."""
        self.limit = limit
        self.install(self.signal, self.on_alarm)
        self.started = started = self.clock.now()
        self.arm(limit)
        return started

    def note(self, limit, started):
        """For a timer that was set elsewhere."""
        self.limit = limit
        self.started = started
        self.due = self.wall() + limit

    def arm(self, seconds):
        self.due = self.wall() + seconds
        self.set(self.kind, seconds)

    def stop(self):
        self.set(self.kind, 0)

    def on_alarm(self, signal_number, frame):
        remaining = self.limit - (self.clock.now() - self.started)
        is_ours = self.wall() >= self.due - EARLY_SECONDS
        if is_ours and remaining > EARLY_SECONDS:
            self.arm(remaining)
            return
        raise TimeLimitExceeded(f"no result within {self.limit:g} s")
