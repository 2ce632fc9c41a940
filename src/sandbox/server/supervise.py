"""Waits on a task, and on the candidate that it may have started, keeping both to their limits."""

import os
import select
import signal
import socket
import time

from frames import receive, send
from meter import server_waited_ns

# Nothing but a stop of everything (a frozen container, a paused virtual machine) makes the server
# miss its time by so much without waiting for a processor.
STOOD_STILL_NS = 200_000_000
REQUEST_LIMIT = 1 << 16
CHANNEL_BUFFER_BYTES = 1 << 20


def supervise(task, limits, control=None, door=None):
    """Until the task ends, answers on `control`, or goes over a limit; says which."""
    task.begin_watch(limits)
    while True:
        tasks = [task] if door is None or door.candidate is None else [task, door.candidate]
        poller = select.poll()
        for descriptor in [each for one in tasks for each in one.descriptors()]:
            poller.register(descriptor, select.POLLIN)
        for channel in (control, door and door.channel):
            if channel is not None:
                poller.register(channel, select.POLLIN)
        due, waited = min(one.due for one in tasks), server_waited_ns()
        ready = dict(poller.poll(max(0, due - time.monotonic_ns()) / 1e6))
        waited = server_waited_ns() - waited
        still_ns = time.monotonic_ns() - due - waited
        if still_ns > STOOD_STILL_NS:
            for one in tasks:
                one.stood_still(still_ns)
        late_ns = waited if ready else 0
        cause = task.attend(ready, late_ns)
        if cause is not None:
            return cause
        if control is not None and control.fileno() in ready:
            return 'answered'
        if door is not None:
            if door.candidate is not None:
                cause = door.candidate.attend(ready, late_ns)
                if cause is not None:
                    door.finish(cause)
            if door.channel is not None and door.channel.fileno() in ready:
                door.serve()


class Door:
    """The server's side of `Candidates` in a task: starts candidates for it, one at a time."""

    def __init__(self, channel, owner_pid, limits, start):
        self.channel = channel
        self.candidate = None
        self.fault = b''
        self._spare = (owner_pid,)
        self._limits = limits
        self._start = start
        self._report = None

    def serve(self):
        request = receive(self.channel, REQUEST_LIMIT)
        if request is None:
            self.close()
        elif request[0]['op'] == 'start':
            self.finish('stopped')
            self._begin({**self._limits, **request[0]['limits']})
        else:
            self.finish('stopped')
            send(self.channel, self._report)

    def _begin(self, limits):
        ours, theirs = socket.socketpair()
        for end in (ours, theirs):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, CHANNEL_BUFFER_BYTES)
        self.candidate = self._start(limits, theirs)
        theirs.close()
        self.candidate.begin_watch(limits)
        send(self.channel, {})
        socket.send_fds(self.channel, [b'.'], [ours.fileno()])
        ours.close()

    def finish(self, cause):
        """Ends the candidate, if there is one, and keeps its report."""
        if self.candidate is None:
            return
        candidate, self.candidate = self.candidate, None
        candidate.end(self._spare)
        candidate.dispose(self._spare)
        candidate.close_streams()
        # Its socket is closed a moment before it has ended.
        killed = os.WIFSIGNALED(candidate.status) and os.WTERMSIG(candidate.status) == signal.SIGKILL
        ended_first = cause == 'stopped' and not killed
        self._report = candidate.report('exited' if ended_first else cause)
        self.fault = self.fault or candidate.fault

    def close(self):
        self.finish('stopped')
        if self.channel is not None:
            self.channel.close()
            self.channel = None
