"""Messages from a candidate to the judge, and the few that come back."""

import math
import os
import struct

from judge_wire import Encoder

# kind, seconds charged, marks, length of what follows
HEADER = struct.Struct(">BdBQ")
LOADED, LOAD_ERROR, RESULT, ERROR, PART, DROP, ANSWERS, FLAG = 1, 2, 3, 4, 5, 6, 7, 8
# Marks: the value is of floats (from references); what it equals must be asked; the flag is true.
FLOATS, OWN, TRUE = 1, 2, 1
PART_BYTES = 1 << 20


class Channel:
    """Messages to the judge. Large values go in parts, so that no copy of them is made."""

    def __init__(self, descriptor):
        self.descriptor = descriptor
        self.write = os.write
        self.pack = HEADER.pack
        self.encode = Encoder(self.take).encode

    def send(self, kind, seconds, payload=b"", marks=0):
        data = self.pack(kind, seconds, marks, len(payload)) + payload
        done = self.write(self.descriptor, data)
        while done < len(data):
            done += self.write(self.descriptor, memoryview(data)[done:])

    def send_value(self, seconds, value, marks=0, most=math.inf):
        """Raises ValueError for a value of more than `most` bytes; returns the marks."""
        self.begin(marks, most)
        if self.encode(value):
            marks |= OWN
        parts = self.parts
        self.send(RESULT, seconds, parts[0] if len(parts) == 1 else b"".join(parts), marks)
        return marks

    def begin(self, marks, most):
        """The bytes of a value come next."""
        self.marks = marks
        self.left = most
        self.parts = []
        self.room = min(PART_BYTES, most)

    def take(self, part):
        """The next bytes of the value."""
        self.room -= len(part)
        if self.room < 0:
            part = self.make_room(part)
        self.parts.append(bytes(part))

    def make_room(self, part):
        """Sends what has come before `part`, and of that what is too much for one message; returns
        the rest."""
        before = b"".join(self.parts)
        self.left -= len(before)
        if len(part) > self.left:
            raise ValueError("the result is far larger than the expected one")
        self.send(PART, 0.0, before, self.marks)
        self.parts = []
        part = memoryview(part)
        while len(part) > PART_BYTES:
            self.send(PART, 0.0, bytes(part[:PART_BYTES]), self.marks)
            self.left -= PART_BYTES
            part = part[PART_BYTES:]
        self.room = min(PART_BYTES, self.left) - len(part)
        return part

    def read(self, count):
        return read_exactly(self.descriptor, count)


def read_exactly(descriptor, length):
    parts = []
    while length > 0:
        part = os.read(descriptor, min(length, 1 << 20))
        if not part:
            os._exit(1)
        parts.append(part)
        length -= len(part)
    return b"".join(parts)
