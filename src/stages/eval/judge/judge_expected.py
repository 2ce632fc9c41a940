"""What references returned, kept as encoded bytes, or as their digest where they are large."""

import binascii
import hashlib
import json

from judge_wire import may_differ_from_itself

DIGEST_BYTES = 16  # of SHA-256, for which most processors have instructions
KEPT_BYTES = 1 << 16  # in memory, while a task is judged
STORED_BYTES = 4096  # in the cache


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


def render_expected(expected):
    """What is to be stored of the expected values of a set."""
    return {
        "seconds": sum(each.seconds for each in expected),
        "values": json.dumps([_render(each) for each in expected]),
    }


def parse_expected(values):
    return [
        Expected(
            seconds,
            bool(flags & 1),
            bool(flags & 2),
            size,
            binascii.a2b_base64(data) if data is not None else None,
            bytes.fromhex(digest) if digest is not None else None,
        )
        for seconds, flags, size, data, digest in json.loads(values)
    ]


def _render(each):
    flags = each.floats + 2 * each.unequal
    stored = each.data is not None and each.size <= STORED_BYTES
    data = binascii.b2a_base64(each.data, newline=False).decode("ascii") if stored else None
    digest = None if stored else each.value_digest().hex()
    return [round(each.seconds, 6), flags, each.size, data, digest]
