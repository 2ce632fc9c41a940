import type { Random } from '../../../core/index.ts'
import type { Family } from '../family.ts'
import { between, several, someNumbers, someWord, someWords } from '../inputs.ts'
import { keepNumbers, mapNumbers, numberConditions, returnNumbers } from '../number-operations.ts'
import { on, operation, type Step } from '../operations.ts'
import { keepWords, mapWords, returnWords } from '../word-operations.ts'

const parsed = {
  topic: 'parsing',
  noun: 'parse',
  parameters: ['text'],
  edges: [['']],
} satisfies Partial<Family>

const numberReaders = [
  operation(
    'separated',
    "read the numbers separated by '{s}'",
    "numbers = [int(p) for p in text.split('{s}') if p]",
    [
      'edge-case',
      "numbers = [int(p) for p in text.split('{s}')]",
      'The empty text has an empty part.',
    ],
    ['wrong-type', "numbers = [p for p in text.split('{s}') if p]", 'The parts are text.'],
  ),
  operation(
    'spaced',
    'read the numbers separated by spaces',
    'numbers = [int(p) for p in text.split()]',
    [
      'edge-case',
      "numbers = [int(p) for p in text.split(' ')]",
      'The empty text has an empty part.',
    ],
  ),
  operation(
    'mixed',
    'read the parts between spaces that are numbers',
    'numbers = [int(p) for p in text.split() if p.isdigit()]',
    ['edge-case', 'numbers = [int(p) for p in text.split()]', 'Some parts are words.'],
  ),
  operation('digits', 'read every digit', 'numbers = [int(c) for c in text if c.isdigit()]', [
    'wrong-type',
    'numbers = [c for c in text if c.isdigit()]',
    'Digits are text.',
  ]),
  operation(
    'lengths',
    "take the lengths of the parts separated by '{s}'",
    "numbers = [len(p) for p in text.split('{s}')]",
    ['off-by-one', "numbers = [len(p) - 1 for p in text.split('{s}')]"],
  ),
]

const wordReaders = [
  operation('separated', "split it at '{s}'", "words = [p for p in text.split('{s}') if p]", [
    'edge-case',
    "words = text.split('{s}')",
    'Empty parts have to go.',
  ]),
  operation(
    'trimmed',
    "split it at '{s}' and strip spaces",
    "words = [p.strip() for p in text.split('{s}') if p.strip()]",
    [
      'missing-step',
      "words = [p for p in text.split('{s}') if p.strip()]",
      'The spaces have to be stripped.',
    ],
  ),
  operation(
    'keys',
    "take the part before '=' of each piece separated by '{s}'",
    "words = [p.split('=')[0] for p in text.split('{s}') if p]",
    [
      'off-by-one',
      "words = [p.split('=')[1] for p in text.split('{s}') if p]",
      'Index 1 is behind the sign.',
    ],
  ),
]

const pairResults = [
  operation('table', 'return a dictionary', 'return table', [
    'wrong-type',
    'return list(table)',
    'It has to be a dictionary.',
  ]),
  operation('sum', 'return the sum of the values', 'return sum(table.values())', [
    'wrong-type',
    'return sum(table)',
    'These are the keys.',
  ]),
  operation('keys', 'return the sorted keys', 'return sorted(table)', [
    'wrong-type',
    'return table.keys()',
    'It has to be a sorted list.',
  ]),
  operation(
    'best',
    'return the key with the largest value, or None',
    'return max(table, key=table.get) if table else None',
    ['edge-case', 'return max(table, key=table.get)'],
  ),
  operation('size', 'return the number of keys', 'return len(table)', [
    'off-by-one',
    'return len(table) - 1',
  ]),
]

const bracketResults = [
  operation('depth', 'return the greatest depth', 'return deepest', [
    'off-by-one',
    'return deepest - 1',
  ]),
  operation('open', 'return how many stay open', 'return depth', [
    'wrong-operation',
    'return deepest',
  ]),
  operation('balanced', 'return whether none stays open', 'return depth == 0', [
    'wrong-comparison',
    'return deepest == 0',
  ]),
  operation('inner', 'return whether the greatest depth is at least {a}', 'return deepest >= {a}', [
    'off-by-one',
    'return deepest > {a}',
  ]),
  operation(
    'both',
    'return the greatest depth and the final depth as a list',
    'return [deepest, depth]',
    ['wrong-operation', 'return [depth, deepest]'],
  ),
]

const bracketSteps = [
  operation('plain', 'count round brackets', '(|)|1', ['wrong-operation', ')|(|1']),
  operation('square', 'count square brackets', '[|]|1', ['wrong-operation', '(|)|1']),
  operation('curly', 'count curly brackets', '{|}|1', ['wrong-operation', '(|)|1']),
  operation('double', 'count round brackets, closing ones twice', '(|)|2', [
    'missing-step',
    '(|)|1',
  ]),
]

