"""What programs write and what the owner sends, kept in memory files.

The server's own memory is inherited by every later child, so nothing of a program passes through
it but one buffer, which children do not get.
"""

import mmap
import os

from frames import parse_json, write_all

_BUFFER_BYTES = 1 << 16
_buffer = mmap.mmap(-1, _BUFFER_BYTES)
_buffer.madvise(mmap.MADV_DONTFORK)


def memory_file():
    return os.memfd_create('data', os.MFD_CLOEXEC)


class Stream:
    """The server's end of a pipe, and what came out of it so far."""

    def __init__(self, descriptor):
        os.set_blocking(descriptor, False)
        self.descriptor = descriptor
        self.open = True
        self.length = 0
        self._file = None

    def read(self, limit):
        """Takes what is in the pipe, keeping `limit` bytes and one more; False if nothing was."""
        try:
            count = os.readv(self.descriptor, [_buffer])
        except BlockingIOError:
            return False
        if count == 0:
            self.open = False
            return False
        kept = min(count, limit + 1 - self.length)
        if kept > 0:
            if self._file is None:
                self._file = memory_file()
            write_all(self._file, memoryview(_buffer)[:kept])
            self.length += kept
        return True

    def drain(self, limit):
        while self.open and self.read(limit):
            pass

    def send_to(self, channel):
        offset = 0
        while offset < self.length:
            offset += os.sendfile(channel.fileno(), self._file, offset, self.length - offset)

    def clear(self):
        if self._file is not None:
            os.ftruncate(self._file, 0)
            os.lseek(self._file, 0, os.SEEK_SET)
        self.length = 0

    def close(self):
        os.close(self.descriptor)
        if self._file is not None:
            os.close(self._file)


def receive_body(channel, length):
    """Takes `length` bytes from a socket into a new memory file; None at the socket's end."""
    file = memory_file()
    while length > 0:
        count = channel.recv_into(_buffer, min(length, _BUFFER_BYTES))
        if count == 0:
            os.close(file)
            return None
        write_all(file, memoryview(_buffer)[:count])
        length -= count
    os.lseek(file, 0, os.SEEK_SET)
    return file


def read_json(file):
    """The JSON value in a memory file, which is closed."""
    text = os.pread(file, os.fstat(file).st_size, 0)
    os.close(file)
    return parse_json(text)


def text_file(text):
    """A memory file to read `text` from."""
    file = memory_file()
    write_all(file, text.encode('utf-8', 'surrogatepass'))
    os.lseek(file, 0, os.SEEK_SET)
    return file
