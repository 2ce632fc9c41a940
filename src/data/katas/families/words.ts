import type { Family } from '../family.ts'
import { someWords } from '../inputs.ts'
import { on, operation } from '../operations.ts'
import {
  arrangeWords,
  keepWords,
  mapWords,
  returnWords,
  wordConditions,
  wordMaps,
} from '../word-operations.ts'

const words = {
  topic: 'words',
  noun: 'words',
  parameters: ['words'],
  inputs: (random) => [someWords(random)],
  edges: [[[]]],
} satisfies Partial<Family>

const sentence = {
  ...words,
  noun: 'sentence',
  parameters: ['text'],
  inputs: (random) => [someWords(random).join(' ')],
  edges: [['']],
} satisfies Partial<Family>

const quantifiers = [
  operation('count', 'return how many words', 'return sum(1 for w in words if {x})', [
    'wrong-start',
    'return sum((1 for w in words if {x}), 1)',
  ]),
  operation('all', 'return whether all words', 'return all({x} for w in words)', [
    'wrong-operation',
    'return any({x} for w in words)',
  ]),
  operation('any', 'return whether any words', 'return any({x} for w in words)', [
    'wrong-operation',
    'return all({x} for w in words)',
  ]),
  operation(
    'index',
    'return the positions where words',
    'return [i for i, w in enumerate(words) if {x}]',
    ['off-by-one', 'return [i for i, w in enumerate(words, 1) if {x}]', 'Positions start at 0.'],
  ),
  operation(
    'letters',
    'return the total length of those words that',
    'return sum(len(w) for w in words if {x})',
    ['wrong-operation', 'return sum(1 for w in words if {x})', 'That is the number of words.'],
  ),
]

/** Katas over lists of words and sentences. */
export const wordFamilies: readonly Family[] = [
  { ...words, name: 'words-keep-return', slots: [keepWords, returnWords] },
  { ...words, name: 'words-keep-map', slots: [keepWords, mapWords, returnWords] },
  { ...words, name: 'words-arrange-map', slots: [arrangeWords, mapWords, returnWords] },
  { ...words, name: 'words-keep-arrange', slots: [keepWords, arrangeWords, returnWords] },
  {
    ...words,
    name: 'words-quantify',
    slots: [quantifiers, wordConditions],
    clauses: (quantifier, condition) => [`${quantifier.phrase} ${condition.phrase}`],
    body: (quantifier, condition) => [on(quantifier, on(condition, 'w'))],
  },
  {
    ...sentence,
    name: 'sentence-keep',
    slots: [keepWords, arrangeWords, returnWords],
    clauses: (keep, arrange, last) => [
      'split it into words',
      keep.phrase,
      arrange.phrase,
      last.phrase,
    ],
    body: (keep, arrange, last) => ['words = text.split()', keep.code, arrange.code, last.code],
    faults: (keep, arrange, last) => [
      {
        kind: 'missing-step',
        note: 'The text has to be split.',
        body: ['words = text', keep.code, arrange.code, last.code],
      },
    ],
  },
  {
    ...sentence,
    name: 'sentence-conditional',
    slots: [wordConditions, wordMaps],
    clauses: (condition, map) => [
      `in the words that ${condition.phrase}, ${map.phrase}`,
      'return the sentence',
    ],
    body: (condition, map) => [
      'words = []',
      'for w in text.split():',
      `    if ${on(condition, 'w')}:`,
      `        w = ${on(map, 'w')}`,
      '    words.append(w)',
      "return ' '.join(words)",
    ],
    faults: (condition, map) => [
      {
        kind: 'wrong-operation',
        note: 'The other words have to stay.',
        body: [
          'words = []',
          'for w in text.split():',
          `    if ${on(condition, 'w')}:`,
          `        words.append(${on(map, 'w')})`,
          "return ' '.join(words)",
        ],
      },
      {
        kind: 'wrong-operation',
        note: 'The words have to be joined by spaces.',
        body: [
          'words = []',
          'for w in text.split():',
          `    if ${on(condition, 'w')}:`,
          `        w = ${on(map, 'w')}`,
          '    words.append(w)',
          "return ''.join(words)",
        ],
      },
    ],
  },
]