const expressionSigns = [
  operation('sum', 'a sum such as 3+4-1', '+|-|total + {y}|total - {y}', [
    'wrong-operation',
    '+|-|total + {y}|total + {y}',
  ]),
  operation('steps', 'steps such as u3d1, u is up and d is down', 'u|d|total + {y}|total - {y}', [
    'wrong-operation',
    'u|d|total - {y}|total + {y}',
  ]),
  operation('scale', 'orders such as +2*3, from left to right', '+|*|total + {y}|total * {y}', [
    'wrong-operation',
    '+|*|total + {y}|total + {y}',
  ]),
]

/** Katas that read structured text. */
export const parsingFamilies: readonly Family[] = [
  {
    ...parsed,
    name: 'parse-numbers',
    slots: [numberReaders, keepNumbers, returnNumbers],
    inputs: numberText,
  },
  {
    ...parsed,
    name: 'parse-map',
    slots: [numberReaders, mapNumbers, returnNumbers],
    inputs: numberText,
  },
  {
    ...parsed,
    name: 'parse-words',
    slots: [wordReaders, keepWords, returnWords],
    inputs: wordText,
  },
  {
    ...parsed,
    name: 'parse-words-map',
    slots: [wordReaders, mapWords, returnWords],
    inputs: wordText,
  },
  {
    ...parsed,
    name: 'parse-pairs',
    noun: 'pairs',
    slots: [
      [
        operation('colon', "pairs such as 'a:1,b:2'", ',|:', ['wrong-operation', ',|,']),
        operation('equals', "pairs such as 'a=1;b=2'", ';|=', ['wrong-operation', '=|;']),
        operation('spaced', "pairs such as 'a=1 b=2'", ' |=', ['wrong-operation', '=| ']),
      ],
      numberConditions,
      pairResults,
    ],
    inputs: (random, format) => {
      const [outer, inner] = format?.code.split('|') ?? []
      const pair = () => `${someWord(random)}${inner}${between(random, 0, 20)}`
      return [several(random, 1, 4, pair).join(outer)]
    },
    clauses: (format, condition, last) => [
      `read ${format.phrase}`,
      `keep those whose values ${condition.phrase}`,
      last.phrase,
    ],
    body: (format, condition, last) => {
      const [outer, inner] = format.code.split('|')
      return pairsBody(outer, inner, 'if pair:', `int(v)`, on(condition, 'v'), last.code)
    },
    faults: (format, condition, last) => {
      const [outer, inner] = format.code.split('|')
      return [
        {
          kind: 'wrong-type',
          note: 'The value is text.',
          body: pairsBody(outer, inner, 'if pair:', 'v', on(condition, 'v'), last.code),
        },
        {
          kind: 'edge-case',
          note: 'The empty text has no pair.',
          body: pairsBody(outer, inner, 'if True:', 'int(v)', on(condition, 'v'), last.code),
        },
      ]
    },
  },
  {
    ...parsed,
    name: 'parse-column',
    noun: 'column',
    slots: [
      [
        operation('first', 'first', '0', ['off-by-one', '1', 'Columns start at 0.']),
        operation('second', 'second', '1', ['off-by-one', '2', 'Columns start at 0.']),
        operation('last', 'last', '-1', ['wrong-operation', '0']),
      ],
      keepNumbers,
      returnNumbers,
    ],
    inputs: (random) => {
      const row = () => several(random, 2, 3, () => between(random, 0, 20)).join(',')
      return [several(random, 1, 3, row).join(';')]
    },
    clauses: (column, keep, last) => [
      `read rows such as '1,2;3,4'`,
      `take the ${column.phrase} column`,
      keep.phrase,
      last.phrase,
    ],
    body: (column, keep, last) => [
      "rows = [row.split(',') for row in text.split(';') if row]",
      `numbers = [int(row[${column.code}]) for row in rows]`,
      keep.code,
      ...last.code.split('\n'),
    ],
    faults: (column, keep, last) => [
      {
        kind: 'edge-case',
        note: 'The empty text has no row.',
        body: [
          "rows = [row.split(',') for row in text.split(';')]",
          `numbers = [int(row[${column.code}]) for row in rows]`,
          keep.code,
          ...last.code.split('\n'),
        ],
      },
      {
        kind: 'wrong-type',
        note: 'The cells are text.',
        body: [
          "rows = [row.split(',') for row in text.split(';') if row]",
          `numbers = [row[${column.code}] for row in rows]`,
          keep.code,
          ...last.code.split('\n'),
        ],
      },
    ],
  },
  {
    ...parsed,
    name: 'parse-brackets',
    noun: 'brackets',
    slots: [bracketSteps, bracketResults],
    inputs: (random, kind) => {
      const [open, close] = kind?.code.split('|') ?? []
      return [several(random, 2, 8, () => random.pick([open, open, close, close, 'a'])).join('')]
    },
    body: (kind, last) => {
      const [open, close, cost] = kind.code.split('|')
      return bracketsBody(open, close, cost, last.code)
    },
    faults: (kind, last) => {
      const [open, close, cost] = kind.code.split('|')
      return [
        {
          kind: 'missing-step',
          note: 'Closing brackets have to be counted.',
          body: bracketsBody(open, close, cost, last.code).filter(
            (_, index) => index !== 4 && index !== 5,
          ),
        },
        {
          kind: 'wrong-start',
          note: 'The depth starts at 0.',
          body: ['depth = deepest = 1', ...bracketsBody(open, close, cost, last.code).slice(1)],
        },
      ]
    },
  },
  {
    ...parsed,
    name: 'parse-orders',
    noun: 'orders',
    slots: [
      expressionSigns,
      [
        operation('value', 'return the result', 'return total', [
          'wrong-type',
          'return str(total)',
        ]),
        operation('absolute', 'return the absolute result', 'return abs(total)', [
          'missing-step',
          'return total',
        ]),
        operation('above', 'return whether the result is greater than {k}', 'return total > {k}', [
          'off-by-one',
          'return total >= {k}',
        ]),
        operation('even', 'return whether the result is even', 'return total % 2 == 0', [
          'wrong-comparison',
          'return total % 2 == 1',
        ]),
        operation('text', 'return the result as text', 'return str(total)', [
          'wrong-type',
          'return total',
        ]),
        operation('modulo', 'return the result modulo {k}', 'return total % {k}', [
          'wrong-operation',
          'return total // {k}',
        ]),
      ],
    ],
    inputs: (random, signs) => {
      const [up, down] = signs?.code.split('|') ?? []
      const order = () => `${random.pick([up, down])}${between(random, 1, 9)}`
      return [several(random, 1, 4, order).join('')]
    },
    clauses: (signs, last) => [`carry out ${signs.phrase}, starting from 0`, last.phrase],
    body: (signs, last) => ordersBody(signs.code, 'range(0, len(text), 2)', last.code),
    faults: (signs, last) => [
      {
        kind: 'off-by-one',
        note: 'Each order takes two characters.',
        body: ordersBody(signs.code, 'range(0, len(text) - 1)', last.code),
      },
      {
        kind: 'wrong-type',
        note: 'The digit is text.',
        body: ordersBody(signs.code, 'range(0, len(text), 2)', last.code).map((line) =>
          line.replace('int(text[i + 1])', 'text[i + 1]'),
        ),
      },
    ],
  },
]

