import type { Family } from '../family.ts'
import { someNumbers } from '../inputs.ts'
import {
  arrangeNumbers,
  keepNumbers,
  mapNumbers,
  numberConditions,
  numberMaps,
  returnNumbers,
} from '../number-operations.ts'
import { on, operation } from '../operations.ts'

const list = {
  topic: 'lists',
  noun: 'list',
  parameters: ['numbers'],
  inputs: (random) => [someNumbers(random)],
  edges: [[[]]],
} satisfies Partial<Family>

const neighbours = [
  operation('rise', 'is greater than the one before', 'b > a', ['off-by-one', 'b >= a']),
  operation('fall', 'is less than the one before', 'b < a', ['off-by-one', 'b <= a']),
  operation('equal', 'equals the one before', 'a == b', ['wrong-comparison', 'a != b']),
  operation('jump', 'differs from the one before by more than {k}', 'abs(b - a) > {k}', [
    'edge-case',
    'b - a > {k}',
    'It can also go down.',
  ]),
  operation('opposite', 'has another sign than the one before', 'a * b < 0', [
    'wrong-comparison',
    'a * b <= 0',
  ]),
]

const quantifiers = [
  operation('all', 'return whether all numbers', 'return all({x} for n in numbers)', [
    'wrong-operation',
    'return any({x} for n in numbers)',
  ]),
  operation('any', 'return whether any numbers', 'return any({x} for n in numbers)', [
    'wrong-operation',
    'return all({x} for n in numbers)',
  ]),
  operation('none', 'return whether no numbers', 'return not any({x} for n in numbers)', [
    'wrong-operation',
    'return not all({x} for n in numbers)',
  ]),
  operation(
    'exactly',
    'return whether exactly {a} numbers',
    'return sum(1 for n in numbers if {x}) == {a}',
    ['wrong-comparison', 'return sum(1 for n in numbers if {x}) >= {a}'],
  ),
  operation('share', 'return how many numbers', 'return sum(1 for n in numbers if {x})', [
    'wrong-operation',
    'return sum(n for n in numbers if {x})',
    'That adds up the numbers.',
  ]),
  operation(
    'index',
    'return the positions where numbers',
    'return [i for i, n in enumerate(numbers) if {x}]',
    ['off-by-one', 'return [i for i, n in enumerate(numbers, 1) if {x}]', 'Positions start at 0.'],
  ),
  operation(
    'first',
    'return the first position where numbers',
    'return next((i for i, n in enumerate(numbers) if {x}), -1)',
    [
      'edge-case',
      'return next(i for i, n in enumerate(numbers) if {x})',
      'There may be no such number.',
    ],
  ),
]

const pairings = [
  operation('sums', 'add up the pairs of both lists', 'a + b', ['wrong-operation', 'a * b']),
  operation('products', 'multiply the pairs of both lists', 'a * b', ['wrong-operation', 'a + b']),
  operation('gaps', 'take the distances of the pairs of both lists', 'abs(a - b)', [
    'edge-case',
    'a - b',
    'A distance is never negative.',
  ]),
  operation('larger', 'take the larger of each pair of both lists', 'max(a, b)', [
    'wrong-operation',
    'min(a, b)',
  ]),
  operation('smaller', 'take the smaller of each pair of both lists', 'min(a, b)', [
    'wrong-operation',
    'max(a, b)',
  ]),
  operation('less', 'subtract the second of each pair of both lists from the first', 'a - b', [
    'wrong-operation',
    'b - a',
  ]),
]

const memberships = [
  operation('common', 'keep the numbers of a that are in b', 'numbers = [n for n in a if n in b]', [
    'wrong-comparison',
    'numbers = [n for n in a if n not in b]',
  ]),
  operation(
    'only',
    'keep the numbers of a that are not in b',
    'numbers = [n for n in a if n not in b]',
    ['wrong-comparison', 'numbers = [n for n in b if n not in a]', 'The lists are swapped.'],
  ),
  operation('both', 'append b to a', 'numbers = a + b', ['wrong-operation', 'numbers = b + a']),
  operation('merge', 'merge a and b in sorted order', 'numbers = sorted(a + b)', [
    'missing-step',
    'numbers = a + b',
  ]),
]

const runners = [
  operation('sum', 'take the running sums', 'total = total + n', ['wrong-operation', 'total = n']),
  operation('largest', 'take the running maximum, starting from 0', 'total = max(total, n)', [
    'wrong-operation',
    'total = min(total, n)',
  ]),
  operation('smallest', 'take the running minimum, starting from 0', 'total = min(total, n)', [
    'wrong-operation',
    'total = max(total, n)',
  ]),
  operation('decay', 'take the running sums, halved at each step', 'total = total // 2 + n', [
    'wrong-type',
    'total = total / 2 + n',
    'A plain division gives a fraction.',
  ]),
  operation('modulo', 'take the running sums modulo {k}', 'total = (total + n) % {k}', [
    'wrong-operation',
    'total = total + n % {k}',
  ]),
]

