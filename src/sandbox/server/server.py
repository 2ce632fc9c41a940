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
import program
from children import CandidateChild, CommandChild, HostChild, ProgramChild, SessionChild
from frames import receive, send
from streams import read_json, receive_body
from supervise import Door, supervise
from task import Task
from workspace import Workspace

CONTROL_LIMIT = 64 << 20


class Server:
    """One method for each request; `body` is a memory file that only children read."""

    def __init__(self, owner, setup):
        self.owner = owner
        self.walls = setup['walls']
        self.walls['baseBytes'] = address_space_in_use()
        # As programs are to find it; they inherit it.
        os.environ.clear()
        os.environ.update(setup['environment'])
        self.task = None
        self.control = None

    def do_load(self, head, body):
        """Loads a trusted module whose `load(setup)` makes the state that every call inherits."""
        spec = importlib.util.spec_from_file_location('host_module', head['path'])
        module = importlib.util.module_from_spec(spec)
        sys.modules['host_module'] = module
        spec.loader.exec_module(module)
        self.module = module
        self.state = module.load(read_json(os.dup(body)))
        gc.collect()
        gc.freeze()
        self.walls['baseBytes'] = address_space_in_use()
        send(self.owner, {})

    def do_call(self, head, body):
        if not hasattr(self.module, 'candidate'):
            child = HostChild(self.module, self.state, body, None)
            self.run_to_end(child, head['limits'])
            return
        ours, theirs = socket.socketpair()
        child = HostChild(self.module, self.state, body, theirs)
        self.run_to_end(child, head['limits'], ours, theirs)

    def start_candidate(self, limits, channel):
        child = CandidateChild(self.module, self.state, channel)
        return Task(limits, self.walls, child)

    def do_run(self, head, body):
        self.run_to_end(ProgramChild(body), head['limits'])

    def run_to_end(self, child, limits, door_channel=None, child_channel=None):
        task = Task(limits, self.walls, child)
        door = None
        if door_channel is not None:
            child_channel.close()
            door = Door(door_channel, task.pid, limits, self.start_candidate)
        try:
            cause = supervise(task, limits, door=door)
            task.end()
            task.drain(limits['outputBytes'])
        finally:
            if door is not None:
                door.close()
            task.dispose()
        if door is not None:
            task.fault = task.fault or door.fault
        self.answer(task, {**task.report(cause), 'wallMs': task.wall_ns / 1e6})
        task.close_streams()

    def do_steps(self, head, body):
        """Runs commands one after the other in the same folders, until one fails."""
        workspace = Workspace(self.walls)
        done = []
        try:
            for step in head['steps']:
                child = CommandChild(step, body, workspace)
                task = Task(step['limits'], self.walls, child)
                try:
                    cause = supervise(task, step['limits'])
                    task.end()
                    task.drain(step['limits']['outputBytes'])
                finally:
                    task.dispose()
                done.append((task, cause))
                if task.fault or task.status != 0 or cause != 'exited':
                    break
                workspace.after_step()
        finally:
            workspace.dispose()
        streams = [stream for task, _ in done for stream in task.streams]
        reports = [
            {
                **task.report(cause),
                'wallMs': task.wall_ns / 1e6,
                'lengths': [stream.length for stream in task.streams],
            }
            for task, cause in done
        ]
        send(self.owner, {'steps': reports}, sum(stream.length for stream in streams))
        for stream in streams:
            stream.send_to(self.owner)
        for task, _ in done:
            task.close_streams()

    def do_open(self, head, body):
        ours, theirs = socket.socketpair()
        mark = os.urandom(12).hex().encode()
        child = SessionChild(theirs, mark)
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
            self.forward(body)
            cause = supervise(task, limits, self.control)
            if cause == 'answered':
                message = receive(self.control, CONTROL_LIMIT)
                answer = message and check_cell_answer(message[0])
                if answer is None:
                    cause = 'exited'
        except (OSError, ValueError):
            cause = 'exited'
        wall = (time.monotonic_ns() - begin) / 1e6
        if cause == 'answered':
            task.drain(limits['outputBytes'])
            task.charged_ns = task.meter.answered()
            task.cpu_ns = task.meter.cpu_of_charge()
            self.answer(task, {**task.report(cause), 'wallMs': wall, 'cell': answer})
            for stream in task.streams:
                stream.clear()
            return
        task.end()
        task.drain(limits['outputBytes'])
        task.dispose()
        self.control.close()
        self.answer(task, {**task.report(cause), 'wallMs': wall})
        task.close_streams()
        self.task = None

    def forward(self, body):
        """Sends the text of a cell on to its session."""
        length = os.fstat(body).st_size
        send(self.control, {}, length)
        offset = 0
        while offset < length:
            offset += os.sendfile(self.control.fileno(), body, offset, length - offset)

    def do_close(self, head, body):
        if self.task is not None:
            self.task.dispose()
            self.task.close_streams()
            self.control.close()
            self.task = None
        send(self.owner, {})

    def answer(self, task, report):
        lengths = [stream.length for stream in task.streams]
        send(self.owner, {'cell': None, **report, 'lengths': lengths}, sum(lengths))
        for stream in task.streams:
            stream.send_to(self.owner)


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
    # Process 1 of a namespace ignores what it has no handler for.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    owner = socket.socket(fileno=3)
    os.set_inheritable(3, False)
    os.umask(0o022)
    head, _ = receive(owner)
    if not head['walls']['namespaces']:
        confine.prctl(confine.PR_SET_CHILD_SUBREAPER, 1)
        confine.prctl(confine.PR_SET_PDEATHSIG, signal.SIGKILL)
    program.be_site(**head['site'])
    program.make_streams()
    server = Server(owner, head)
    send(owner, {'countsWaits': charged_time.KERNEL_COUNTS_WAITS})
    gc.collect()
    gc.freeze()
    while True:
        request = receive(owner)
        if request is None:
            return
        head, length = request
        body = receive_body(owner, length)
        if body is None:
            return
        try:
            getattr(server, 'do_' + head['op'])(head, body)
        finally:
            os.close(body)


main()
