"""What a confined child is made for: a program, a session, a call of a loaded module, a candidate
of such a call.

`prepare` is called before the walls are up and gets the child's ends of its pipes; it returns the
first descriptor that is not to be kept. `enter` is called behind the walls; `run` last.
"""

import fcntl
import json
import os
import resource
import signal
import socket
import sys

import program
from cells import run_cells
from frames import receive, send, write_all
from streams import read_json, text_file


class Child:
    """What all kinds share."""

    # Whom the kernel is to end first when memory runs out.
    oom_score = 1000
    # Folders that outlast the child, for the next step of a program.
    workspace = None

    def memory_limits(self, limits, walls):
        return {resource.RLIMIT_AS: limits['memoryBytes'] + walls['baseBytes']}


class ProgramChild(Child):
    stream_count = 2

    def __init__(self, request):
        self.request = request

    def prepare(self, out, err):
        os.dup2(out, 1)
        os.dup2(err, 2)
        self.request = read_json(self.request)
        if self.request.get('stdin'):
            os.dup2(text_file(self.request['stdin']), 0)
        return 3

    def enter(self):
        source = self.request['source']
        write_files({**self.request.get('files', {}), program.NAME: source})
        self.module = program.prepare_interpreter(program.NAME)

    def run(self):
        return program.run_program(self.request['source'], self.module)


class CommandChild(Child):
    """One step of a program in another language: a compiler, or what it made."""

    stream_count = 2

    def __init__(self, step, request, workspace):
        self.command = step['command']
        self.takes_input = step['takesInput']
        self.request = request
        self.workspace = workspace
        self.environment = {**os.environ, **step['environment']}

    def memory_limits(self, limits, walls):
        # Many runtimes reserve far more address space than they use. What they may write to counts
        # where nothing better does.
        if walls['memoryGroup']:
            return {}
        return {resource.RLIMIT_DATA: limits['memoryBytes'] + RUNTIME_BYTES}

    def prepare(self, out, err):
        os.dup2(out, 1)
        os.dup2(err, 2)
        self.request = read_json(os.dup(self.request))
        if self.takes_input and self.request.get('stdin'):
            os.dup2(text_file(self.request['stdin']), 0)
        return 3

    def enter(self):
        if not self.workspace.is_used:
            write_files(self.request['files'])

    def run(self):
        # Python ignores these; a program must not inherit that.
        for number in (signal.SIGPIPE, signal.SIGXFSZ):
            signal.signal(number, signal.SIG_DFL)
        try:
            os.execve(self.command[0], self.command, self.environment)
        except OSError as error:
            os.write(2, b'%s: %s\n' % (os.fsencode(self.command[0]), error.strerror.encode()))
        return 127


RUNTIME_BYTES = 1 << 30


class SessionChild(Child):
    stream_count = 1

    def __init__(self, channel, mark):
        self.channel = channel
        self.mark = mark

    def prepare(self, out):
        self.channel = move_socket(self.channel, 3, [out])
        os.dup2(out, 1)
        os.dup2(out, 2)
        return 4

    def enter(self):
        self.module = program.prepare_interpreter('session')

    def run(self):
        run_cells(self.channel, self.module, self.mark)
        return 0


class HostChild(Child):
    """A call of the loaded module: what it reports goes out as lines of their own."""

    stream_count = 3
    # Candidates, which nobody trusts, are to go first when memory runs out.
    oom_score = 0

    def __init__(self, module, state, payload, door):
        self.module = module
        self.state = state
        self.payload = payload
        self.door = door

    def prepare(self, out, err, lines):
        # High numbers first: a target may be the number of another source.
        lines = fcntl.fcntl(lines, fcntl.F_DUPFD, 16)
        door = None if self.door is None else fcntl.fcntl(self.door, fcntl.F_DUPFD, 16)
        self.payload = read_json(fcntl.fcntl(self.payload, fcntl.F_DUPFD, 16))
        os.dup2(out, 1)
        os.dup2(err, 2)
        os.dup2(lines, 3)
        if door is None:
            return 4
        os.dup2(door, 4)
        self.door.detach()
        self.door = socket.socket(fileno=4)
        return 5

    def enter(self):
        program.prepare_interpreter(program.NAME)

    def run(self):
        def report(value):
            write_all(3, json.dumps(value, allow_nan=False).encode('ascii') + b'\n')

        arguments = [self.state, self.payload, report]
        if self.door is not None:
            arguments.append(Candidates(self.door))
        return run_handler(lambda: self.module.handle(*arguments))


class CandidateChild(Child):
    """Runs the module's `candidate`, in walls of its own, with nothing but a socket to its call."""

    stream_count = 0

    def __init__(self, module, state, channel):
        self.module = module
        self.state = state
        self.channel = channel

    def prepare(self):
        self.channel = move_socket(self.channel, 3, [])
        nothing = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(nothing, descriptor)
        return 4

    def enter(self):
        program.prepare_interpreter(program.NAME)

    def run(self):
        return run_handler(lambda: self.module.candidate(self.state, self.channel))


class Candidates:
    """Given to `handle` of a module that has `candidate`."""

    def __init__(self, door):
        self._door = door

    def start(self, **limits):
        """Starts a candidate with the limits of the call, changed by `limits`; ends the last one."""
        send(self._door, {'op': 'start', 'limits': limits})
        if receive(self._door) is None:
            raise EOFError('the server is gone')
        _, descriptors, _, _ = socket.recv_fds(self._door, 1, 1)
        return Candidate(self._door, socket.socket(fileno=descriptors[0]))


class Candidate:
    """`channel` is a socket to the function `candidate`; it ends when the candidate does."""

    def __init__(self, door, channel):
        self._door = door
        self.channel = channel

    def end(self):
        """Kills all of it; returns a dict with `cause` ('exited', 'cpu-timeout', 'charged-timeout',
        'wall-timeout', or 'stopped' by this call), `exitCode`, `signal`, `cpuMs`, `chargedMs` and
        `peakBytes`, all measured outside the candidate."""
        self.channel.close()
        send(self._door, {'op': 'end'})
        report, _ = receive(self._door)
        if report['fault']:
            raise RuntimeError(report['fault'])
        return report


def run_handler(handler):
    try:
        handler()
    except SystemExit as request:
        return program.exit_status(request)
    except BaseException as error:
        program.show_uncaught(error)
        return 1
    sys.stdout.flush()
    return 0


def write_files(files):
    """A program whose files do not fit has itself to blame."""
    try:
        program.write_files(files)
    except OSError as error:
        os.write(2, b'the files of the program cannot be written: %s\n' % error.strerror.encode())
        os._exit(1)


def move_socket(channel, number, in_use):
    """The socket at another descriptor; those `in_use` must lie above it."""
    assert number not in in_use
    if channel.fileno() == number:
        return channel
    os.dup2(channel.fileno(), number)
    channel.detach()
    return socket.socket(fileno=number)
