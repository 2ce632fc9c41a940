import type { Family } from '../family.ts'
import { between, several } from '../inputs.ts'
import {
  keepNumbers,
  mapNumbers,
  numberConditions,
  numberMaps,
  returnNumbers,
} from '../number-operations.ts'
import { on, operation } from '../operations.ts'

const matrix = {
  topic: 'matrices',
  noun: 'rows',
  parameters: ['rows'],
  inputs: (random) => {
    const width = between(random, 1, 3)
    const row = () => Array.from({ length: width }, () => between(random, -5, 12))
    return [several(random, 1, 3, row)]
  },
  edges: [[[]], [[[4]]]],
} satisfies Partial<Family>

const rowValues = [
  operation('sum', 'take the sum of each row', 'sum(row)', ['wrong-start', 'sum(row, 1)']),
  operation('largest', 'take the largest of each row', 'max(row)', ['wrong-operation', 'min(row)']),
  operation('smallest', 'take the smallest of each row', 'min(row)', [
    'wrong-operation',
    'max(row)',
  ]),
  operation('first', 'take the first of each row', 'row[0]', ['off-by-one', 'row[1]']),
  operation('last', 'take the last of each row', 'row[-1]', ['off-by-one', 'row[len(row)]']),
  operation('spread', 'take the largest minus the smallest of each row', 'max(row) - min(row)', [
    'wrong-operation',
    'min(row) - max(row)',
  ]),
]

const layouts = [
  operation('flat', 'put all rows into one list', 'numbers = [n for row in rows for n in row]', [
    'wrong-type',
    'numbers = rows',
    'The rows are still lists.',
  ]),
  operation(
    'diagonal',
    'take the diagonal',
    'numbers = [row[i] for i, row in enumerate(rows) if i < len(row)]',
    [
      'edge-case',
      'numbers = [row[i] for i, row in enumerate(rows)]',
      'There may be more rows than columns.',
    ],
  ),
  operation(
    'columns',
    'take the sum of each column',
    'numbers = [sum(column) for column in zip(*rows)]',
    ['wrong-operation', 'numbers = [sum(row) for row in rows]', 'These are the rows.'],
  ),
  operation(
    'tops',
    'take the largest of each column',
    'numbers = [max(column) for column in zip(*rows)]',
    ['wrong-operation', 'numbers = [max(row) for row in rows]', 'These are the rows.'],
  ),
]

const shapes = [
  operation(
    'transpose',
    'swap rows and columns',
    'rows = [list(column) for column in zip(*rows)]',
    ['wrong-type', 'rows = list(zip(*rows))', 'zip() gives tuples.'],
  ),
  operation('flip', 'reverse the order of the rows', 'rows = rows[::-1]', [
    'library-misuse',
    'rows = rows.reverse()',
    'reverse() returns None.',
  ]),
  operation('mirror', 'reverse each row', 'rows = [row[::-1] for row in rows]', [
    'wrong-operation',
    'rows = rows[::-1]',
  ]),
  operation('sort', 'sort each row', 'rows = [sorted(row) for row in rows]', [
    'wrong-operation',
    'rows = sorted(rows)',
  ]),
  operation('sort-sum', 'sort the rows by their sum', 'rows = sorted(rows, key=sum)', [
    'missing-step',
    'rows = sorted(rows)',
    'The key is missing.',
  ]),
  operation('turn', 'turn it clockwise', 'rows = [list(column)[::-1] for column in zip(*rows)]', [
    'wrong-operation',
    'rows = [list(column) for column in zip(*rows)]',
  ]),
]

/** Katas over lists of rows of integers. */
export const matrixFamilies: readonly Family[] = [
  {
    ...matrix,
    name: 'matrix-rows',
    slots: [rowValues, keepNumbers, returnNumbers],
    body: (value, keep, last) => [
      `numbers = [${value.code} for row in rows]`,
      keep.code,
      ...last.code.split('\n'),
    ],
  },
  { ...matrix, name: 'matrix-layout', slots: [layouts, keepNumbers, returnNumbers] },
  { ...matrix, name: 'matrix-layout-map', slots: [layouts, mapNumbers, returnNumbers] },
  {
    ...matrix,
    name: 'matrix-shape',
    slots: [shapes, numberMaps],
    clauses: (shape, map) => [shape.phrase, map.phrase, 'return the rows'],
    body: (shape, map) => [shape.code, `return [[${on(map, 'n')} for n in row] for row in rows]`],
  },
  {
    ...matrix,
    name: 'matrix-count',
    slots: [shapes, numberConditions],
    clauses: (shape, condition) => [
      shape.phrase,
      `return how many numbers of each row ${condition.phrase}`,
    ],
    body: (shape, condition) => [
      shape.code,
      `return [sum(1 for n in row if ${on(condition, 'n')}) for row in rows]`,
    ],
  },
]
