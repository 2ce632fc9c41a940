"""One confined child of the server: forked, supervised, ended, measured."""

import os
import select
import shutil
import signal
import tempfile
import time

import confine
from meter import FIRST_LOOK_NS, Meter, server_waited_ns
from processes import kill_descendants, tree_below

CORES = os.cpu_count() or 1
PIPE_READ = 65536


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
        self.charged_ns = 0
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
        roots = [self.pid] if self.holder is None else [self.pid, self.holder]
        self.meter = Meter(self.pid, roots)
        self._ended_at = None

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

    def supervise(self, limits, control=None):
        """Waits until the child ends, answers on `control`, or goes over a limit; says which."""
        poller = select.poll()
        poller.register(self.pidfd, select.POLLIN)
        for descriptor in self.open:
            poller.register(descriptor, select.POLLIN)
        if control is not None:
            poller.register(control, select.POLLIN)
        meter, output_limit = self.meter, limits['outputBytes']
        cpu_limit, charged_limit = limits['cpuMs'] * 1_000_000, limits['chargedMs'] * 1_000_000
        now = time.monotonic_ns()
        look_at = now + min(FIRST_LOOK_NS, cpu_limit // CORES)
        wall_at = now + limits['wallMs'] * 1_000_000
        while True:
            waited = server_waited_ns()
            ready = dict(poller.poll(max(0, min(look_at, wall_at) - now) / 1e6))
            if ready:
                meter.server_was_late(server_waited_ns() - waited)
            for descriptor in list(self.open):
                if descriptor in ready:
                    if not self._read(descriptor, output_limit):
                        poller.unregister(descriptor)
                    if len(self.outputs[descriptor]) > output_limit:
                        return 'output-limit'
            now = time.monotonic_ns()
            if self.pidfd in ready:
                self._ended_at = now
                return 'exited'
            if control is not None and control.fileno() in ready:
                return 'answered'
            if now >= wall_at:
                return 'wall-timeout'
            if now >= look_at:
                charged = meter.charged()
                left_cpu = cpu_limit - meter.cpu_of_charge()
                if left_cpu <= 0:
                    return 'cpu-timeout'
                if charged >= charged_limit:
                    return 'charged-timeout'
                look_at = now + meter.pause_ns(left_cpu, charged_limit - charged, CORES)

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

    def end(self):
        """Kills and reaps the whole tree; leaves status, CPU time, charge and peak memory."""
        if self.status is not None:
            return
        # The kernel forgets the CPU time of processes that die with their namespace.
        if self._has_company():
            self.meter.look()
        if not self._has_ended():
            signal.pidfd_send_signal(self.pidfd, signal.SIGKILL)
        if self.holder is not None:
            os.kill(self.holder, signal.SIGKILL)
        os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT)
        ended_at = self._ended_at or time.monotonic_ns()
        own_cpu = self.meter.look_at_dead()
        _, self.status, usage = os.wait4(self.pid, 0)
        self._add(usage)
        if self.holder is not None:
            self._add(os.wait4(self.holder, 0)[2])
        else:
            for usage in kill_descendants(os.getpid()):
                self._add(usage)
        self.cpu_ns = max(self.cpu_ns, self.meter.cpu)
        self.charged_ns = self.meter.finish(ended_at, own_cpu, self.cpu_ns)
        self.cpu_ns = self.meter.cpu_of_charge()
        self.wall_ns = time.monotonic_ns() - self._started

    def _has_company(self):
        """Whether the task has processes beside its first."""
        return any(pid not in self.meter.roots for pid in tree_below(self.meter.roots))

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


def remove_tree(folder):
    """Removes a folder that a program may have made unreadable."""
    os.chmod(folder, 0o700)
    for place, folders, _ in os.walk(folder):
        for name in folders:
            path = os.path.join(place, name)
            if not os.path.islink(path):
                os.chmod(path, 0o700)
    shutil.rmtree(folder, ignore_errors=True)
