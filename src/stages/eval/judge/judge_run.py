"""A candidate at work: starts it with an order and reads its messages."""

import hashlib
import json
import time

from judge_channel import (
    ANSWERS,
    DROP,
    ERROR,
    FLAG,
    FLOATS,
    HEADER,
    LOAD_ERROR,
    LOADED,
    OWN,
    PART,
    RESULT,
)
from judge_expected import digest_of
from judge_questions import write_questions
from judge_wire import may_differ_from_itself

WALL_BACKSTOP = 6
READ_BYTES = 1 << 16
LARGEST_READ_BYTES = 1 << 20
LARGEST_PART_BYTES = 2 << 20
LARGEST_TEXT_BYTES = 4096
# Messages are left to gather for so long when few came at once: to be woken for each costs both sides
# more than the message itself.
GATHER_SECONDS = 5e-4
FEW_BYTES = 1 << 12
MILLISECONDS = 1000
MANY_PROCESSORS = 64
MOST_SECONDS = 1e6  # that a message can name: one that is forged may name any number, or none
# Bytes that a message may have, by kind.
LARGEST_BYTES = {
    **dict.fromkeys((LOADED, RESULT, PART, DROP, FLAG), LARGEST_PART_BYTES),
    **dict.fromkeys((LOAD_ERROR, ERROR, ANSWERS), LARGEST_TEXT_BYTES),
}


class Payload:
    """Encoded bytes of one value, kept whole, or as a digest alone where they came in parts."""

    __slots__ = ("data", "floats", "hash", "own", "size", "unequal")

    def __init__(self, marks, data):
        # Of references: whether the value is of floats.
        self.floats = bool(marks & FLOATS)
        # Whether only the program can say what the value equals.
        self.own = bool(marks & OWN)
        self.data = data
        self.size = len(data)
        self.hash = None
        # Of parts of references: whether the value may differ from its like.
        self.unequal = False

    def digest(self):
        if self.hash is None:
            self.hash = hashlib.sha256(self.data)
        return digest_of(self.hash)


class Parts:
    """Collects the parts of a large value."""

    OVERLAP = 16

    def __init__(self, keep, looks_inside):
        self.payload = Payload(0, b"")
        self.payload.hash = hashlib.sha256()
        self.kept = [] if keep else None
        self.looks_inside = looks_inside
        self.tail = b""

    def add(self, part):
        payload = self.payload
        payload.size += len(part)
        payload.hash.update(part)
        if self.looks_inside:
            payload.unequal = payload.unequal or may_differ_from_itself(self.tail + part)
            self.tail = part[-self.OVERLAP :]
        if self.kept is not None:
            self.kept.append(part)

    def end(self, marks):
        self.payload.floats = bool(marks & FLOATS)
        self.payload.own = bool(marks & OWN)
        self.payload.data = None if self.kept is None else b"".join(self.kept)
        self.kept = None
        return self.payload


class Message:
    """What became of one input, or of loading: a value, a flag, the text of a failure, or nothing
    when the program has been loaded."""

    __slots__ = ("failed", "flag", "forged", "loaded", "payload", "seconds")

    def __init__(self, seconds, payload=None, flag=None, failed=False, loaded=True, forged=False):
        self.seconds = seconds
        self.payload = payload
        self.flag = flag
        self.failed = failed
        self.loaded = loaded
        self.forged = forged

    @property
    def is_of_input(self):
        return self.payload is not None or self.flag is not None

    def text(self):
        return self.payload.data.decode("utf-8", "replace")


class Ended(Exception):
    """The candidate ended, or broke the rules, while it was asked."""


class Run:
    """One order in a candidate of its own, ended with the block."""

    def __init__(self, candidates, order, seconds):
        self.candidates = candidates
        self.order = json.dumps(order).encode("ascii")
        self.limit_ms = max(1, int(seconds * MILLISECONDS))
        self.memory_bytes = order["memoryBytes"]
        self.is_reference = order["mode"] == "reference"
        self.report = None
        self.received = b""
        self.taken = 0
        self.came_few = False

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
        while (head := self.take_header()) is not None:
            kind, seconds, marks, length = head
            if length > LARGEST_BYTES.get(kind, -1) or not abs(seconds) < MOST_SECONDS:
                yield Message(0.0, failed=True, forged=True)
                return
            data = self.take(length)
            if data is None:
                return
            if kind == RESULT and parts is None:
                yield Message(seconds, Payload(marks, data))
            elif kind == RESULT:
                parts.add(data)
                yield Message(seconds, parts.end(marks))
                parts = None
            elif kind == PART:
                parts = parts or Parts(keep(), self.is_reference)
                parts.add(data)
            elif kind == DROP:
                parts = None
            elif kind == LOADED:
                yield Message(0.0)
            elif kind == FLAG:
                yield Message(seconds, flag=marks == 1)
            elif kind == ANSWERS:
                yield Message(0.0, failed=True, forged=True)
                return
            else:
                parts = None
                loaded = kind == ERROR
                yield Message(seconds, Payload(0, data), failed=True, loaded=loaded)

    def take_equal(self, values):
        """Of the messages that are here and not looked at yet, takes results as long as their bytes
        are those of `values`, one after the other; returns the seconds of each. To be called when a
        message has been taken."""
        received, place, unpack = self.received, self.taken, HEADER.unpack_from
        last = len(received) - HEADER.size
        taken = []
        for data in values:
            if data is None or place > last:
                break
            kind, seconds, marks, length = unpack(received, place)
            first = place + HEADER.size
            is_plain = kind == RESULT and not marks and abs(seconds) < MOST_SECONDS
            if not is_plain or length != len(data) or not received.startswith(data, first):
                break
            taken.append(seconds)
            place = first + length
        self.taken = place
        return taken

    def put_questions(self, values):
        """Asks the candidate which values its last result equals; one byte of `judge_questions` each."""
        try:
            self.channel.sendall(write_questions(values))
        except OSError as error:
            raise Ended from error
        head = self.take_header()
        if head is None:
            raise Ended
        kind, _, _, length = head
        answers = self.take(length) if kind == ANSWERS and length == len(values) else None
        if answers is None:
            raise Ended
        return answers

    def take_header(self):
        """What a message begins with; None when the candidate has ended."""
        first = self.taken
        if first + HEADER.size > len(self.received):
            if not self.receive(HEADER.size):
                return None
            first = 0
        self.taken = first + HEADER.size
        return HEADER.unpack_from(self.received, first)

    def take(self, count):
        """The next bytes; None when the candidate has ended."""
        if self.taken + count > len(self.received) and not self.receive(count):
            return None
        first = self.taken
        self.taken += count
        return self.received[first : self.taken]

    def receive(self, count):
        """Whether so many bytes more are there now."""
        parts = [self.received[self.taken :]] if self.taken < len(self.received) else []
        size = sum(map(len, parts))
        if size < count and self.came_few:
            time.sleep(GATHER_SECONDS)
        while size < count:
            try:
                part = self.channel.recv(max(READ_BYTES, min(count - size, LARGEST_READ_BYTES)))
            except OSError:
                part = b""
            if not part:
                break
            parts.append(part)
            size += len(part)
        self.came_few = size < FEW_BYTES
        self.received = b"".join(parts)
        self.taken = 0
        return size >= count
