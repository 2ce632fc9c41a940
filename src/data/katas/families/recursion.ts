import type { Family } from '../family.ts'
import { between, someNumbers } from '../inputs.ts'
import { numberConditions, numberMaps } from '../number-operations.ts'
import { on, operation } from '../operations.ts'

const recursive = {
  topic: 'recursion',
  noun: 'rec',
  parameters: ['n'],
  inputs: (random) => [between(random, 2, 12)],
  edges: [[0], [1]],
} satisfies Partial<Family>

const combines = [
  operation('sum', 'add {x} to', '{x} + ', ['wrong-operation', '{x} * ']),
  operation('minus', 'subtract from {x}', '{x} - ', ['wrong-operation', '{x} + ']),
  operation('double', 'add {x} to twice', '{x} + 2 * ', ['missing-step', '{x} + ']),
  operation('triple', 'add {x} to {k} times', '{x} + {k} * ', ['off-by-one', '{x} + {k-1} * ']),
]

const recursiveTerms = [
  operation('n', 'n', 'n', ['off-by-one', '(n - 1)']),
  operation('square', 'the square of n', 'n ** 2', ['wrong-operation', 'n * 2']),
  operation('modulo', 'n modulo {k}', 'n % {k}', ['wrong-operation', 'n // {k}']),
  operation('times', '{k} times n', '{k} * n', ['wrong-operation', '({k} + n)']),
  operation('one', '1', '1', ['off-by-one', '2']),
  operation('digit', 'the last digit of n', 'n % 10', ['wrong-operation', 'n // 10']),
]

const reductions = [
  operation('one', 'n - 1', 'n - 1', ['non-termination', 'n', 'The argument never gets smaller.']),
  operation('two', 'n - 2', 'n - 2', ['non-termination', 'n + 2', 'The argument grows.']),
  operation('half', 'n // 2', 'n // 2', [
    'wrong-type',
    'n / 2',
    'A plain division gives a fraction.',
  ]),
  operation('digits', 'n // 10', 'n // 10', [
    'non-termination',
    'n % 10',
    'That can stay the same.',
  ]),
  operation('third', 'n // {k}', 'n // {k}', ['off-by-one', 'n // {k+1}']),
]

const series = [
  operation('add', 'the sum of the two before', 'a + b', ['wrong-operation', 'abs(a - b)']),
  operation('weigh', 'the one before plus {k} times the one before that', 'b + {k} * a', [
    'wrong-operation',
    'a + {k} * b',
    'The two are swapped.',
  ]),
  operation('shift', 'the sum of the two before plus {k}', 'a + b + {k}', [
    'missing-step',
    'a + b',
  ]),
  operation('lead', '{k} times the one before minus the one before that', '{k} * b - a', [
    'wrong-operation',
    '{k} * a - b',
    'The two are swapped.',
  ]),
  operation('modulo', 'the sum of the two before modulo {k}', '(a + b) % {k}', [
    'wrong-operation',
    'a + b % {k}',
  ]),
  operation('gap', 'the distance of the two before plus {k}', 'abs(a - b) + {k}', [
    'edge-case',
    'a - b + {k}',
  ]),
]

const seriesStarts = [
  operation('zero-one', '0 and 1', '0, 1', ['wrong-start', '1, 1']),
  operation('two-one', '2 and 1', '2, 1', ['wrong-start', '1, 2']),
  operation('drawn', '{a} and {b}', '{a}, {b}', ['wrong-start', '{b}, {a}']),
]

const seriesResults = [
  operation('term', 'return term n', 'return a', [
    'off-by-one',
    'return b',
    'That is the next term.',
  ]),
  operation('digit', 'return the last digit of term n', 'return abs(a) % 10', [
    'missing-step',
    'return a',
  ]),
  operation('even', 'return whether term n is even', 'return a % 2 == 0', [
    'wrong-comparison',
    'return a % 2 == 1',
  ]),
  operation('digits', 'return the number of digits of term n', 'return len(str(abs(a)))', [
    'wrong-type',
    'return len(abs(a))',
    'A number has no length.',
  ]),
  operation('text', 'return term n as text', 'return str(a)', [
    'wrong-type',
    'return a',
    'It has to be text.',
  ]),
  operation('modulo', 'return term n modulo {m}', 'return a % {m}', [
    'wrong-operation',
    'return a // {m}',
  ]),
]

const nestedCombines = [
  operation('sum', 'the sum', '0|total + {y}|total + {z}', [
    'wrong-start',
    '1|total + {y}|total + {z}',
  ]),
  operation('count', 'how many there are', '0|total + {y}|total + 1', [
    'off-by-one',
    '0|total + {y} + 1|total + 1',
  ]),
  operation('largest', 'the largest, or 0 if it is negative', '0|max(total, {y})|max(total, {z})', [
    'wrong-operation',
    '0|min(total, {y})|min(total, {z})',
  ]),
  operation('list', 'a flat list', '[]|total + {y}|total + [{z}]', [
    'wrong-operation',
    '[]|total + [{y}]|total + [{z}]',
    'The inner lists stay lists.',
  ]),
]

