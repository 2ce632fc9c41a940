import { frame, type Operation, operation } from './operations.ts'

/** Conditions on an integer `{x}`, worded for several of them: "are even". */
export const numberConditions: readonly Operation[] = [
  operation('even', 'are even', '{x} % 2 == 0', ['wrong-comparison', '{x} % 2 == 1']),
  operation('odd', 'are odd', '{x} % 2 == 1', ['wrong-comparison', '{x} % 2 == 0']),
  operation('above', 'are greater than {k}', '{x} > {k}', ['off-by-one', '{x} >= {k}']),
  operation('below', 'are less than {k}', '{x} < {k}', ['off-by-one', '{x} <= {k}']),
  operation('least', 'are at least {k}', '{x} >= {k}', ['off-by-one', '{x} > {k}']),
  operation('most', 'are at most {k}', '{x} <= {k}', ['off-by-one', '{x} < {k}']),
  operation(
    'divisible',
    'are divisible by {k}',
    '{x} % {k} == 0',
    ['wrong-operation', '{x} // {k} == 0'],
    ['wrong-comparison', '{x} % {k} != 0'],
  ),
  operation('indivisible', 'are not divisible by {k}', '{x} % {k} != 0', [
    'wrong-comparison',
    '{x} % {k} == 1',
  ]),
  operation(
    'ending',
    'end in {d}',
    'abs({x}) % 10 == {d}',
    ['edge-case', '{x} % 10 == {d}', 'Negative numbers are missed.'],
    ['wrong-type', 'str({x})[-1] == {d}', 'A digit as text is never equal to a number.'],
  ),
  operation('between', 'are between {a} and {b}', '{a} <= {x} <= {b}', [
    'off-by-one',
    '{a} < {x} < {b}',
  ]),
  operation('other', 'are not equal to {d}', '{x} != {d}', ['wrong-comparison', '{x} == {d}']),
  operation('positive', 'are positive', '{x} > 0', ['off-by-one', '{x} >= 0']),
  operation('negative', 'are negative', '{x} < 0', ['wrong-comparison', '{x} > 0']),
  operation('either', 'are divisible by {k} or {m}', '{x} % {k} == 0 or {x} % {m} == 0', [
    'wrong-operation',
    '{x} % {k} == 0 and {x} % {m} == 0',
    'One of the two is enough.',
  ]),
  operation('far', 'are at least {k} away from zero', 'abs({x}) >= {k}', [
    'edge-case',
    '{x} >= {k}',
    'Negative numbers are missed.',
  ]),
  operation('square', 'are perfect squares', '{x} >= 0 and int({x} ** 0.5) ** 2 == {x}', [
    'edge-case',
    'int({x} ** 0.5) ** 2 == {x}',
    'A negative number has no root.',
  ]),
]

/** Maps of an integer `{x}`, worded for several of them: "add 3 to each". */
export const numberMaps: readonly Operation[] = [
  operation('add', 'add {k} to each', '{x} + {k}', ['off-by-one', '{x} + {k+1}']),
  operation('subtract', 'subtract {k} from each', '{x} - {k}', ['wrong-operation', '{k} - {x}']),
  operation('multiply', 'multiply each by {k}', '{x} * {k}', ['wrong-operation', '{x} + {k}']),
  operation('square', 'square each', '{x} ** 2', ['wrong-operation', '{x} * 2']),
  operation('negate', 'negate each', '-{x}', ['wrong-operation', 'abs({x})']),
  operation('absolute', 'take the absolute value of each', 'abs({x})', ['wrong-operation', '-{x}']),
  operation('modulo', 'take each modulo {k}', '{x} % {k}', ['wrong-operation', '{x} // {k}']),
  operation('divide', 'divide each by {k} rounding down', '{x} // {k}', [
    'wrong-type',
    '{x} / {k}',
    'A plain division gives a fraction.',
  ]),
  operation('double-add', 'double each and add {k}', '2 * {x} + {k}', [
    'wrong-operation',
    '2 * ({x} + {k})',
    'The order is wrong.',
  ]),
  operation('cap', 'lower each to at most {k}', 'min({x}, {k})', [
    'wrong-operation',
    'max({x}, {k})',
  ]),
  operation('floor', 'raise each to at least {k}', 'max({x}, {k})', [
    'wrong-operation',
    'min({x}, {k})',
  ]),
  operation('distance', 'take the distance of each from {k}', 'abs({x} - {k})', [
    'edge-case',
    '{x} - {k}',
    'A distance is never negative.',
  ]),
  operation('digits', 'take the number of digits of each', 'len(str(abs({x})))', [
    'edge-case',
    'len(str({x}))',
    'The minus sign is counted too.',
  ]),
  operation('mirror', 'subtract each from {k}', '{k} - {x}', ['wrong-operation', '{x} - {k}']),
]

