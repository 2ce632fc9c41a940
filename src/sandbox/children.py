"""What a confined child is made for: a program, a session, a call of a loaded module."""

import fcntl
import json
import os
import socket
import sys

import program
from cells import run_cells, write_all


def memory_file(data):
    descriptor = os.memfd_create('stdin', os.MFD_CLOEXEC)
    with open(descriptor, 'wb', closefd=False) as file:
        file.write(data)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


class ProgramChild:
    has_lines = False

    def __init__(self, request, environment):
        self.request = request
        self.environment = environment
        self.stdin = request.get('stdin')

    def prepare(self, out, err, _):
        if self.stdin:
            os.dup2(memory_file(self.stdin.encode('utf-8', 'surrogatepass')), 0)
        os.dup2(out, 1)
        os.dup2(err, 2)
        return 3

    def enter(self):
        source = self.request['source']
        program.write_files({**self.request.get('files', {}), program.NAME: source})
        self.module = program.prepare_interpreter(self.environment, program.NAME)

    def run(self):
        return program.run_program(self.request['source'], self.module)


class SessionChild:
    has_lines = False

    def __init__(self, channel, environment, mark, files):
        self.channel = channel
        self.environment = environment
        self.mark = mark
        self.files = files

    def prepare(self, out, err, _):
        os.dup2(out, 1)
        os.dup2(out, 2)
        if self.channel.fileno() != 3:
            os.dup2(self.channel.fileno(), 3)
            self.channel.detach()
            self.channel = socket.socket(fileno=3)
        return 4

    def enter(self):
        program.write_files(self.files)
        self.module = program.prepare_interpreter(self.environment, 'session')

    def run(self):
        run_cells(self.channel, self.module, self.mark)
        return 0


class HostChild:
    """A call of the loaded module: what it reports goes out as lines of their own."""

    has_lines = True

    def __init__(self, module, state, payload, environment):
        self.module = module
        self.state = state
        self.payload = payload
        self.environment = environment

    def prepare(self, out, err, lines):
        # High numbers first: a target may be the number of another source.
        lines = fcntl.fcntl(lines, fcntl.F_DUPFD, 16)
        os.dup2(out, 1)
        os.dup2(err, 2)
        os.dup2(lines, 3)
        return 4

    def enter(self):
        program.prepare_interpreter(self.environment, program.NAME)

    def run(self):
        def report(value):
            write_all(3, json.dumps(value).encode('ascii') + b'\n')

        try:
            self.module.handle(self.state, self.payload, report)
        except SystemExit as request:
            return program.exit_status(request)
        except BaseException as error:
            program.show_uncaught(error)
            return 1
        sys.stdout.flush()
        return 0
