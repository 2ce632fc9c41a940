"""Messages over a socket: two lengths, a JSON head, a body of raw bytes."""

import json
import struct

_LENGTHS = struct.Struct('>II')


def send(channel, head, *bodies):
    text = json.dumps(head).encode('ascii')
    lengths = _LENGTHS.pack(len(text), sum(map(len, bodies)))
    channel.sendall(b''.join((lengths, text, *bodies)))


def receive(channel, largest=None):
    """The next (head, body), or None at the end. A head longer than `largest` is a ValueError."""
    lengths = _exactly(channel, _LENGTHS.size)
    if lengths is None:
        return None
    head, body = _LENGTHS.unpack(lengths)
    if largest is not None and head + body > largest:
        raise ValueError('message too long')
    text = _exactly(channel, head)
    data = _exactly(channel, body)
    if text is None or data is None:
        return None
    return json.loads(text), data


def _exactly(channel, count):
    pieces = []
    while count > 0:
        piece = channel.recv(min(count, 1 << 20))
        if not piece:
            return None
        pieces.append(piece)
        count -= len(piece)
    return b''.join(pieces)
