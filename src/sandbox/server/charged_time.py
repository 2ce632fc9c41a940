"""Time that counts: all but the time spent ready to run and waiting for a processor.

Host modules may import this too, for limits of single calls.
"""

import os
import time

try:
    with open('/proc/self/schedstat') as _file:
        KERNEL_COUNTS_WAITS = len(_file.read().split()) >= 2
except OSError:
    KERNEL_COUNTS_WAITS = False


def waited_ns(path):
    """Nanoseconds that a task has waited for a processor; 0 for one that is gone."""
    try:
        with open(path, 'rb', 0) as file:
            return int(file.read(100).split()[1])
    except (OSError, IndexError, ValueError):
        return 0


class Clock:
    """Seconds of the calling process's main thread; for the process that made it, not its forks."""

    def __init__(self):
        self._wall = time.monotonic
        self._pread = os.pread
        self._descriptor = None
        if KERNEL_COUNTS_WAITS:
            self._descriptor = os.open('/proc/self/schedstat', os.O_RDONLY | os.O_CLOEXEC)

    def now(self):
        if self._descriptor is None:
            return self._wall()
        return self._wall() - self.waited_ns() / 1e9

    def waited_ns(self):
        if self._descriptor is None:
            return 0
        return int(self._pread(self._descriptor, 100, 0).split()[1])