const chunkValues = [
  operation('sum', 'the sum', 'sum({x})', ['wrong-operation', 'len({x})']),
  operation('largest', 'the largest', 'max({x})', ['wrong-operation', 'min({x})']),
  operation('smallest', 'the smallest', 'min({x})', ['wrong-operation', 'max({x})']),
  operation('length', 'the length', 'len({x})', ['off-by-one', 'len({x}) - 1']),
  operation('first', 'the first', '{x}[0]', ['off-by-one', '{x}[-1]']),
  operation('reverse', 'the reverse', '{x}[::-1]', ['wrong-operation', 'sorted({x})']),
]

const chunkCuts = [
  operation(
    'parts',
    'cut the list into parts of {k}',
    'parts = [numbers[i:i + {k}] for i in range(0, len(numbers), {k})]',
    [
      'off-by-one',
      'parts = [numbers[i:i + {k}] for i in range(0, len(numbers) - 1, {k})]',
      'The last part can be lost.',
    ],
  ),
  operation(
    'windows',
    'take all windows of {a} neighbours',
    'parts = [numbers[i:i + {a}] for i in range(len(numbers) - {a-1})]',
    [
      'off-by-one',
      'parts = [numbers[i:i + {a}] for i in range(len(numbers) - {a})]',
      'The last window is lost.',
    ],
  ),
  operation(
    'starts',
    'take all beginnings of the list',
    'parts = [numbers[:i + 1] for i in range(len(numbers))]',
    ['off-by-one', 'parts = [numbers[:i] for i in range(len(numbers))]', 'The first one is empty.'],
  ),
  operation(
    'tails',
    'take all endings of the list',
    'parts = [numbers[i:] for i in range(len(numbers))]',
    [
      'off-by-one',
      'parts = [numbers[i + 1:] for i in range(len(numbers))]',
      'The last one is empty.',
    ],
  ),
]

