"""What a task is charged, measured from outside it: CPU time of its whole tree, and time in which
nothing of it ran or wanted to run. Waiting for a processor is not charged.

For one thread, time asleep is wall time less CPU time less the waiting that the kernel counts. For
a tree, the waiting of all its threads is taken off, which charges at most too little where some
sleep while others wait. What threads that ended between two looks had waited is unknown; there the
looks themselves bound the time asleep: the sum of the intervals at whose end nothing was runnable.
"""

import os
import time

from charged_time import Clock, waited_ns
from processes import cpu_ns, has_lost_children, own_bytes, own_cpu_ns, read_waits, tree_below

FIRST_LOOK_NS = 8_000_000
LOOK_NS = 100_000_000
LOOK_WEIGHING_NS = 25_000_000  # where a look is all that minds memory, and costs little
SHORTEST_LOOK_NS = 2_000_000

_server_clock = None


def server_waited_ns():
    """How long the server itself has waited for a processor."""
    global _server_clock
    if _server_clock is None:
        _server_clock = Clock()
    return _server_clock.waited_ns()


class Meter:
    """The charge of one task, or of one cell of a session."""

    def __init__(self, pid, roots, weighs):
        self.pid = pid
        self.roots = roots
        self.waits = {}
        self.living = set()
        # Whether threads ended unseen, so that some waiting is unknown.
        self.lost = False
        self.cpu = 0
        # Memory of the tree, where no cgroup minds it.
        self.weighs = weighs
        self.memory = 0
        self.base_bytes = own_bytes(os.getpid()) if weighs else 0
        self._begin()

    def begin(self):
        """Starts a new charge, for the next cell of a session."""
        self.look()
        self._begin()

    def _begin(self):
        self.begun = self.last = time.monotonic_ns()
        self.base_waits = sum(self.waits.values())
        self.base_cpu = self.cpu
        self.late = self.asleep = self.seen_asleep = 0
        self.runnable = True

    def look(self):
        """Notes the tree's CPU time and waiting so far, and whether any of it can run."""
        cpu, runnable, before, memory = 0, False, self.living, 0
        self.living = set()
        for pid, fields in tree_below(self.roots).items():
            cpu += cpu_ns(pid, fields)
            if self.weighs:
                # Each fork has the server's pages, and most still share them.
                memory += max(0, own_bytes(pid) - self.base_bytes)
            self.lost = self.lost or has_lost_children(fields)
            runnable = read_waits(pid, fields, self.waits, self.living) or runnable
        self.lost = self.lost or not before <= self.living
        self.cpu = max(self.cpu, cpu)
        self.runnable = runnable
        self.memory = memory

    def charged(self):
        """Looks, and returns ns charged so far; rather too little than too much while one waits."""
        self.look()
        now = time.monotonic_ns()
        if not self.runnable:
            self.seen_asleep += now - self.last
            self.asleep = max(self.asleep, self._asleep_until(now))
        self.last = now
        return self.cpu_of_charge() + self.asleep

    def server_was_late(self, waited):
        """The program could not go on, or be seen to end, while the server waited for a processor."""
        self.late += waited

    def cpu_of_charge(self):
        return self.cpu - self.base_cpu

    def answered(self):
        """ns charged for a cell that has ended while its interpreter lives on."""
        self.look()
        return self._total(time.monotonic_ns())

    def look_at_dead(self):
        """Takes the last figures of the first process, ended and not yet reaped; its CPU time."""
        self.lost = self.lost or len(self.living - {self.pid}) > 1
        waited = waited_ns('/proc/%d/schedstat' % self.pid)
        self.waits[self.pid] = max(self.waits.get(self.pid, 0), waited)
        return own_cpu_ns(self.pid)

    def finish(self, ended, own_cpu, total_cpu):
        """ns charged in all, now that the tree is dead; `total_cpu` is all of its CPU time."""
        if own_cpu is not None and total_cpu - own_cpu > 1_000_000:
            self.lost = True
        self.cpu = max(self.cpu, total_cpu)
        return self._total(ended)

    def _total(self, ended):
        self.seen_asleep += max(0, ended - self.last)
        return self.cpu_of_charge() + max(self.asleep, self._asleep_until(ended))

    def _asleep_until(self, now):
        waited = sum(self.waits.values()) - self.base_waits + self.late
        asleep = max(0, now - self.begun - waited - self.cpu_of_charge())
        return min(asleep, self.seen_asleep) if self.lost else asleep

    def pause_ns(self, left_cpu, left_charged, cores):
        """How long until the next look."""
        longest = LOOK_WEIGHING_NS if self.weighs and len(self.living) < 16 else LOOK_NS
        soonest = left_cpu // cores if self.runnable else min(left_cpu // cores, left_charged)
        return max(SHORTEST_LOOK_NS, min(longest, soonest))
