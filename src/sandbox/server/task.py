"""One confined child of the server: forked, watched, ended, measured."""

import os
import select
import signal
import tempfile
import time

import confine
from meter import FIRST_LOOK_NS, Meter
from processes import kill_descendants, tree_below
from streams import Stream
from task_folders import remove_tree

CORES = os.cpu_count() or 1
MILLISECOND_NS = 1_000_000


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
        self._ended_at = None
        self._started = time.monotonic_ns()
        self._fork(child)

    def _fork(self, child):
        pipes = [os.pipe() for _ in range(child.stream_count)]
        fault, fault_child = os.pipe()
        child_ends = [writable for _, writable in pipes]
        for descriptor in child_ends:
            # So that the program's user may open /dev/stdout.
            os.fchmod(descriptor, 0o666)
        try:
            if self.walls['namespaces']:
                self.holder = confine.start_namespace_holder()
                self.pid = confine.fork_into(self.holder)
            else:
                if child.workspace is None:
                    self.folder = tempfile.mkdtemp(dir=self.walls['folder'])
                self.pid = confine.fork()
            if self.pid == 0:
                self._run_child(child, child_ends, fault_child)
        finally:
            for descriptor in (*child_ends, fault_child):
                os.close(descriptor)
        self.pidfd = os.pidfd_open(self.pid)
        self.streams = [Stream(readable) for readable, _ in pipes]
        self.fault_pipe = fault
        roots = [self.pid] if self.holder is None else [self.pid, self.holder]
        self.meter = Meter(self.pid, roots, weighs=not self.walls['memoryGroup'])

    def _run_child(self, child, streams, fault):
        try:
            try:
                keep = child.prepare(*streams)
                self._confine(child)
                child.enter()
            except MemoryError:
                os.write(2, b'MemoryError\n')
                os._exit(1)
            except BaseException as error:
                os.write(fault, repr(error).encode()[:4000])
                os._exit(70)
            os.closerange(keep, 65536)
            os._exit(child.run())
        finally:
            os._exit(70)

    def _confine(self, child):
        os.setsid()
        limits, walls = self.limits, self.walls
        walled = walls['namespaces']
        if walled:
            if child.workspace is None:
                confine.leave_mounts()
                confine.make_private(limits['fileBytes'])
            else:
                child.workspace.enter(limits['fileBytes'])
            confine.mount_processes()
            confine.volunteer_for_oom(child.oom_score)
            os.chdir('/box')
        else:
            os.chdir(self.folder or child.workspace.folder)
        confine.limit_resources(limits, child.memory_limits(limits, walls), walled)
        if walled:
            if os.getuid() == 0 and walls['uid'] is not None:
                confine.become(walls['uid'])
            confine.drop_capabilities()
        confine.filter_syscalls()

    def begin_watch(self, limits):
        """From now on `limits` count; `due` is when to attend to it next."""
        self._watched = limits
        now = time.monotonic_ns()
        self._wall_at = now + limits['wallMs'] * MILLISECOND_NS
        self._look_at = now + min(FIRST_LOOK_NS, limits['cpuMs'] * MILLISECOND_NS // CORES)
        self.due = min(self._look_at, self._wall_at)

    def descriptors(self):
        return [self.pidfd, *(stream.descriptor for stream in self.streams if stream.open)]

    def attend(self, ready, late_ns):
        """Reads what is ready, looks at the limits; says why the child is to end, or None.

        `late_ns` is how long the server had to wait for a processor before it could come.
        """
        limits, meter = self._watched, self.meter
        streams = [stream for stream in self.streams if stream.descriptor in ready]
        if streams or self.pidfd in ready:
            meter.server_was_late(late_ns)
        for stream in streams:
            stream.read(limits['outputBytes'])
            if stream.length > limits['outputBytes']:
                return 'output-limit'
        now = time.monotonic_ns()
        if self.pidfd in ready:
            self._ended_at = now
            return 'exited'
        if now >= self._wall_at:
            return 'wall-timeout'
        if now >= self._look_at:
            charged = meter.charged()
            left_cpu = limits['cpuMs'] * MILLISECOND_NS - meter.cpu_of_charge()
            left_charged = limits['chargedMs'] * MILLISECOND_NS - charged
            if meter.memory > limits['memoryBytes']:
                return 'memory'
            if left_cpu <= 0:
                return 'cpu-timeout'
            if left_charged <= 0:
                return 'charged-timeout'
            self._look_at = now + meter.pause_ns(left_cpu, left_charged, CORES)
            self.due = min(self._look_at, self._wall_at)
        return None

    def stood_still(self, ns):
        """Neither the program nor the server could run for so long."""
        self.meter.server_was_late(ns)
        self._wall_at += ns
        self.due = min(self._look_at, self._wall_at)

    def drain(self, limit):
        """Takes all that is in the pipes now."""
        for stream in self.streams:
            stream.drain(limit)

    def end(self, spare=()):
        """Kills and reaps the whole tree; leaves status, CPU time, charge and peak memory. Without
        a pid namespace, processes below the pids in `spare` are left alone."""
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
            for usage in kill_descendants(os.getpid(), spare):
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

    def report(self, cause):
        """What its owner is told of a task that has ended."""
        status = self.status
        signaled = status is not None and os.WIFSIGNALED(status)
        return {
            'cause': cause,
            'fault': self.fault.decode('utf-8', 'replace'),
            'exitCode': None if status is None or signaled else os.WEXITSTATUS(status),
            'signal': os.WTERMSIG(status) if signaled else None,
            'cpuMs': self.cpu_ns / 1e6,
            'chargedMs': self.charged_ns / 1e6,
            'peakBytes': max(self.peak_kib * 1024, self.meter.memory),
        }

    def dispose(self, spare=()):
        """Ends the task; its streams stay readable until `close_streams`."""
        self.end(spare)
        os.set_blocking(self.fault_pipe, False)
        try:
            self.fault = os.read(self.fault_pipe, 4096)
        except BlockingIOError:
            pass
        os.close(self.fault_pipe)
        os.close(self.pidfd)
        if self.folder is not None:
            remove_tree(self.folder)

    def close_streams(self):
        for stream in self.streams:
            stream.close()
