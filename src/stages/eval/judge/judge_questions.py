"""Results that say themselves what they equal, such as objects with an `__eq__` of their own.

Only the program can compare them. It is asked about the expected value among those of other inputs,
in an order that it cannot know, so that an object that equals everything gives itself away and
nothing tells which of them is right.
"""

import random

from judge_wire import decode, encode

NO, YES, RAISED = 0, 1, 2
COUNT_BYTES = LENGTH_BYTES = 8
OTHERS_ASKED = 7
_random = random.SystemRandom()


def write_questions(values):
    texts = [encode(value) for value in values]
    parts = [len(texts).to_bytes(COUNT_BYTES, "big")]
    for text in texts:
        parts += [len(text).to_bytes(LENGTH_BYTES, "big"), text]
    return b"".join(parts)


def answer_questions(read, out, elements=None):
    """The program's side: `read` gives so many bytes of the questions; answers one byte each. With
    `elements`, the set of what is in the result, sets are compared."""
    answers = bytearray()
    for _ in range(int.from_bytes(read(COUNT_BYTES), "big")):
        value = decode(read(int.from_bytes(read(LENGTH_BYTES), "big")))
        try:
            match = out == value
            if elements is not None:
                match = elements == set(value)
            answers.append(YES if match else NO)
        except BaseException:
            answers.append(RAISED)
    return bytes(answers)


def ask(put_questions, right, others):
    """Which of the `right` values the result equals, by a byte each; None when it equals wrong ones
    too. `put_questions` gets values and returns the answers; `others` are expected of other inputs,
    among which the right value does not stand out."""
    wrong = [each for each in others if not _is_among(each, right)]
    wrong = _random.sample(wrong, min(OTHERS_ASKED, len(wrong)))
    if len(wrong) < OTHERS_ASKED:
        like = [near_value(value) for value in right for _ in range(OTHERS_ASKED)]
        wrong += [each for each in like if not _is_among(each, right)]
    asked = [*right, *wrong]
    order = list(range(len(asked)))
    _random.shuffle(order)
    answers = put_questions([asked[index] for index in order])
    by_value = dict(zip(order, answers))
    if any(by_value[index] == YES for index in range(len(right), len(asked))):
        return None
    return [by_value[index] for index in range(len(right))]


def near_value(value):
    """A value of the same type that differs from it by little, by chance."""
    number = _random.choice((-3, -2, -1, 1, 2, 3))
    if isinstance(value, bool):
        return not value
    if isinstance(value, (int, float, complex)):
        return value + number
    if isinstance(value, str):
        place = _random.randrange(len(value) + 1)
        return value[:place] + chr(ord("a") + abs(number)) + value[place:]
    if isinstance(value, bytes):
        return value + bytes([ord("a") + abs(number)])
    if isinstance(value, (list, tuple)):
        return _near_row(value, number)
    if isinstance(value, (set, frozenset)):
        return type(value)(_near_row(list(value), number))
    if isinstance(value, dict):
        keys = list(value)
        left_out = _random.choice(keys) if keys else None
        return {key: each for key, each in value.items() if key != left_out} or {number: number}
    return number


def _near_row(row, number):
    """The row with one element changed."""
    if len(row) == 0:
        return type(row)([abs(number)])
    place = _random.randrange(len(row))
    return row[:place] + type(row)([near_value(row[place])]) + row[place + 1 :]


def _is_among(value, values):
    try:
        return any(value == each for each in values)
    except BaseException:
        return True
