"""Messages from a candidate to the judge, and the few that come back."""

import os
import struct

from judge_wire import encode_into

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
        self.encode_into = encode_into

    def send(self, kind, seconds, payload=b"", marks=0):
        data = self.pack(kind, seconds, marks, len(payload)) + payload
        done = self.write(self.descriptor, data)
        while done < len(data):
            done += self.write(self.descriptor, memoryview(data)[done:])

    def send_value(self, seconds, value, marks=0, most=None):
        """Raises ValueError for a value of more than `most` bytes; returns the marks."""
        parts, size, total = [], 0, 0

        def take(part):
            nonlocal size, total
            total += len(part)
            if most is not None and total > most:
                raise ValueError("the result is far larger than the expected one")
            if size + len(part) > PART_BYTES:
                flush()
                part = memoryview(part)
                while len(part) > PART_BYTES:
                    self.send(PART, 0.0, bytes(part[:PART_BYTES]), marks)
                    part = part[PART_BYTES:]
            parts.append(bytes(part))
            size += len(part)

        def flush():
            nonlocal size
            self.send(PART, 0.0, b"".join(parts), marks)
            parts.clear()
            size = 0

        marks |= OWN if self.encode_into(value, take) else 0
        self.send(RESULT, seconds, parts[0] if len(parts) == 1 else b"".join(parts), marks)
        return marks

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
