"""A candidate at work: starts it with an order and reads its messages."""

import hashlib
import json

from judge_child import DROP, ERROR, HEADER, LOAD_ERROR, LOADED, PART, RESULT
from judge_expected import DIGEST_BYTES
from judge_wire import may_differ_from_itself

WALL_BACKSTOP = 6
READ_BYTES = 1 << 16
LARGEST_READ_BYTES = 1 << 20
LARGEST_PART_BYTES = 2 << 20
LARGEST_TEXT_BYTES = 4096
MILLISECONDS = 1000
MANY_PROCESSORS = 64
FORGED = 0


class Payload:
    """Encoded bytes of one value, kept whole, or as a digest alone where they came in parts."""

    __slots__ = ("data", "first", "hash", "size", "tail", "unequal")

    def __init__(self, first, data):
        self.first = first
        self.data = data
        self.size = len(data)
        self.hash = None
        self.unequal = False

    def digest(self):
        if self.hash is None:
            self.hash = hashlib.blake2b(self.data, digest_size=DIGEST_BYTES)
        return self.hash.digest()


class Parts:
    """Collects the parts of a large value."""

    OVERLAP = 16

    def __init__(self, first, keep):
        self.payload = Payload(first, b"")
        self.payload.hash = hashlib.blake2b(digest_size=DIGEST_BYTES)
        self.kept = [] if keep else None
        self.tail = b""

    def add(self, part):
        payload = self.payload
        payload.size += len(part)
        payload.hash.update(part)
        payload.unequal = payload.unequal or may_differ_from_itself(self.tail + part)
        self.tail = part[-self.OVERLAP :]
        if self.kept is not None:
            self.kept.append(part)

    def end(self):
        self.payload.data = None if self.kept is None else b"".join(self.kept)
        self.kept = None
        return self.payload


class Message:
    """What became of one input, or of loading: a value, the text of a failure, or nothing when the
    program has been loaded."""

    __slots__ = ("failed", "forged", "loaded", "payload", "seconds")

    def __init__(self, seconds, payload, failed=False, loaded=True, forged=False):
        self.seconds = seconds
        self.payload = payload
        self.failed = failed
        self.loaded = loaded
        self.forged = forged

    def text(self):
        return self.payload.data.decode("utf-8", "replace")


class Run:
    """One order in a candidate of its own, ended with the block."""

    def __init__(self, candidates, order, seconds):
        self.candidates = candidates
        self.order = json.dumps(order).encode("ascii")
        self.limit_ms = max(1, int(seconds * MILLISECONDS))
        self.memory_bytes = order["memoryBytes"]
        self.report = None
        self.buffer = bytearray()

    def __enter__(self):
        self.candidate = self.candidates.start(
            chargedMs=self.limit_ms,
            cpuMs=self.limit_ms * MANY_PROCESSORS,
            wallMs=self.limit_ms * WALL_BACKSTOP,
            memoryBytes=self.memory_bytes,
        )
        self.channel = self.candidate.channel
        return self

    def __exit__(self, *exception):
        self.report = self.candidate.end()

    def messages(self, keep):
        """Messages as they come, until the candidate ends; `keep()` asks for all of a large value."""
        try:
            self.channel.sendall(len(self.order).to_bytes(8, "big") + self.order)
        except OSError:
            return
        parts = None
        while (head := self.take(HEADER.size)) is not None:
            kind, seconds, first, length = HEADER.unpack(head)
            most = LARGEST_TEXT_BYTES if kind in (LOAD_ERROR, ERROR) else LARGEST_PART_BYTES
            if kind not in (LOADED, LOAD_ERROR, RESULT, ERROR, PART, DROP) or length > most:
                yield Message(0.0, None, failed=True, forged=True)
                return
            data = self.take(length)
            if data is None:
                return
            if kind == RESULT and parts is None:
                yield Message(seconds, Payload(first, data))
            elif kind == RESULT:
                parts.add(data)
                yield Message(seconds, parts.end())
                parts = None
            elif kind == PART:
                parts = parts or Parts(first, keep())
                parts.add(data)
            elif kind == DROP:
                parts = None
            elif kind == LOADED:
                yield Message(0.0, None)
            else:
                parts = None
                loaded = kind == ERROR
                yield Message(seconds, Payload(0, data), failed=True, loaded=loaded)

    def take(self, count):
        """The next bytes; None when the candidate has ended."""
        buffer = self.buffer
        while len(buffer) < count:
            try:
                wanted = max(READ_BYTES, min(count - len(buffer), LARGEST_READ_BYTES))
                part = self.channel.recv(wanted)
            except OSError:
                return None
            if not part:
                return None
            buffer += part
        taken = bytes(memoryview(buffer)[:count])
        del buffer[:count]
        return taken
