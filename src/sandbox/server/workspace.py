"""Folders that outlast the processes of one step, so that the next finds what it wrote."""

import os
import socket
import tempfile

import confine
from task_folders import remove_tree


class Workspace:
    """The mounts of the first step's process, held open; or a plain folder, without walls."""

    def __init__(self, walls):
        self.is_used = False
        self.folder = None if walls['namespaces'] else tempfile.mkdtemp(dir=walls['folder'])
        self._mounts = None
        self._ours, self._theirs = socket.socketpair()

    def enter(self, storage_bytes):
        """Called by the process of a step."""
        if self._mounts is not None:
            confine.join_mounts(self._mounts)
            return
        confine.leave_mounts()
        mounts = os.open('/proc/self/ns/mnt', os.O_RDONLY)
        socket.send_fds(self._theirs, [b'.'], [mounts])
        os.close(mounts)
        confine.make_private(storage_bytes)

    def after_step(self):
        """Called by the server once a step has ended."""
        self.is_used = True
        if self.folder is None and self._mounts is None:
            self._ours.setblocking(False)
            _, descriptors, _, _ = socket.recv_fds(self._ours, 1, 1)
            self._mounts = descriptors[0]

    def dispose(self):
        self._ours.close()
        self._theirs.close()
        if self._mounts is not None:
            os.close(self._mounts)
        if self.folder is not None:
            remove_tree(self.folder)
