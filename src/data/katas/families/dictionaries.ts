import type { Family } from '../family.ts'
import { someNumbers, someTable, someText, someWords } from '../inputs.ts'
import { numberConditions, numberMaps } from '../number-operations.ts'
import { on, operation } from '../operations.ts'
import { characterConditions } from '../text-operations.ts'
import { keepWords, wordConditions, wordMaps } from '../word-operations.ts'

const table = {
  topic: 'dictionaries',
  noun: 'table',
  parameters: ['table'],
  inputs: (random) => [someTable(random)],
  edges: [[{}]],
} satisfies Partial<Family>

const keepEntries = numberConditions.map((condition) => ({
  ...condition,
  phrases: condition.phrases.map((text) => `keep the entries whose values ${text}`),
  code: `table = {k: v for k, v in table.items() if ${condition.code.replaceAll('{x}', 'v')}}`,
  faults: condition.faults.map((fault) => ({
    ...fault,
    code: `table = {k: v for k, v in table.items() if ${fault.code.replaceAll('{x}', 'v')}}`,
  })),
}))

const tableResults = [
  operation('table', 'return the dictionary', 'return table', [
    'wrong-type',
    'return list(table)',
    'That is a list of the keys.',
  ]),
  operation('keys', 'return the sorted keys', 'return sorted(table)', [
    'wrong-type',
    'return table.keys()',
    'It has to be a sorted list.',
  ]),
  operation('values', 'return the sorted values', 'return sorted(table.values())', [
    'wrong-operation',
    'return sorted(table)',
    'These are the keys.',
  ]),
  operation('sum', 'return the sum of the values', 'return sum(table.values())', [
    'wrong-type',
    'return sum(table)',
    'These are the keys.',
  ]),
  operation('size', 'return the number of entries', 'return len(table)', [
    'off-by-one',
    'return len(table) - 1',
  ]),
  operation(
    'best',
    'return the key with the largest value, or None',
    'return max(table, key=table.get) if table else None',
    ['edge-case', 'return max(table, key=table.get)'],
  ),
  operation(
    'worst',
    'return the key with the smallest value, or None',
    'return min(table, key=table.get) if table else None',
    ['edge-case', 'return min(table, key=table.get)'],
  ),
  operation(
    'invert',
    'return it with keys and values swapped',
    'return {v: k for k, v in table.items()}',
    ['wrong-operation', 'return {k: v for k, v in table.items()}'],
  ),
  operation('order', 'return the keys ordered by value', 'return sorted(table, key=table.get)', [
    'missing-step',
    'return sorted(table)',
    'The key function is missing.',
  ]),
  operation(
    'pairs',
    "return a list of texts such as 'a{s}1'",
    "return [k + '{s}' + str(v) for k, v in table.items()]",
    ['wrong-type', "return [k + '{s}' + v for k, v in table.items()]", 'A number is no text.'],
  ),
]

const mapEntries = numberMaps.map((map) => ({
  ...map,
  phrases: map.phrases.map((text) => text.replace('each', 'each value')),
  code: `table = {k: ${map.code.replaceAll('{x}', 'v')} for k, v in table.items()}`,
  faults: map.faults.map((fault) => ({
    ...fault,
    code: `table = {k: ${fault.code.replaceAll('{x}', 'v')} for k, v in table.items()}`,
  })),
}))

const numberKeys = [
  operation('modulo', 'their remainder modulo {k}', 'n % {k}', ['wrong-operation', 'n // {k}']),
  operation('quotient', 'their quotient by {k}', 'n // {k}', ['wrong-operation', 'n % {k}']),
  operation('digit', 'their last digit', 'abs(n) % 10', [
    'edge-case',
    'n % 10',
    'Negative numbers differ.',
  ]),
  operation('digits', 'their number of digits', 'len(str(abs(n)))', [
    'edge-case',
    'len(str(n))',
    'The minus sign is counted too.',
  ]),
  operation('above', 'whether they are greater than {k}', 'n > {k}', ['off-by-one', 'n >= {k}']),
  operation('size', 'their distance from {k}', 'abs(n - {k})', ['edge-case', 'n - {k}']),
]

const wordKeys = [
  operation('length', 'their length', 'len(w)', ['off-by-one', 'len(w) - 1']),
  operation('first', 'their first letter', 'w[0]', ['off-by-one', 'w[1]']),
  operation('last', 'their last letter', 'w[-1]', ['off-by-one', 'w[len(w)]']),
  operation('vowels', 'their number of vowels', "sum(c in 'aeiou' for c in w)", [
    'wrong-operation',
    "sum(c not in 'aeiou' for c in w)",
  ]),
  operation('has', "whether they contain '{c}'", "'{c}' in w", [
    'wrong-comparison',
    "'{c}' not in w",
  ]),
  operation('start', 'their first two letters', 'w[:2]', ['off-by-one', 'w[:3]']),
]

