"""The warm server of one worker: forks a confined child for each program or session.

It speaks with its owner over the socket on descriptor 3, one request at a time. Children never
hold that socket; how a program ended is read from the kernel, never from the program.
"""

import fcntl
import gc
import importlib.util
import os
import select
import shutil
import signal
import socket
import sys
import tempfile
import time

# Imported once here so that a program's own import of them costs nothing.
import bisect, collections, copy, datetime, fractions, functools, heapq, itertools, json  # noqa: E401, F401
import math, operator, random, re, statistics, string, typing  # noqa: E401, F401

import confine
import program
from cells import run_cells, write_all
from frames import receive, send

CORES = os.cpu_count() or 1
PIPE_READ = 65536
FLAGS = ['-s', '-B', '-X', 'utf8']  # as worker.ts gives them
CONTROL_LIMIT = 64 << 20


class Task:
    """One confined child with its pipes; `dispose` ends everything it started."""

    def __init__(self, limits, walls, child):
        self.limits = limits
        self.walls = walls
        self.holder = None
        self.folder = None
        self.fault = b''
        self.status = None
        self.cpu_ns = 0
        self.peak_kib = 0
        self.outputs = {}
        self.open = set()
        self._started = time.monotonic_ns()
        self._fork(child)

    def _fork(self, child):
        out, out_child = os.pipe()
        err, err_child = os.pipe()
        fault, fault_child = os.pipe()
        lines, lines_child = os.pipe() if child.has_lines else (None, None)
        try:
            if self.walls['namespaces']:
                self.holder = confine.start_namespace_holder()
                self.pid = confine.fork_into(self.holder)
            else:
                self.folder = tempfile.mkdtemp(dir=self.walls['folder'])
                self.pid = os.fork()
            if self.pid == 0:
                self._run_child(child, (out_child, err_child, lines_child), fault_child)
        finally:
            for descriptor in (out_child, err_child, fault_child, lines_child):
                if descriptor is not None:
                    os.close(descriptor)
        self.pidfd = os.pidfd_open(self.pid)
        self.streams = [out, err] if lines is None else [out, err, lines]
        self.fault_pipe = fault
        for descriptor in self.streams:
            os.set_blocking(descriptor, False)
            self.outputs[descriptor] = bytearray()
            self.open.add(descriptor)

    def _run_child(self, child, streams, fault):
        try:
            try:
                keep = child.prepare(*streams)
                self._confine()
                child.enter()
            except BaseException as error:
                os.write(fault, repr(error).encode()[:4000])
                os._exit(70)
            os.closerange(keep, 65536)
            os._exit(child.run())
        finally:
            os._exit(70)

    def _confine(self):
        os.setsid()
        limits, walls = self.limits, self.walls
        walled = walls['namespaces']
        if walled:
            confine.make_private(limits['fileBytes'])
            confine.volunteer_for_oom()
            os.chdir('/work')
        else:
            os.chdir(self.folder)
        confine.limit_resources(limits, limits['memoryBytes'] + walls['baseBytes'], walled)
        if walled:
            if os.getuid() == 0 and walls['uid'] is not None:
                confine.become(walls['uid'])
            confine.drop_capabilities()
        confine.filter_syscalls()

    def supervise(self, cpu_limit_ns, wall_limit_ns, output_limit, control=None, cpu_used_ns=0):
        """Waits until the child ends, answers on `control`, or goes over a limit; says which."""
        poller = select.poll()
        poller.register(self.pidfd, select.POLLIN)
        for descriptor in self.open:
            poller.register(descriptor, select.POLLIN)
        if control is not None:
            poller.register(control, select.POLLIN)
        now = time.monotonic_ns()
        check_at = now + cpu_limit_ns // CORES
        wall_at = now + wall_limit_ns
        while True:
            pause_ns = min(check_at, wall_at) - now
            ready = dict(poller.poll(max(0, pause_ns) / 1e6))
            for descriptor in list(self.open):
                if descriptor in ready:
                    if not self._read(descriptor, output_limit):
                        poller.unregister(descriptor)
                    if len(self.outputs[descriptor]) > output_limit:
                        return 'output-limit'
            if self.pidfd in ready:
                return 'exited'
            if control is not None and control.fileno() in ready:
                return 'answered'
            now = time.monotonic_ns()
            if now >= wall_at:
                return 'wall-timeout'
            if now >= check_at:
                left = cpu_limit_ns + cpu_used_ns - self.cpu_now()
                if left <= 0:
                    return 'cpu-timeout'
                check_at = now + max(2_000_000, left // CORES)

    def _read(self, descriptor, limit):
        """Takes what is in the pipe; False at its end."""
        try:
            data = os.read(descriptor, PIPE_READ)
        except BlockingIOError:
            return True
        if not data:
            self.open.discard(descriptor)
            return False
        kept = self.outputs[descriptor]
        kept += data[: max(0, limit + 1 - len(kept))]
        return True

    def drain(self, output_limit):
        """Takes all that is in the pipes now."""
        for descriptor in list(self.open):
            while True:
                try:
                    data = os.read(descriptor, PIPE_READ)
                except BlockingIOError:
                    break
                if not data:
                    self.open.discard(descriptor)
                    break
                kept = self.outputs[descriptor]
                kept += data[: max(0, output_limit + 1 - len(kept))]

    def cpu_now(self):
        """CPU time in ns of everything that lives of this task, and of its children that ended."""
        total = 0
        for pid, fields in living_processes(below_server=self.holder is None):
            total += (int(fields[13]) + int(fields[14])) * TICK_NS
            try:
                # The process's own CPU clock (clock_getcpuclockid(3)), finer than stat's ticks.
                total += time.clock_gettime_ns((~pid << 3) | 2)
            except OSError:
                total += (int(fields[11]) + int(fields[12])) * TICK_NS
        return total

    def end(self):
        """Kills and reaps the whole tree; leaves status, CPU time and peak memory."""
        if self.status is not None:
            return
        # The kernel forgets the CPU time of processes that die with their namespace.
        seen_ns = self.cpu_now() if self._has_company() else 0
        if not self._has_ended():
            signal.pidfd_send_signal(self.pidfd, signal.SIGKILL)
        if self.holder is not None:
            os.kill(self.holder, signal.SIGKILL)
        _, self.status, usage = os.wait4(self.pid, 0)
        self._add(usage)
        if self.holder is not None:
            self._add(os.wait4(self.holder, 0)[2])
        else:
            for usage in kill_descendants():
                self._add(usage)
        self.cpu_ns = max(self.cpu_ns, seen_ns)
        self.wall_ns = time.monotonic_ns() - self._started

    def _has_company(self):
        """Whether the task has processes beside its first."""
        if self.holder is None:
            return len(living_processes(below_server=True)) > 1
        expected = {'1', str(self.holder), str(self.pid)}
        return any(name.isdigit() and name not in expected for name in os.listdir('/proc'))

    def _has_ended(self):
        poller = select.poll()
        poller.register(self.pidfd, select.POLLIN)
        return bool(poller.poll(0))

    def _add(self, usage):
        self.cpu_ns += int((usage.ru_utime + usage.ru_stime) * 1e9)
        self.peak_kib = max(self.peak_kib, usage.ru_maxrss)

    def dispose(self):
        self.end()
        os.set_blocking(self.fault_pipe, False)
        try:
            self.fault = os.read(self.fault_pipe, 4096)
        except BlockingIOError:
            pass
        for descriptor in (*self.streams, self.fault_pipe, self.pidfd):
            os.close(descriptor)
        if self.folder is not None:
            remove_tree(self.folder)


TICK_NS = 10**9 // os.sysconf('SC_CLK_TCK')


def living_processes(below_server):
    """(pid, fields of /proc/pid/stat after the name) of all processes but the server.

    In a pid namespace of our own these are the task's; elsewhere those below the server.
    """
    own = os.getpid()
    found = {}
    for name in os.listdir('/proc'):
        if not name.isdigit() or int(name) in (own, 1):
            continue
        try:
            with open('/proc/%s/stat' % name, 'rb') as file:
                text = file.read()
        except OSError:
            continue
        found[int(name)] = text[text.rindex(b')') + 2 :].split()
    if not below_server:
        return list(found.items())
    below = {own}
    grew = True
    while grew:
        grew = False
        for pid, fields in found.items():
            if pid not in below and int(fields[1]) in below:
                below.add(pid)
                grew = True
    return [(pid, fields) for pid, fields in found.items() if pid in below and pid != own]


def kill_descendants():
    """Without a pid namespace: kills and reaps whatever is left below the (subreaping) server."""
    usages = []
    while True:
        for pid, _ in living_processes(below_server=True):
            try:
                os.kill(pid, signal.SIGKILL)
            except OSError:
                pass
        try:
            while True:
                usages.append(os.wait4(-1, 0)[2])
        except ChildProcessError:
            return usages


def remove_tree(folder):
    """Removes a folder that a program may have made unreadable."""
    os.chmod(folder, 0o700)
    for place, folders, _ in os.walk(folder):
        for name in folders:
            path = os.path.join(place, name)
            if not os.path.islink(path):
                os.chmod(path, 0o700)
    shutil.rmtree(folder, ignore_errors=True)


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
        send(self.owner, {'baseBytes': self.walls['baseBytes']})

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
            cause = task.supervise(
                limits['cpuMs'] * 1_000_000, limits['wallMs'] * 1_000_000, limits['outputBytes']
            )
            task.end()
            task.drain(limits['outputBytes'])
        finally:
            task.dispose()
        self.answer(task, cause, task.cpu_ns, task.wall_ns)

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
        begin_cpu, begin = task.cpu_now(), time.monotonic_ns()
        answer = None
        cause = 'exited'
        try:
            send(self.control, {'source': head['source']})
            cause = task.supervise(
                limits['cpuMs'] * 1_000_000,
                limits['wallMs'] * 1_000_000,
                limits['outputBytes'],
                self.control,
                begin_cpu,
            )
            if cause == 'answered':
                message = receive(self.control, CONTROL_LIMIT)
                answer = message and check_cell_answer(message[0])
                if answer is None:
                    cause = 'exited'
        except (OSError, ValueError):
            cause = 'exited'
        if cause == 'answered':
            task.drain(limits['outputBytes'])
            cpu = task.cpu_now() - begin_cpu
            self.answer(task, cause, cpu, time.monotonic_ns() - begin, answer)
            for kept in task.outputs.values():
                kept.clear()
            return
        task.end()
        task.drain(limits['outputBytes'])
        task.dispose()
        self.control.close()
        self.answer(task, cause, max(0, task.cpu_ns - begin_cpu), time.monotonic_ns() - begin)
        self.task = None

    def do_close(self, head, body):
        if self.task is not None:
            self.task.dispose()
            self.control.close()
            self.task = None
        send(self.owner, {})

    def answer(self, task, cause, cpu_ns, wall_ns, cell=None):
        outputs = [task.outputs[descriptor] for descriptor in task.streams]
        status = task.status
        head = {
            'cause': cause,
            'fault': task.fault.decode('utf-8', 'replace'),
            'exitCode': None if status is None or os.WIFSIGNALED(status) else os.WEXITSTATUS(status),
            'signal': os.WTERMSIG(status) if status is not None and os.WIFSIGNALED(status) else None,
            'cpuMs': cpu_ns / 1e6,
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
