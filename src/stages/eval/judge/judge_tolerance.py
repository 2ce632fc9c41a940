"""`numpy.allclose` for the values that results are made of, with and without NumPy."""

import math

RELATIVE_TOLERANCE = 1e-7
INT64_BOUND = 2**63


def all_close(actual, expected, tolerance):
    """Whether all elements agree within `tolerance + 1e-7 * |expected|`.

    Raises where NumPy raises. Scalars and equally long flat lists of numbers are compared here,
    bit for bit as NumPy does; the rest goes to NumPy where it is installed.
    """
    if _is_number(actual) and _is_number(expected):
        return _is_close(actual, expected, tolerance)
    if _is_flat(actual) and _is_flat(expected) and len(actual) == len(expected):
        return all(
            _is_close(_as_float(left), _as_float(right), tolerance)
            for left, right in zip(actual, expected)
        )
    try:
        import numpy
    except ImportError:
        return _all_close_without_numpy(actual, expected, tolerance)
    with numpy.errstate(all="ignore"):
        return bool(numpy.allclose(actual, expected, rtol=RELATIVE_TOLERANCE, atol=tolerance))


def _is_number(value):
    return isinstance(value, (int, float, complex))


def _is_flat(value):
    return type(value) in (list, tuple) and all(
        type(each) is float
        or type(each) is bool
        or (type(each) is int and -INT64_BOUND <= each < INT64_BOUND)
        for each in value
    )


def _as_float(value):
    return value if type(value) is float else float(value)


def _is_close(actual, expected, tolerance):
    if isinstance(expected, int):
        expected = float(expected)
    if actual == expected:
        return True
    finite = math.isfinite(expected.real) and math.isfinite(expected.imag)
    return finite and abs(actual - expected) <= tolerance + RELATIVE_TOLERANCE * abs(expected)


def _all_close_without_numpy(actual, expected, tolerance):
    left_shape, left = _flatten(actual)
    right_shape, right = _flatten(expected)
    shape = _broadcast_shape(left_shape, right_shape)
    count = math.prod(shape)
    return all(
        _is_close(
            left[_element(index, shape, left_shape)],
            right[_element(index, shape, right_shape)],
            tolerance,
        )
        for index in range(count)
    )


def _flatten(value):
    """Shape and elements of nested lists; raises for ragged ones and for what is no number."""
    if type(value) in (list, tuple):
        parts = [_flatten(each) for each in value]
        if any(shape != parts[0][0] for shape, _ in parts):
            raise ValueError("nested lists of unequal length")
        inner = parts[0][0] if parts else ()
        return (len(value), *inner), [each for _, elements in parts for each in elements]
    if not _is_number(value):
        raise TypeError(f"{type(value).__name__} is not a number")
    return (), [value if isinstance(value, complex) else float(value)]


def _broadcast_shape(left, right):
    rank = max(len(left), len(right))
    pairs = zip((1,) * (rank - len(left)) + left, (1,) * (rank - len(right)) + right)
    shape = []
    for one, other in pairs:
        if one != other and one != 1 and other != 1:
            raise ValueError("shapes do not fit")
        shape.append(other if one == 1 else one)
    return tuple(shape)


def _element(index, shape, own_shape):
    """Position in an operand's elements of one element of the broadcast result."""
    position, stride = 0, 1
    for axis in range(1, len(shape) + 1):
        index, coordinate = divmod(index, shape[-axis])
        if axis <= len(own_shape):
            extent = own_shape[-axis]
            position += (coordinate if extent != 1 else 0) * stride
            stride *= extent
    return position
