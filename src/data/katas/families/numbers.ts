import type { Family } from '../family.ts'
import { between } from '../inputs.ts'
import {
  keepNumbers,
  mapNumbers,
  numberConditions,
  numberMaps,
  returnNumbers,
} from '../number-operations.ts'
import { on, operation } from '../operations.ts'

const number = {
  topic: 'numbers',
  noun: 'number',
  parameters: ['n'],
  inputs: (random) => [between(random, 1, 40)],
  edges: [[0], [1]],
} satisfies Partial<Family>

const sources = [
  operation('digits', 'take the digits of n', 'numbers = [int(d) for d in str(n)]', [
    'wrong-type',
    'numbers = list(str(n))',
    'These are characters.',
  ]),
  operation('upto', 'take the numbers from 1 to n', 'numbers = list(range(1, n + 1))', [
    'off-by-one',
    'numbers = list(range(1, n))',
    'range() leaves out the end.',
  ]),
  operation('below', 'take the numbers from 0 below n', 'numbers = list(range(n))', [
    'off-by-one',
    'numbers = list(range(1, n))',
    'It starts at 0.',
  ]),
  operation('down', 'count down from n to 1', 'numbers = list(range(n, 0, -1))', [
    'off-by-one',
    'numbers = list(range(n, 1, -1))',
    'range() leaves out the end.',
  ]),
  operation(
    'divisors',
    'take the divisors of n',
    'numbers = [i for i in range(1, n + 1) if n % i == 0]',
    ['off-by-one', 'numbers = [i for i in range(1, n) if n % i == 0]', 'n divides itself.'],
    ['edge-case', 'numbers = [i for i in range(n + 1) if n % i == 0]', 'It must not divide by 0.'],
  ),
  operation('bits', 'take the binary digits of n', 'numbers = [int(b) for b in bin(n)[2:]]', [
    'library-misuse',
    'numbers = [int(b) for b in bin(n)]',
    'bin() puts 0b in front.',
  ]),
  operation('steps', 'count from 0 below n in steps of {k}', 'numbers = list(range(0, n, {k}))', [
    'off-by-one',
    'numbers = list(range({k}, n, {k}))',
    'It starts at 0.',
  ]),
  operation(
    'powers',
    'take the powers of {k} up to n',
    'numbers = [{k} ** i for i in range(n) if {k} ** i <= n]',
    [
      'off-by-one',
      'numbers = [{k} ** i for i in range(n) if {k} ** i < n]',
      'n itself counts too.',
    ],
  ),
]

const shrinks = [
  operation('halve', 'halve n rounding down', 'n = n // 2', [
    'wrong-type',
    'n = n / 2',
    'It has to be rounded down.',
  ]),
  operation('divide', 'divide n by {k} rounding down', 'n = n // {k}', [
    'off-by-one',
    'n = n // {k+1}',
  ]),
  operation('subtract', 'subtract {k} from n', 'n = n - {k}', ['off-by-one', 'n = n - {k-1}']),
  operation('digit', 'drop the last digit of n', 'n = n // 10', ['wrong-operation', 'n = n % 10']),
  operation(
    'mixed',
    'halve n if it is even, else subtract 1',
    'n = n // 2 if n % 2 == 0 else n - 1',
    ['wrong-comparison', 'n = n // 2 if n % 2 == 1 else n - 1'],
  ),
]

const collects = [
  operation('steps', 'return the number of steps', 'total = total + 1', [
    'off-by-one',
    'total = total + 2',
  ]),
  operation('sum', 'return the sum of all values before each step', 'total = total + n', [
    'wrong-operation',
    'total = n',
  ]),
  operation(
    'even',
    'return how many values before each step are even',
    'total = total + (n % 2 == 0)',
    ['wrong-comparison', 'total = total + (n % 2 == 1)'],
  ),
  operation(
    'remainders',
    'return the sum of all values modulo {k} before each step',
    'total = total + n % {k}',
    ['wrong-operation', 'total = (total + n) % {k}'],
  ),
  operation(
    'largest',
    'return the largest value modulo {k} before each step',
    'total = max(total, n % {k})',
    ['wrong-operation', 'total = min(total, n % {k})'],
  ),
]

const labels = [
  operation('words', "'low', 'mid' or 'high'", "'low' 'mid' 'high'"),
  operation('signs', "'-', '=' or '+'", "'-' '=' '+'"),
  operation('numbers', '1, 2 or 3', '1 2 3'),
]

const numberSteps = numberMaps.map((map) => ({
  ...map,
  phrases: map.phrases.map((text) => text.replace('each', 'n')),
  code: `n = ${map.code.replaceAll('{x}', 'n')}`,
  faults: map.faults.map((fault) => ({
    ...fault,
    code: `n = ${fault.code.replaceAll('{x}', 'n')}`,
  })),
}))

