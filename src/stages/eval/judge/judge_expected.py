"""What references returned, kept as encoded bytes, or as their digest where they are large."""

import binascii
import hashlib
import json
from operator import add

from judge_wire import may_differ_from_itself

DIGEST_BYTES = 16  # of SHA-256, for which most processors have instructions
KEPT_BYTES = 1 << 16  # in memory, while a task is judged
STORED_BYTES = 4096  # in the cache
FLOATS, UNEQUAL = 1, 2


class ReferenceFault(Exception):
    pass


class Expected:
    """The value for one input; `data` is None where only its digest is at hand."""

    __slots__ = ("data", "digest", "floats", "seconds", "size", "unequal")

    def __init__(self, seconds, floats, unequal, size, data, digest):
        self.seconds = seconds
        self.floats = floats
        self.unequal = unequal
        self.size = size
        self.data = data
        self.digest = digest

    def equals(self, payload):
        """Whether encoded bytes are those of this value; a value that may differ from itself, such
        as NaN, never counts as equal here."""
        if self.unequal or payload.size != self.size:
            return False
        if self.data is not None and payload.data is not None:
            return payload.data == self.data
        return payload.digest() == self.value_digest()

    def value_digest(self):
        if self.digest is None:
            self.digest = digest_of(hashlib.sha256(self.data))
        return self.digest


def digest_of(sha256):
    return sha256.digest()[:DIGEST_BYTES]


def keep_expected(message, wanted):
    """Of a message of the reference."""
    payload = message.payload
    floats = payload.floats
    data = payload.data
    unequal = payload.unequal or (data is not None and may_differ_from_itself(data))
    digest = None if data is not None else payload.digest()
    if data is not None and payload.size > KEPT_BYTES and not wanted:
        data, digest = None, payload.digest()
    return Expected(message.seconds, floats, unequal, payload.size, data, digest)


class ExpectedSet:
    """The values for all inputs of a set, a column for each thing that is known of them."""

    __slots__ = ("data", "digests", "flags", "seconds", "sizes")

    def __init__(self, seconds, flags, sizes, data, digests):
        self.seconds = seconds
        self.flags = flags
        self.sizes = sizes
        # None where the value is not at hand; its digest is then known.
        self.data = data
        self.digests = digests

    @classmethod
    def of(cls, values):
        return cls(
            [each.seconds for each in values],
            [each.floats * FLOATS + each.unequal * UNEQUAL for each in values],
            [each.size for each in values],
            [each.data for each in values],
            [each.digest for each in values],
        )

    def __len__(self):
        return len(self.sizes)

    def __getitem__(self, index):
        flags = self.flags[index]
        return Expected(
            self.seconds[index],
            bool(flags & FLOATS),
            bool(flags & UNEQUAL),
            self.sizes[index],
            self.data[index],
            self.digests[index],
        )

    def part(self, first, last):
        return ExpectedSet(*(column[first:last] for column in self.columns()))

    def followed_by(self, other):
        return ExpectedSet(*map(add, self.columns(), other.columns()))

    def columns(self):
        return self.seconds, self.flags, self.sizes, self.data, self.digests

    def plain(self):
        """For each value the bytes that a result has to have to be equal for certain; None where
        they alone do not tell."""
        if not any(self.flags):
            return self.data
        pairs = zip(self.data, self.flags)
        return [None if flags & UNEQUAL else data for data, flags in pairs]

    def has_floats(self, first, last):
        """Whether one of these values is of floats."""
        return any(flags & FLOATS for flags in self.flags[first:last])


def render_expected(expected):
    """What is to be stored of the expected values of a set. Of most, time and flags are 0."""
    stored = [data is not None and len(data) <= STORED_BYTES for data in expected.data]
    digests = {
        index: each.value_digest().hex()
        for index, each in enumerate(expected)
        if not stored[index]
    }
    joined = b"".join(data for data, kept in zip(expected.data, stored) if kept)
    values = {
        "sizes": expected.sizes,
        "seconds": _others([round(each, 6) for each in expected.seconds]),
        "flags": _others(expected.flags),
        "digests": list(digests.items()),
        "data": binascii.b2a_base64(joined, newline=False).decode("ascii"),
    }
    return {"seconds": sum(expected.seconds), "values": json.dumps(values)}


def parse_expected(text):
    values = json.loads(text)
    sizes = values["sizes"]
    count = len(sizes)
    digests = [None] * count
    for index, digest in values["digests"]:
        digests[index] = bytes.fromhex(digest)
    joined, last = binascii.a2b_base64(values["data"]), 0
    data = []
    for size, digest in zip(sizes, digests):
        if digest is None:
            data.append(joined[last : last + size])
            last += size
        else:
            data.append(None)
    seconds, flags = _spread(values["seconds"], count), _spread(values["flags"], count)
    return ExpectedSet(seconds, flags, sizes, data, digests)


def _others(column):
    """What is not 0, with its index."""
    return [each for each in enumerate(column) if each[1]]


def _spread(others, count):
    column = [0] * count
    for index, value in others:
        column[index] = value
    return column
