"""The process that programs are forked from.

It holds the inputs and no secret: it is forked off before the judge reads the programs, the
references and the nonce of the run.
"""

import ctypes
import gc
import os
import shutil
import signal
import socket
import tempfile
import time

from judge_child import read_order, run_order, set_dumpable

PR_SET_CHILD_SUBREAPER = 36
FORK, END = b"f", b"e"
KILL_PATIENCE_SECONDS = 10.0


class Host:
    """The judge's side: starts a child process and ends it with all that it started."""

    def __init__(self, problems):
        self.control, other = socket.socketpair()
        if os.fork() == 0:
            self.control.close()
            _serve(problems, other)
            os._exit(0)
        other.close()

    def start(self):
        """Forks a child; returns the connection to it and its process id."""
        ours, theirs = socket.socketpair()
        for end in (ours, theirs):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        socket.send_fds(self.control, [FORK], [theirs.fileno()])
        theirs.close()
        child = int.from_bytes(_receive(self.control, 8), "big")
        return ours, child

    def end(self):
        """Kills the child and its descendants; returns when they are gone."""
        self.control.sendall(END)
        _receive(self.control, 1)


def _receive(control, length):
    data = b""
    while len(data) < length:
        part = control.recv(length - len(data))
        if not part:
            raise EOFError("the host process is gone")
        data += part
    return data


def _serve(problems, control):
    _detach_standard_streams()
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    gc.collect()
    gc.freeze()
    child, folder = 0, None
    while True:
        request, descriptors, _, _ = socket.recv_fds(control, 1, 1)
        if request == FORK:
            folder = tempfile.mkdtemp(prefix="program-")
            child = os.fork()
            if child == 0:
                _become_child(problems, descriptors[0], folder)
            os.close(descriptors[0])
            control.sendall(child.to_bytes(8, "big"))
        elif request == END:
            _end_all(child)
            shutil.rmtree(folder, ignore_errors=True)
            control.sendall(END)
        else:
            return


def _detach_standard_streams():
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nothing, descriptor)
    os.close(nothing)


def _become_child(problems, descriptor, folder):
    try:
        os.setsid()
        own = os.dup2(descriptor, 200)
        os.closerange(3, own)
        os.closerange(own + 1, 1024)
        set_dumpable(True)
        os.chdir(folder)
        order = read_order(own)
        run_order(order, problems[order["problem"]], own)
    finally:
        os._exit(1)


def _end_all(child):
    """Kills the child's session, then every orphan that has become ours, until none is left."""
    deadline = time.monotonic() + KILL_PATIENCE_SECONDS
    _kill(os.killpg, child)
    _kill(os.kill, child)
    while time.monotonic() < deadline:
        try:
            ended, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if ended == 0:
            for process in _own_children():
                _kill(os.kill, process)
            time.sleep(0.0005)


def _kill(kill, process):
    try:
        kill(process, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass


def _own_children():
    try:
        with open(f"/proc/self/task/{os.getpid()}/children") as file:
            return [int(process) for process in file.read().split()]
    except OSError:
        return [process for process in _all_processes() if _parent(process) == os.getpid()]


def _all_processes():
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def _parent(process):
    try:
        with open(f"/proc/{process}/stat") as file:
            return int(file.read().rpartition(")")[2].split()[1])
    except (OSError, ValueError, IndexError):
        return 0
