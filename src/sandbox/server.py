"""The warm server of one worker: forks a confined child for each program or session.

It speaks with its owner over the socket on descriptor 3, one request at a time. Children never
hold that socket; how a program ended is read from the kernel, never from the program.
"""

import gc
import importlib.util
import os
import signal
import socket
import sys
import time

# Imported once here so that a program's own import of them costs nothing.
import bisect, collections, copy, datetime, fractions, functools, heapq, itertools, json  # noqa: E401, F401
import math, operator, random, re, statistics, string, typing  # noqa: E401, F401

import charged_time
import confine
from children import HostChild, ProgramChild, SessionChild
from frames import receive, send
from task import Task

FLAGS = ['-s', '-B', '-X', 'utf8']  # as worker.ts gives them
CONTROL_LIMIT = 64 << 20


class Server:
    def __init__(self, owner, setup):
        self.owner = owner
        self.walls = setup['walls']
        self.walls['baseBytes'] = address_space_in_use()
        self.environment = setup['environment']
        self.task = None
        self.control = None

    def handle(self, head, body):
        getattr(self, 'do_' + head['op'])(head, body)

    def do_ping(self, head, body):
        send(self.owner, {'countsWaits': charged_time.KERNEL_COUNTS_WAITS})

    def do_load(self, head, body):
        """Loads a trusted module whose `load(setup)` makes the state that every call inherits."""
        spec = importlib.util.spec_from_file_location('host_module', head['path'])
        module = importlib.util.module_from_spec(spec)
        sys.modules['host_module'] = module
        spec.loader.exec_module(module)
        self.module = module
        self.state = module.load(head['setup'])
        gc.collect()
        gc.freeze()
        self.walls['baseBytes'] = address_space_in_use()
        send(self.owner, {})

    def do_call(self, head, body):
        child = HostChild(self.module, self.state, head['payload'], self.environment)
        self.run_to_end(child, head['limits'])

    def do_run(self, head, body):
        self.run_to_end(ProgramChild(head, self.environment), head['limits'])

    def run_to_end(self, child, limits):
        task = Task(limits, self.walls, child)
        try:
            cause = task.supervise(limits)
            task.end()
            task.drain(limits['outputBytes'])
        finally:
            task.dispose()
        self.answer(task, cause, task.cpu_ns, task.charged_ns, task.wall_ns)

    def do_open(self, head, body):
        ours, theirs = socket.socketpair()
        mark = os.urandom(12).hex().encode()
        child = SessionChild(theirs, self.environment, mark, head.get('files', {}))
        self.task = Task({**head['limits'], 'session': True}, self.walls, child)
        theirs.close()
        self.control = ours
        send(self.owner, {'mark': mark.decode()})

    def do_cell(self, head, body):
        task, limits = self.task, head['limits']
        task.meter.begin()
        begin = time.monotonic_ns()
        answer = None
        cause = 'exited'
        try:
            send(self.control, {'source': head['source']})
            cause = task.supervise(limits, self.control)
            if cause == 'answered':
                message = receive(self.control, CONTROL_LIMIT)
                answer = message and check_cell_answer(message[0])
                if answer is None:
                    cause = 'exited'
        except (OSError, ValueError):
            cause = 'exited'
        wall = time.monotonic_ns() - begin
        if cause == 'answered':
            task.drain(limits['outputBytes'])
            charged = task.meter.answered()
            self.answer(task, cause, task.meter.cpu_of_charge(), charged, wall, answer)
            for kept in task.outputs.values():
                kept.clear()
            return
        task.end()
        task.drain(limits['outputBytes'])
        task.dispose()
        self.control.close()
        self.answer(task, cause, task.cpu_ns, task.charged_ns, wall)
        self.task = None

    def do_close(self, head, body):
        if self.task is not None:
            self.task.dispose()
            self.control.close()
            self.task = None
        send(self.owner, {})

    def answer(self, task, cause, cpu_ns, charged_ns, wall_ns, cell=None):
        outputs = [task.outputs[descriptor] for descriptor in task.streams]
        status = task.status
        head = {
            'cause': cause,
            'fault': task.fault.decode('utf-8', 'replace'),
            'exitCode': None if status is None or os.WIFSIGNALED(status) else os.WEXITSTATUS(status),
            'signal': os.WTERMSIG(status) if status is not None and os.WIFSIGNALED(status) else None,
            'cpuMs': cpu_ns / 1e6,
            'chargedMs': charged_ns / 1e6,
            'wallMs': wall_ns / 1e6,
            'peakBytes': task.peak_kib * 1024,
            'lengths': [len(output) for output in outputs],
            'cell': cell,
        }
        send(self.owner, head, *outputs)


def check_cell_answer(answer):
    """The child's word about its own cell, which may be forged; None unless it has the form."""
    if not isinstance(answer, dict) or set(answer) != {'result', 'traceback'}:
        return None
    if not all(value is None or isinstance(value, str) for value in answer.values()):
        return None
    return answer


def address_space_in_use():
    with open('/proc/self/statm') as file:
        return int(file.read().split()[0]) * os.sysconf('SC_PAGE_SIZE')


def main():
    confine.fix_addresses([sys.executable, *FLAGS, __file__])
    # Process 1 of a namespace ignores what it has no handler for.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    sys.path.pop(0)
    owner = socket.socket(fileno=3)
    os.set_inheritable(3, False)
    os.umask(0o022)
    head, _ = receive(owner)
    if not head['walls']['namespaces']:
        confine.prctl(confine.PR_SET_CHILD_SUBREAPER, 1)
        confine.prctl(confine.PR_SET_PDEATHSIG, signal.SIGKILL)
    server = Server(owner, head)
    server.do_ping(None, None)
    gc.collect()
    gc.freeze()
    while True:
        request = receive(owner)
        if request is None:
            return
        server.handle(*request)


main()