const numberResults = [
  operation('value', 'return the result', 'return n', ['wrong-type', 'return str(n)']),
  operation('text', 'return the result as text', 'return str(n)', ['wrong-type', 'return n']),
  operation('length', 'return the number of digits', 'return len(str(abs(n)))', [
    'edge-case',
    'return len(str(n))',
    'The minus sign is counted too.',
  ]),
  operation('even', 'return whether the result is even', 'return n % 2 == 0', [
    'wrong-comparison',
    'return n % 2 == 1',
  ]),
  operation('above', 'return whether the result is greater than {k}', 'return n > {k}', [
    'off-by-one',
    'return n >= {k}',
  ]),
  operation(
    'list',
    'return the list of the digits of the result',
    'return [int(d) for d in str(abs(n))]',
    ['wrong-type', 'return list(str(abs(n)))', 'These are characters.'],
  ),
  operation('binary', 'return the result in binary', 'return bin(abs(n))[2:]', [
    'library-misuse',
    'return bin(abs(n))',
    'bin() puts 0b in front.',
  ]),
]

/** Katas over one integer. */
export const numberFamilies: readonly Family[] = [
  { ...number, name: 'number-source-return', slots: [sources, returnNumbers] },
  { ...number, name: 'number-source-keep', slots: [sources, keepNumbers, returnNumbers] },
  { ...number, name: 'number-source-map', slots: [sources, mapNumbers, returnNumbers] },
  {
    ...number,
    name: 'number-shrink',
    noun: 'shrink',
    slots: [shrinks, collects],
    inputs: (random) => [between(random, 2, 200)],
    clauses: (shrink, collect) => [`while n is greater than 0, ${shrink.phrase}`, collect.phrase],
    body: (shrink, collect) => shrinkBody('n > 0', collect.code, shrink.code),
    faults: (shrink, collect) => [
      {
        kind: 'non-termination',
        note: 'With >= the loop never ends or takes a step too many.',
        body: shrinkBody('n >= 0', collect.code, shrink.code),
      },
      {
        kind: 'off-by-one',
        note: 'It stops one step too early.',
        body: shrinkBody('n > 1', collect.code, shrink.code),
      },
      {
        kind: 'non-termination',
        note: 'n never changes, so the loop never ends.',
        body: shrinkBody('n > 0', collect.code, shrink.code.replace('n =', 'rest =')),
      },
    ],
  },
  {
    ...number,
    name: 'number-classify',
    noun: 'kind',
    slots: [numberConditions, numberConditions, labels],
    inputs: (random) => [between(random, -15, 40)],
    edges: [[0], [-3], [9]],
    clauses: (first, second, label) => [
      `return ${label.phrase}: the first for numbers that ${first.phrase}, the second for others that ${second.phrase}, else the third`,
    ],
    body: (first, second, label) => {
      const [low, mid, high] = label.code.split(' ')
      return [
        `if ${on(first, 'n')}:`,
        `    return ${low}`,
        `if ${on(second, 'n')}:`,
        `    return ${mid}`,
        `return ${high}`,
      ]
    },
    faults: (first, second, label) => {
      const [low, mid, high] = label.code.split(' ')
      return [
        {
          kind: 'wrong-operation',
          note: 'The first condition has to come first.',
          body: [
            `if ${on(second, 'n')}:`,
            `    return ${mid}`,
            `if ${on(first, 'n')}:`,
            `    return ${low}`,
            `return ${high}`,
          ],
        },
      ]
    },
  },
  {
    ...number,
    name: 'number-steps',
    noun: 'steps',
    slots: [numberSteps, numberSteps, numberResults],
    inputs: (random) => [between(random, -9, 40)],
    edges: [[0], [-4], [7]],
  },
  {
    ...number,
    name: 'number-conditional',
    noun: 'choose',
    slots: [numberConditions, numberSteps, numberSteps],
    inputs: (random) => [between(random, -9, 40)],
    edges: [[0], [-4], [7]],
    clauses: (condition, yes, no) => [
      `for numbers that ${condition.phrase}, ${yes.phrase}`,
      `for others, ${no.phrase}`,
      'return the result',
    ],
    body: (condition, yes, no) => [
      `if ${on(condition, 'n')}:`,
      `    ${yes.code}`,
      'else:',
      `    ${no.code}`,
      'return n',
    ],
    faults: (condition, yes, no) => [
      {
        kind: 'wrong-operation',
        note: 'Without else both steps are taken.',
        body: [`if ${on(condition, 'n')}:`, `    ${yes.code}`, no.code, 'return n'],
      },
      {
        kind: 'missing-step',
        note: 'Nothing is returned.',
        body: [`if ${on(condition, 'n')}:`, `    ${yes.code}`, 'else:', `    ${no.code}`],
      },
    ],
  },
  {
    ...number,
    name: 'number-both',
    noun: 'upto',
    slots: [numberConditions, numberConditions],
    clauses: (first, second) => [
      `return the numbers from 1 to n that ${first.phrase} but not those that ${second.phrase}`,
    ],
    body: (first, second) => [
      'results = []',
      'for i in range(1, n + 1):',
      `    if (${on(first, 'i')}) and not (${on(second, 'i')}):`,
      '        results.append(i)',
      'return results',
    ],
    faults: (first, second) => [
      {
        kind: 'off-by-one',
        note: 'range() leaves out the end.',
        body: [
          'results = []',
          'for i in range(1, n):',
          `    if (${on(first, 'i')}) and not (${on(second, 'i')}):`,
          '        results.append(i)',
          'return results',
        ],
      },
    ],
  },
]

function shrinkBody(condition: string, collect: string, shrink: string): string[] {
  return ['total = 0', `while ${condition}:`, `    ${collect}`, `    ${shrink}`, 'return total']
}
