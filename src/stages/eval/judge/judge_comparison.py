"""Whether one result is right: EvalPlus's rules, oracles and tolerances."""

import math
import sys

from judge_tolerance import all_close

SET_ORACLES = {
    "similar_elements",
    "find_char_long",
    "common_in_nested_lists",
    "extract_singly",
    "larg_nnum",
    "intersection_array",
    "find_dissimilar",
    "Diff",
}
NOT_NONE_ORACLES = {"check_str", "text_match_three", "text_starta_endb"}
FLOAT_TOLERANCE = 1e-6


def extra_of(dataset, entry_point):
    """What must travel beside a result: 'set' of it, the 'arguments' after the call, or nothing."""
    if dataset == "mbpp" and entry_point in SET_ORACLES:
        return "set"
    if dataset == "humaneval" and entry_point == "find_zero":
        return "arguments"
    return None


class Comparison:
    """Compares the results of one input set in order; a float result makes later ones tolerant."""

    def __init__(self, dataset, entry_point, tolerance):
        self.dataset = dataset
        self.entry_point = entry_point
        self.task_tolerance = tolerance
        self.tolerance = tolerance

    def accepts(self, out, expected, arguments, extra):
        """True or False; an exception means False. `extra` is what `extra_of` asked for."""
        match = out == expected
        if self.dataset == "mbpp":
            match = self._mbpp_match(match, out, expected, arguments, extra)
        elif self.dataset == "humaneval" and self.entry_point == "find_zero":
            return abs(_polynomial(*extra, out)) <= self.task_tolerance

        if self.tolerance == 0 and is_floats(expected):
            self.tolerance = FLOAT_TOLERANCE
        if not match and self.tolerance != 0:
            if type(out) is not type(expected):
                return False
            if isinstance(expected, (list, tuple)) and len(out) != len(expected):
                return False
            return all_close(out, expected, self.tolerance)
        return bool(match)

    def also_right(self, arguments):
        """Values beside the expected one that a result may be equal to."""
        if self.dataset == "mbpp" and self.entry_point == "sum_div":
            return [0]
        if self.dataset == "mbpp" and self.entry_point == "digit_distance_nums":
            return [digit_distance(*arguments)]
        return []

    def accepts_own(self, matches, expected):
        """As `accepts`, for a result of the program's own making: it matches, or none of the kinds
        of tolerance applies to its type."""
        self.note_equal(is_floats(expected))
        if self.dataset == "mbpp" and self.entry_point == "are_equivalent":
            return True
        if self.dataset == "mbpp" and self.entry_point in NOT_NONE_ORACLES:
            return bool(expected)
        return matches

    def note_equal(self, expected_is_floats):
        """Does for a result known to be equal what `accepts` would do."""
        if self.tolerance == 0 and expected_is_floats:
            self.tolerance = FLOAT_TOLERANCE

    def _mbpp_match(self, match, out, expected, arguments, extra):
        name = self.entry_point
        if name == "are_equivalent":
            return match or True
        if name == "sum_div":
            return match or out == 0
        if name in SET_ORACLES:
            return extra == set(expected)
        if name in NOT_NONE_ORACLES:
            return out == expected if isinstance(out, bool) else expected == (out is not None)
        if name == "surface_Area":
            return match or abs(out - surface_area(*arguments)) <= self.tolerance
        if name == "digit_distance_nums":
            return match or out == digit_distance(*arguments)
        return match


def is_floats(value):
    if isinstance(value, float):
        return True
    if isinstance(value, (list, tuple)) and value:
        return all(isinstance(each, float) for each in value)
    numpy = sys.modules.get("numpy")
    is_array = numpy is not None and isinstance(value, numpy.ndarray)
    return is_array and str(value.dtype) in ("float32", "float64")


def _polynomial(coefficients, x):
    return sum(each * math.pow(x, power) for power, each in enumerate(coefficients))


def surface_area(base, height):
    slant = math.sqrt((base / 2) ** 2 + height**2)
    return round(base**2 + 2 * base * slant)


def digit_distance(one, other):
    left, right = str(one), str(other)
    width = max(len(left), len(right))
    return sum(abs(int(a) - int(b)) for a, b in zip(left.zfill(width), right.zfill(width)))