function numberText(random: Random, reader?: Step): unknown[] {
  const separator =
    reader?.name === 'separated' || reader?.name === 'lengths' ? reader.parameters.s : ' '
  const numbers = someNumbers(random, 1, 5).map((value) =>
    separator === '-' || separator === '+' || reader?.name === 'mixed' ? Math.abs(value) : value,
  )
  const parts = numbers.map((value) =>
    reader?.name === 'mixed' && random.integer(3) === 0 ? someWord(random) : String(value),
  )
  return [parts.join(String(separator))]
}

function wordText(random: Random, reader?: Step): unknown[] {
  const separator = String(reader?.parameters.s)
  const words = someWords(random, 1, 5)
  if (reader?.name === 'keys')
    return [words.map((word) => `${word}=${random.integer(9)}`).join(separator)]
  if (reader?.name === 'trimmed') return [words.join(`${separator} `)]
  return [words.join(random.integer(4) === 0 ? separator + separator : separator)]
}

function pairsBody(
  outer: string | undefined,
  inner: string | undefined,
  guard: string,
  value: string,
  condition: string,
  last: string,
): string[] {
  return [
    'table = {}',
    `for pair in text.split('${outer}'):`,
    `    ${guard}`,
    `        k, v = pair.split('${inner}')`,
    `        v = ${value}`,
    `        if ${condition}:`,
    '            table[k] = v',
    last,
  ]
}

function bracketsBody(
  open: string | undefined,
  close: string | undefined,
  cost: string | undefined,
  last: string,
): string[] {
  return [
    'depth = deepest = 0',
    'for c in text:',
    `    if c == '${open}':`,
    '        depth += 1',
    `    if c == '${close}':`,
    `        depth -= ${cost}`,
    '    deepest = max(deepest, depth)',
    last,
  ]
}

function ordersBody(signs: string, range: string, last: string): string[] {
  const [up, , plus, minus] = signs.split('|')
  return [
    'total = 0',
    `for i in ${range}:`,
    '    value = int(text[i + 1])',
    `    if text[i] == '${up}':`,
    `        total = ${plus?.replace('{y}', 'value')}`,
    '    else:',
    `        total = ${minus?.replace('{y}', 'value')}`,
    last,
  ]
}
