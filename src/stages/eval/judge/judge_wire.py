"""Values on their way from a program nobody trusts to the judge.

Plain values travel as pickles without a memo; the judge reads them with a table of the few globals
it knows, so a forged message can name nothing else. A value that is not plain arrives as `Opaque`,
which equals nothing; what it says to equal is asked of the program (judge_questions).
"""

import _pickle
import collections
import datetime
import decimal
import fractions
import io

MAXIMUM_NAME_LENGTH = 100


class Opaque:
    """A value of a type the judge does not know."""

    def __init__(self, type_name):
        self.type_name = str(type_name)[:MAXIMUM_NAME_LENGTH]

    def __repr__(self):
        return f"<{self.type_name} object>"


class ListSubclass(list):
    pass


class TupleSubclass(tuple):
    pass


class DictSubclass(dict):
    pass


class SetSubclass(set):
    pass


class FrozensetSubclass(frozenset):
    pass


class IntSubclass(int):
    pass


class FloatSubclass(float):
    pass


class StrSubclass(str):
    pass


class BytesSubclass(bytes):
    pass


# base type, stand-in at the judge, how to take the plain value out without the subclass's own code
SUBCLASSES = (
    (list, ListSubclass, lambda value: list.__getitem__(value, slice(None))),
    (tuple, TupleSubclass, lambda value: tuple.__getitem__(value, slice(None))),
    (dict, DictSubclass, dict.copy),
    (set, SetSubclass, lambda value: set().union(value)),
    (frozenset, FrozensetSubclass, lambda value: frozenset().union(value)),
    (int, IntSubclass, lambda value: int.__add__(value, 0)),
    (float, FloatSubclass, lambda value: float.__add__(value, 0.0)),
    (str, StrSubclass, lambda value: str.__getitem__(value, slice(None))),
    (bytes, BytesSubclass, lambda value: bytes.__getitem__(value, slice(None))),
)


def numpy_array(type_text, shape, data):
    import numpy

    return numpy.frombuffer(data, dtype=_number_type(numpy, type_text)).reshape(shape).copy()


def numpy_scalar(type_text, data):
    import numpy

    return numpy.frombuffer(data, dtype=_number_type(numpy, type_text))[0]


def _number_type(numpy, type_text):
    number_type = numpy.dtype(str(type_text))
    if number_type.kind not in "biufc":
        raise ValueError("not a number type")
    return number_type


def opaque(type_name):
    return Opaque(type_name)


def _maker(kind):
    def make(*arguments):
        return kind(*arguments)

    return make


PLAIN_TYPES = (
    bytearray,
    collections.Counter,
    collections.OrderedDict,
    collections.deque,
    complex,
    datetime.date,
    datetime.datetime,
    datetime.time,
    datetime.timedelta,
    decimal.Decimal,
    fractions.Fraction,
    range,
)
STAND_INS = tuple(stand_in for _, stand_in, _ in SUBCLASSES)
SENT_BY_NAME = (*PLAIN_TYPES, *STAND_INS, numpy_array, numpy_scalar, opaque)

# A forged message may set attributes of whatever it can name, so it names functions, never classes:
# a class with another __eq__ would make results equal.
KNOWN_GLOBALS = {
    (known.__module__, known.__qualname__): _maker(known) for known in SENT_BY_NAME
}


class _Encoder(_pickle.Pickler):
    # Whether a value was met that says itself what it equals.
    own = False

    def reducer_override(self, value):
        kind = type(value)
        for known in SENT_BY_NAME:
            if kind is known or value is known:
                return NotImplemented
        if getattr(kind, "__module__", None) == "numpy":
            reduced = _reduce_numpy(kind, value)
            if reduced is not None:
                return reduced
        for base, stand_in, plain in SUBCLASSES:
            if issubclass(kind, base):
                self.own = self.own or kind.__eq__ is not base.__eq__
                return stand_in, (plain(value),)
        self.own = self.own or kind.__eq__ is not object.__eq__
        return opaque, (kind.__name__,)


def _reduce_numpy(kind, value):
    import numpy

    if getattr(value, "dtype", None) is None or value.dtype.kind not in "biufc":
        return None
    if kind is numpy.ndarray:
        return numpy_array, (value.dtype.str, value.shape, value.tobytes())
    return numpy_scalar, (value.dtype.str, value.tobytes())


class _Decoder(_pickle.Unpickler):
    def find_class(self, module, name):
        known = KNOWN_GLOBALS.get((module, name))
        if known is None:
            raise ValueError(f"unexpected type {module}.{name}"[:MAXIMUM_NAME_LENGTH])
        return known


class Encoder:
    """Encodes one value after another."""

    __slots__ = ("dump", "pickler", "write")

    def __init__(self, write):
        """`write` gets the bytes, part by part."""
        self.write = write
        self.begin()

    def begin(self):
        self.pickler = _Encoder(_Sink(self.write), 5)
        self.pickler.fast = True
        self.dump = self.pickler.dump

    def encode(self, value):
        """Equal plain values of equal layout give equal bytes. True when the value, or one in it,
        has its own notion of what it equals."""
        try:
            self.dump(value)
        except BaseException:
            self.begin()
            raise
        own = self.pickler.own
        if own:
            self.pickler.own = False
        return own


def encode(value):
    parts = []
    Encoder(lambda part: parts.append(bytes(part))).encode(value)
    return b"".join(parts)


class _Sink:
    __slots__ = ("write",)

    def __init__(self, write):
        self.write = write


def decode(data):
    """The value of `encode`'s bytes, wherever they come from."""
    return _Decoder(io.BytesIO(data)).load()


def may_differ_from_itself(data):
    """Whether encoded bytes may hold a value that is not equal to its like: NaN, or one of a type
    that the judge does not know."""
    return (
        b"G\x7f\xf8" in data
        or b"G\xff\xf8" in data
        or b"numpy_" in data
        or b"opaque" in data
        or b"Decimal" in data
    )
