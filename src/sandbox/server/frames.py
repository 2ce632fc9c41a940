"""Messages over a socket: two lengths, a JSON head, a body of raw bytes."""

import json
import os
import struct

_LENGTHS = struct.Struct('>II')
# What json.loads and json.dumps come to, without the Python around it: each page that a short
# program touches is copied for it.
_scan = json.JSONDecoder().scan_once
_encode = json.JSONEncoder().encode


def parse_json(data):
    """The value of JSON bytes without white space around; ValueError where they hold anything else."""
    text = data.decode('utf-8')
    try:
        value, end = _scan(text, 0)
    except (StopIteration, RecursionError):
        raise ValueError('not JSON') from None
    if end != len(text):
        raise ValueError('not one JSON value')
    return value


def write_all(descriptor, data):
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def send(channel, head, body_length=0):
    """Sends a head; the `body_length` bytes that it announces are for the caller to send next."""
    text = _encode(head).encode('ascii')
    channel.sendall(_LENGTHS.pack(len(text), body_length) + text)


def receive(channel, largest=None):
    """The next (head, length of the body to come), or None at the end. A head longer than `largest`
    is a ValueError."""
    lengths = _exactly(channel, _LENGTHS.size)
    if lengths is None:
        return None
    head, body = _LENGTHS.unpack(lengths)
    if largest is not None and head + body > largest:
        raise ValueError('message too long')
    text = _exactly(channel, head)
    return None if text is None else (parse_json(text), body)


def receive_text(channel, length):
    """The body that `receive` announced, as text: a JSON string, for it may hold lone surrogates."""
    return parse_json(_exactly(channel, length))


def _exactly(channel, count):
    pieces = []
    while count > 0:
        piece = channel.recv(min(count, 1 << 20))
        if not piece:
            return None
        pieces.append(piece)
        count -= len(piece)
    return b''.join(pieces)