const gathers = [
  operation(
    'count',
    'count the {y} by',
    'table[key] = table.get(key, 0) + 1',
    ['wrong-start', 'table[key] = table.get(key, 1) + 1', 'A count starts at 0.'],
    ['edge-case', 'table[key] = table[key] + 1', 'A new key has no value yet.'],
  ),
  operation('list', 'group the {y} by', 'table[key] = table.get(key, []) + [{x}]', [
    'edge-case',
    'table[key].append({x})',
    'A new key has no list yet.',
  ]),
  operation('last', 'find the last of the {y} by', 'table[key] = {x}', [
    'wrong-operation',
    'table.setdefault(key, {x})',
    'That keeps the first.',
  ]),
  operation('first', 'find the first of the {y} by', 'table.setdefault(key, {x})', [
    'wrong-operation',
    'table[key] = {x}',
    'That keeps the last.',
  ]),
  operation(
    'largest',
    'find the largest of the {y} by',
    'table[key] = max(table.get(key, {x}), {x})',
    ['wrong-operation', 'table[key] = min(table.get(key, {x}), {x})'],
  ),
]

const merges = [
  operation('sum', 'adding the values of common keys', 'table[k] = table.get(k, 0) + v', [
    'missing-step',
    'table[k] = v',
    'Common keys are overwritten.',
  ]),
  operation(
    'largest',
    'with the larger value for common keys',
    'table[k] = max(table.get(k, v), v)',
    ['wrong-operation', 'table[k] = min(table.get(k, v), v)'],
  ),
  operation('second', 'where values of the second win', 'table[k] = v', [
    'wrong-operation',
    'table.setdefault(k, v)',
    'That keeps the first.',
  ]),
  operation('first', 'where values of the first win', 'table.setdefault(k, v)', [
    'wrong-operation',
    'table[k] = v',
    'That keeps the second.',
  ]),
  operation('minus', 'subtracting the values of the second', 'table[k] = table.get(k, 0) - v', [
    'wrong-operation',
    'table[k] = v - table.get(k, 0)',
  ]),
]

/** Katas that build, filter and read dictionaries. */
export const dictionaryFamilies: readonly Family[] = [
  { ...table, name: 'table-keep', slots: [keepEntries, tableResults] },
  { ...table, name: 'table-keep-map', slots: [keepEntries, mapEntries, tableResults] },
  {
    ...table,
    name: 'table-merge',
    noun: 'merge',
    parameters: ['a', 'b'],
    slots: [merges, keepEntries, tableResults],
    inputs: (random) => {
      const first = someTable(random)
      const shared = Object.keys(first).filter(() => random.integer(2) === 0)
      return [
        first,
        {
          ...Object.fromEntries(shared.map((key) => [key, random.integer(9)])),
          ...someTable(random, 1, 2),
        },
      ]
    },
    edges: [[{}, {}]],
    clauses: (merge, keep, last) => [
      `merge both dictionaries ${merge.phrase}`,
      keep.phrase,
      last.phrase,
    ],
    body: (merge, keep, last) => [
      'table = dict(a)',
      'for k, v in b.items():',
      `    ${merge.code}`,
      keep.code,
      last.code,
    ],
  },
  {
    ...table,
    name: 'table-numbers',
    noun: 'group',
    parameters: ['numbers'],
    slots: [numberConditions, gathers, numberKeys],
    inputs: (random) => [someNumbers(random, 3, 6)],
    edges: [[[]]],
    clauses: (condition, gather, key) => [
      `keep the numbers that ${condition.phrase}`,
      `return a dictionary: ${gather.phrase.replace('{y}', 'numbers')} ${key.phrase}`,
    ],
    body: (condition, gather, key) =>
      gatherBody('n in numbers', on(condition, 'n'), key.code, on(gather, 'n')),
  },
  {
    ...table,
    name: 'table-words',
    noun: 'group',
    parameters: ['words'],
    slots: [wordConditions, gathers, wordKeys],
    inputs: (random) => [someWords(random, 3, 5)],
    edges: [[[]]],
    clauses: (condition, gather, key) => [
      `keep the words that ${condition.phrase}`,
      `return a dictionary: ${gather.phrase.replace('{y}', 'words')} ${key.phrase}`,
    ],
    body: (condition, gather, key) =>
      gatherBody('w in words', on(condition, 'w'), key.code, on(gather, 'w')),
  },
  {
    ...table,
    name: 'table-characters',
    noun: 'chars',
    parameters: ['text'],
    slots: [characterConditions, gathers.filter((gather) => gather.name === 'count'), tableResults],
    inputs: (random) => [someText(random).slice(0, 9)],
    edges: [['']],
    clauses: (condition, _, last) => [
      `count each of the characters that ${condition.phrase}`,
      last.phrase,
    ],
    body: (condition, gather, last) => [
      'table = {}',
      'for key in text:',
      `    if ${on(condition, 'key')}:`,
      `        ${gather.code}`,
      last.code,
    ],
  },
  {
    ...table,
    name: 'table-index',
    noun: 'index',
    parameters: ['words'],
    slots: [keepWords, wordMaps, wordKeys.filter((key) => key.name !== 'has')],
    inputs: (random) => [someWords(random)],
    edges: [[[]]],
    clauses: (keep, map, key) => [
      keep.phrase,
      map.phrase,
      `return a dictionary from ${key.phrase.replace('their', 'the original')} to the result`,
    ],
    body: (keep, map, key) => [keep.code, `return {${key.code}: ${on(map, 'w')} for w in words}`],
  },
]

function gatherBody(loop: string, condition: string, key: string, gather: string): string[] {
  return [
    'table = {}',
    `for ${loop}:`,
    `    if ${condition}:`,
    `        key = ${key}`,
    `        ${gather}`,
    'return table',
  ]
}