/** Katas over one or two lists of integers. */
export const listFamilies: readonly Family[] = [
  { ...list, name: 'list-keep-return', slots: [keepNumbers, returnNumbers] },
  { ...list, name: 'list-map-return', slots: [mapNumbers, returnNumbers] },
  { ...list, name: 'list-keep-map-return', slots: [keepNumbers, mapNumbers, returnNumbers] },
  { ...list, name: 'list-map-keep-return', slots: [mapNumbers, keepNumbers, returnNumbers] },
  { ...list, name: 'list-map-map-return', slots: [mapNumbers, mapNumbers, returnNumbers] },
  { ...list, name: 'list-arrange-return', slots: [arrangeNumbers, returnNumbers] },
  { ...list, name: 'list-keep-arrange', slots: [keepNumbers, arrangeNumbers, returnNumbers] },
  { ...list, name: 'list-arrange-map', slots: [arrangeNumbers, mapNumbers, returnNumbers] },
  {
    ...list,
    name: 'list-quantify',
    slots: [quantifiers, numberConditions],
    clauses: (quantifier, condition) => [`${quantifier.phrase} ${condition.phrase}`],
    body: (quantifier, condition) => [on(quantifier, on(condition, 'n'))],
  },
  {
    ...list,
    name: 'list-neighbours',
    slots: [neighbours, returnNumbers],
    clauses: (pair, last) => [`keep each number that ${pair.phrase}`, last.phrase],
    body: (pair, last) => [
      `numbers = [b for a, b in zip(numbers, numbers[1:]) if ${pair.code}]`,
      ...last.code.split('\n'),
    ],
  },
  {
    ...list,
    name: 'list-conditional-map',
    slots: [numberConditions, numberMaps, returnNumbers],
    clauses: (condition, map, last) => [
      `for the numbers that ${condition.phrase}, ${map.phrase}`,
      last.phrase,
    ],
    body: (condition, map, last) => [
      `numbers = [${on(map, 'n')} if ${on(condition, 'n')} else n for n in numbers]`,
      ...last.code.split('\n'),
    ],
    faults: (condition, map, last) => [
      {
        kind: 'wrong-operation',
        note: 'The other numbers have to stay.',
        body: [
          `numbers = [${on(map, 'n')} for n in numbers if ${on(condition, 'n')}]`,
          ...last.code.split('\n'),
        ],
      },
    ],
  },
  {
    ...list,
    name: 'list-running',
    slots: [runners, keepNumbers],
    clauses: (runner, keep) => [
      runner.phrase,
      keep.phrase.replace('numbers', 'results'),
      'return the list',
    ],
    body: (runner, keep) => [
      'total = 0',
      'results = []',
      'for n in numbers:',
      `    ${runner.code}`,
      '    results.append(total)',
      keep.code.replace('in numbers if', 'in results if'),
      'return numbers',
    ],
    faults: (runner, keep) => [
      {
        kind: 'off-by-one',
        note: 'The value is stored before it is updated.',
        body: [
          'total = 0',
          'results = []',
          'for n in numbers:',
          '    results.append(total)',
          `    ${runner.code}`,
          keep.code.replace('in numbers if', 'in results if'),
          'return numbers',
        ],
      },
    ],
  },
  {
    ...list,
    name: 'list-until',
    slots: [numberConditions, numberMaps, returnNumbers],
    clauses: (condition, map, last) => [
      `stop before the first of the numbers that ${condition.phrase}`,
      map.phrase,
      last.phrase,
    ],
    body: (condition, map, last) => [
      'results = []',
      'for n in numbers:',
      `    if ${on(condition, 'n')}:`,
      '        break',
      `    results.append(${on(map, 'n')})`,
      ...last.code.replaceAll('numbers', 'results').split('\n'),
    ],
    faults: (condition, map, last) => [
      {
        kind: 'wrong-operation',
        note: 'continue goes on where break has to stop.',
        body: [
          'results = []',
          'for n in numbers:',
          `    if ${on(condition, 'n')}:`,
          '        continue',
          `    results.append(${on(map, 'n')})`,
          ...last.code.replaceAll('numbers', 'results').split('\n'),
        ],
      },
      {
        kind: 'non-termination',
        note: 'The index never moves, so the loop never ends.',
        body: [
          'results = []',
          'i = 0',
          `while i < len(numbers) and not (${on(condition, 'numbers[i]')}):`,
          `    results.append(${on(map, 'numbers[i]')})`,
          ...last.code.replaceAll('numbers', 'results').split('\n'),
        ],
      },
    ],
  },
  {
    ...list,
    name: 'list-parts',
    noun: 'parts',
    slots: [chunkCuts, chunkValues],
    clauses: (cut, value) => [cut.phrase, `return a list with ${value.phrase} of each`],
    body: (cut, value) => [cut.code, `return [${on(value, 'part')} for part in parts]`],
  },
  {
    ...list,
    name: 'list-partition',
    noun: 'split',
    slots: [numberConditions, numberConditions],
    clauses: (first, second) => [
      `return two lists: the numbers that ${first.phrase}, then of the others those that ${second.phrase}`,
    ],
    body: (first, second) => [
      `first = [n for n in numbers if ${on(first, 'n')}]`,
      `others = [n for n in numbers if n not in first and ${wrapOr(on(second, 'n'))}]`,
      'return [first, others]',
    ],
    faults: (first, second) => [
      {
        kind: 'wrong-type',
        note: 'It has to be a list of lists.',
        body: [
          `first = [n for n in numbers if ${on(first, 'n')}]`,
          `others = [n for n in numbers if n not in first and ${wrapOr(on(second, 'n'))}]`,
          'return first, others',
        ],
      },
    ],
  },
  {
    ...list,
    name: 'pair-combine',
    noun: 'pairs',
    parameters: ['first', 'second'],
    slots: [pairings, keepNumbers, returnNumbers],
    inputs: (random) => [someNumbers(random), someNumbers(random)],
    edges: [
      [[], []],
      [[1, 2, 3], [4]],
    ],
    body: (pair, keep, last) => [
      `numbers = [${pair.code} for a, b in zip(first, second)]`,
      keep.code,
      ...last.code.split('\n'),
    ],
    faults: (pair, keep, last) => [
      {
        kind: 'edge-case',
        note: 'The second list may be shorter.',
        body: [
          `numbers = [${pair.code.replace(/\ba\b/g, 'first[i]').replace(/\bb\b/g, 'second[i]')} for i in range(len(first))]`,
          keep.code,
          ...last.code.split('\n'),
        ],
      },
    ],
  },
  {
    ...list,
    name: 'pair-members',
    noun: 'both',
    parameters: ['a', 'b'],
    slots: [memberships, mapNumbers, returnNumbers],
    inputs: (random) => {
      const first = someNumbers(random)
      const shared = first.filter(() => random.integer(2) === 0)
      return [first, random.shuffle([...shared, ...someNumbers(random, 1, 3)])]
    },
    edges: [[[], [3]]],
  },
]

function wrapOr(condition: string): string {
  return condition.includes(' or ') ? `(${condition})` : condition
}