/** Last steps over a list of integers `{x}`, which may be empty. */
export const numberAggregates: readonly Operation[] = [
  operation('sum', 'return the sum', 'return sum({x})', ['wrong-start', 'return sum({x}, 1)']),
  operation('count', 'return how many there are', 'return len({x})', [
    'off-by-one',
    'return len({x}) - 1',
  ]),
  operation(
    'largest',
    'return the largest, or {d} if there is none',
    'return max({x}, default={d})',
    ['edge-case', 'return max({x})'],
    ['wrong-operation', 'return min({x}, default={d})'],
  ),
  operation(
    'smallest',
    'return the smallest, or {d} if there is none',
    'return min({x}, default={d})',
    ['edge-case', 'return min({x})'],
  ),
  operation(
    'average',
    'return the average rounded down, or 0 if there is none',
    'return sum({x}) // len({x}) if {x} else 0',
    ['edge-case', 'return sum({x}) // len({x})'],
    ['wrong-type', 'return sum({x}) / len({x}) if {x} else 0', 'It has to be rounded down.'],
  ),
  operation(
    'product',
    'return the product',
    'product = 1\nfor value in {x}:\n    product *= value\nreturn product',
    [
      'wrong-start',
      'product = 0\nfor value in {x}:\n    product *= value\nreturn product',
      'A product starts at 1.',
    ],
  ),
  operation(
    'spread',
    'return the largest minus the smallest, or 0 if there is none',
    'return max({x}) - min({x}) if {x} else 0',
    ['edge-case', 'return max({x}) - min({x})'],
  ),
  operation('distinct', 'return how many different ones there are', 'return len(set({x}))', [
    'missing-step',
    'return len({x})',
    'Equal ones count once.',
  ]),
  operation(
    'first',
    'return the first, or None if there is none',
    'return {x}[0] if {x} else None',
    ['edge-case', 'return {x}[0]'],
    ['off-by-one', 'return {x}[1] if {x} else None', 'The first has index 0.'],
  ),
  operation(
    'last',
    'return the last, or {d} if there is none',
    'return {x}[-1] if {x} else {d}',
    ['edge-case', 'return {x}[-1]'],
    ['off-by-one', 'return {x}[len({x})] if {x} else {d}', 'The last has index -1.'],
  ),
  operation(
    'second',
    'return the second largest, or None if there is none',
    'return sorted({x})[-2] if len({x}) > 1 else None',
    ['edge-case', 'return sorted({x})[-2]'],
    ['off-by-one', 'return sorted({x})[-1] if len({x}) > 1 else None'],
  ),
  operation('join', "return them joined by '{s}'", "return '{s}'.join(str(n) for n in {x})", [
    'wrong-type',
    "return '{s}'.join({x})",
    'Only text can be joined.',
  ]),
  operation('sorted', 'return them sorted', 'return sorted({x})', [
    'library-misuse',
    'return {x}.sort()',
    'sort() returns None.',
  ]),
  operation(
    'descending',
    'return them from largest to smallest',
    'return sorted({x}, reverse=True)',
    ['missing-step', 'return sorted({x})', 'The order has to be reversed.'],
  ),
  operation('reversed', 'return them in reverse order', 'return {x}[::-1]', [
    'library-misuse',
    'return reversed({x})',
    'reversed() is not a list.',
  ]),
  operation('list', 'return the list', 'return {x}', [
    'wrong-type',
    'return tuple({x})',
    'It has to be a list.',
  ]),
  operation('more', 'return whether there are more than {k}', 'return len({x}) > {k}', [
    'off-by-one',
    'return len({x}) >= {k}',
  ]),
]