/** Katas that call themselves, or that must not. */
export const recursionFamilies: readonly Family[] = [
  {
    ...recursive,
    name: 'recursion-number',
    slots: [recursiveTerms, combines, reductions],
    inputs: (random) => [between(random, 2, 60)],
    clauses: (term, combine, reduce) => [
      `return 0 for n below 1, else ${combine.phrase.replace('{x}', term.phrase)} the result for ${reduce.phrase}`,
    ],
    body: (term, combine, reduce) => [
      'if n < 1:',
      '    return 0',
      `return ${combine.code.replace('{x}', term.code)}{f}(${reduce.code})`,
    ],
    faults: (term, combine, reduce) => [
      {
        kind: 'non-termination',
        note: 'The case that ends the recursion is missing.',
        body: [`return ${combine.code.replace('{x}', term.code)}{f}(${reduce.code})`],
      },
      {
        kind: 'wrong-start',
        note: 'It ends with 0.',
        body: [
          'if n < 1:',
          '    return 1',
          `return ${combine.code.replace('{x}', term.code)}{f}(${reduce.code})`,
        ],
      },
      {
        kind: 'edge-case',
        note: 'n can jump over 0.',
        body: [
          'if n == 1:',
          '    return 0',
          `return ${combine.code.replace('{x}', term.code)}{f}(${reduce.code})`,
        ],
      },
    ],
  },
  {
    ...recursive,
    name: 'recursion-digits',
    noun: 'digits',
    slots: [numberConditions.slice(0, 8), combines, numberMaps.slice(0, 5)],
    inputs: (random) => [between(random, 10, 9999)],
    clauses: (condition, combine, map) => [
      `go through the digits of n from the last by recursion, for those that ${condition.phrase} ${map.phrase}`,
      `${combine.phrase.replace('{x}', 'it')} the result for the rest`,
    ],
    body: (condition, combine, map) => [
      'if n == 0:',
      '    return 0',
      'd = n % 10',
      `if ${on(condition, 'd')}:`,
      `    d = ${on(map, 'd')}`,
      `return ${combine.code.replace('{x}', 'd')}{f}(n // 10)`,
    ],
    faults: (condition, combine, map) => [
      {
        kind: 'non-termination',
        note: 'The rest is n // 10, so it never gets to 0.',
        body: [
          'if n == 0:',
          '    return 0',
          'd = n % 10',
          `if ${on(condition, 'd')}:`,
          `    d = ${on(map, 'd')}`,
          `return ${combine.code.replace('{x}', 'd')}{f}(n % 100)`,
        ],
      },
    ],
  },
  {
    ...recursive,
    name: 'recursion-series',
    noun: 'term',
    slots: [series, seriesStarts, seriesResults],
    inputs: (random) => [between(random, 2, 12)],
    edges: [[0], [1], [60], [45]],
    clauses: (rule, start, last) => [
      `in a series that starts with ${start.phrase} each term is ${rule.phrase}`,
      `counting from 0, ${last.phrase}`,
    ],
    body: (rule, start, last) => [
      `a, b = ${start.code}`,
      'for _ in range(n):',
      `    a, b = b, ${rule.code}`,
      last.code,
    ],
    faults: (rule, start, last) => [
      {
        kind: 'complexity',
        note: 'Every call makes two more, so large n takes for ever. A loop is enough.',
        body: [
          'def term(i):',
          '    if i < 2:',
          `        return [${start.code}][i]`,
          '    a, b = term(i - 2), term(i - 1)',
          `    return ${rule.code}`,
          'a = term(n)',
          last.code,
        ],
      },
      {
        kind: 'off-by-one',
        note: 'It goes one term too far.',
        body: [
          `a, b = ${start.code}`,
          'for _ in range(n + 1):',
          `    a, b = b, ${rule.code}`,
          last.code,
        ],
      },
      {
        kind: 'wrong-operation',
        note: 'b has to be computed from the old a.',
        body: [
          `a, b = ${start.code}`,
          'for _ in range(n):',
          '    a = b',
          `    b = ${rule.code}`,
          last.code,
        ],
      },
    ],
  },
  {
    ...recursive,
    name: 'recursion-nested',
    noun: 'nested',
    parameters: ['items'],
    slots: [nestedCombines, numberConditions],
    inputs: (random) => [
      someNumbers(random, 2, 4).map((value) =>
        random.integer(3) === 0 ? [value, someNumbers(random, 1, 2)] : value,
      ),
    ],
    edges: [[[]], [[[4], [[7]]]]],
    clauses: (combine, condition) => [
      `in a list that may hold lists, take the numbers that ${condition.phrase}`,
      `return ${combine.phrase}`,
    ],
    body: (combine, condition) => nestedBody(combine.code, on(condition, 'item')),
    faults: (combine, condition) => [
      {
        kind: 'wrong-type',
        note: 'An item can be a list.',
        body: nestedBody(combine.code, on(condition, 'item'))
          .filter((_, index) => index !== 2 && index !== 3)
          .map((line) => line.replace('elif', 'if')),
      },
      {
        kind: 'non-termination',
        note: 'It calls itself with the same list.',
        body: nestedBody(combine.code, on(condition, 'item')).map((line) =>
          line.replace('{f}(item)', '{f}(items)'),
        ),
      },
    ],
  },
]

function nestedBody(combine: string, condition: string): string[] {
  const [start, inner, leaf] = combine.split('|')
  return [
    `total = ${start}`,
    'for item in items:',
    '    if isinstance(item, list):',
    `        total = ${inner?.replace('{y}', '{f}(item)')}`,
    `    elif ${condition}:`,
    `        total = ${leaf?.replace('{z}', 'item')}`,
    'return total',
  ]
}
