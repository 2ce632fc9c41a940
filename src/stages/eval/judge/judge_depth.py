"""Calls a function with a given number of Python frames below it, for recursion limits count them."""

import sys


def at_depth(depth, function):
    frame, here = sys._getframe(), 0
    while frame is not None:
        frame, here = frame.f_back, here + 1
    _descend(depth - here, function)


def _descend(levels, function):
    if levels > 0:
        _descend(levels - 1, function)
    else:
        function()