/** Filters as statements over the list `numbers`. */
export const keepNumbers: readonly Operation[] = numberConditions.map((condition) =>
  frame(
    condition,
    'keep',
    (text) => [`keep the numbers that ${text}`],
    (code) => `numbers = [n for n in numbers if ${code.replaceAll('{x}', 'n')}]`,
  ),
)

/** Maps as statements over the list `numbers`. */
export const mapNumbers: readonly Operation[] = numberMaps.map((map) =>
  frame(
    map,
    'map',
    (text) => text,
    (code) => `numbers = [${code.replaceAll('{x}', 'n')} for n in numbers]`,
  ),
)

/** Last steps over the list `numbers`. */
export const returnNumbers: readonly Operation[] = numberAggregates.map((aggregate) =>
  frame(
    aggregate,
    'return',
    (text) => text,
    (code) => code.replaceAll('{x}', 'numbers'),
  ),
)

/** Changes of order, length or neighbourhood, as statements over the list `numbers`. */
export const arrangeNumbers: readonly Operation[] = [
  operation('sort', 'sort the numbers', 'numbers = sorted(numbers)', [
    'library-misuse',
    'numbers = numbers.sort()',
    'sort() returns None.',
  ]),
  operation('sort-down', 'sort the numbers downwards', 'numbers = sorted(numbers, reverse=True)', [
    'wrong-operation',
    'numbers = sorted(numbers)',
    'The order has to be reversed.',
  ]),
  operation('reverse', 'reverse the numbers', 'numbers = numbers[::-1]', [
    'library-misuse',
    'numbers = numbers.reverse()',
    'reverse() returns None.',
  ]),
  operation('take', 'take the first {k} numbers', 'numbers = numbers[:{k}]', [
    'off-by-one',
    'numbers = numbers[:{k-1}]',
  ]),
  operation('drop', 'drop the first {k} numbers', 'numbers = numbers[{k}:]', [
    'off-by-one',
    'numbers = numbers[{k-1}:]',
  ]),
  operation('take-last', 'take the last {k} numbers', 'numbers = numbers[-{k}:]', [
    'wrong-operation',
    'numbers = numbers[:{k}]',
    'These are the first ones.',
  ]),
  operation('every', 'keep the numbers at positions divisible by {k}', 'numbers = numbers[::{k}]', [
    'off-by-one',
    'numbers = numbers[{k}::{k}]',
    'Position 0 counts too.',
  ]),
  operation('unique', 'drop repeated numbers', 'numbers = list(dict.fromkeys(numbers))', [
    'missing-step',
    'numbers = list(numbers)',
    'Nothing is dropped.',
  ]),
  operation(
    'differences',
    'take the differences of neighbours',
    'numbers = [b - a for a, b in zip(numbers, numbers[1:])]',
    [
      'off-by-one',
      'numbers = [numbers[i + 1] - numbers[i] for i in range(len(numbers))]',
      'The last number has no next one.',
    ],
    ['wrong-operation', 'numbers = [a - b for a, b in zip(numbers, numbers[1:])]'],
  ),
  operation(
    'pair-sums',
    'add up neighbours',
    'numbers = [a + b for a, b in zip(numbers, numbers[1:])]',
    [
      'off-by-one',
      'numbers = [numbers[i] + numbers[i + 1] for i in range(len(numbers))]',
      'The last number has no next one.',
    ],
  ),
  operation('rotate', 'rotate the numbers left by {k}', 'numbers = numbers[{k}:] + numbers[:{k}]', [
    'wrong-operation',
    'numbers = numbers[-{k}:] + numbers[:-{k}]',
    'That rotates to the right.',
  ]),
  operation(
    'positions',
    'multiply each by its position',
    'numbers = [i * n for i, n in enumerate(numbers)]',
    ['off-by-one', 'numbers = [i * n for i, n in enumerate(numbers, 1)]', 'Positions start at 0.'],
  ),
]
