"""What stands in for a program's standard streams."""

import io
import sys


class WriteOnlyText(io.StringIO):
    """What a program sees as its three standard streams: writing works, reading raises."""

    def read(self, *args, **kwargs):
        raise OSError

    def readline(self, *args, **kwargs):
        raise OSError

    def readlines(self, *args, **kwargs):
        raise OSError

    def __next__(self):
        raise OSError

    def readable(self, *args, **kwargs):
        return False


class Quiet:
    """Replaces the three standard streams by one in memory."""

    def __enter__(self):
        self.streams = sys.stdout, sys.stderr, sys.stdin
        sys.stdout = sys.stderr = sys.stdin = WriteOnlyText()

    def __exit__(self, *exception):
        sys.stdout, sys.stderr, sys.stdin = self.streams
