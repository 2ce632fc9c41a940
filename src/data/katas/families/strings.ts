import type { Family } from '../family.ts'
import { between, someText } from '../inputs.ts'
import { on, operation } from '../operations.ts'
import { changeText, characterConditions, keepCharacters, returnText } from '../text-operations.ts'

const string = {
  topic: 'strings',
  noun: 'text',
  parameters: ['text'],
  inputs: (random) => [someText(random)],
  edges: [['']],
} satisfies Partial<Family>

const characterMaps = [
  operation('upper', 'make uppercase', '{x}.upper()', ['wrong-operation', '{x}.lower()']),
  operation('lower', 'make lowercase', '{x}.lower()', ['wrong-operation', '{x}.upper()']),
  operation('double', 'double', '{x} * 2', ['off-by-one', '{x} * 3']),
  operation('mark', "replace by '*'", "'*'", ['wrong-operation', "{x} + '*'"]),
  operation('put', "put '{s}' after", "{x} + '{s}'", ['wrong-operation', "'{s}' + {x}"]),
  operation('swap', 'swap the case of', '{x}.swapcase()', ['wrong-operation', '{x}.upper()']),
  operation('wrap', 'put round brackets around', "'(' + {x} + ')'", [
    'missing-step',
    "{x} + ')'",
    'The opening bracket is missing.',
  ]),
]

const counts = [
  operation('count', 'return how many characters', 'return sum(1 for c in text if {x})', [
    'wrong-start',
    'return sum((1 for c in text if {x}), 1)',
  ]),
  operation('all', 'return whether all characters', 'return all({x} for c in text)', [
    'wrong-operation',
    'return any({x} for c in text)',
  ]),
  operation('any', 'return whether any characters', 'return any({x} for c in text)', [
    'wrong-operation',
    'return all({x} for c in text)',
  ]),
  operation(
    'index',
    'return the positions where characters',
    'return [i for i, c in enumerate(text) if {x}]',
    ['off-by-one', 'return [i for i, c in enumerate(text, 1) if {x}]', 'Positions start at 0.'],
  ),
  operation(
    'first',
    'return the first position where characters',
    'return next((i for i, c in enumerate(text) if {x}), -1)',
    [
      'edge-case',
      'return next(i for i, c in enumerate(text) if {x})',
      'There may be no such character.',
    ],
  ),
  operation(
    'set',
    'return in sorted order the different ones that',
    'return sorted(set(c for c in text if {x}))',
    ['wrong-type', 'return set(c for c in text if {x})', 'It has to be a sorted list.'],
  ),
]

const shifts = [
  operation('forward', 'move each letter {k} places forward in the alphabet', '+ {k}', [
    'wrong-operation',
    '- {k}',
  ]),
  operation('back', 'move each letter {k} places back in the alphabet', '- {k}', [
    'wrong-operation',
    '+ {k}',
  ]),
]

const places = [
  operation('even', 'at even positions', 'i % 2 == 0', ['wrong-comparison', 'i % 2 == 1']),
  operation('step', 'at positions divisible by {k}', 'i % {k} == 0', [
    'off-by-one',
    '(i + 1) % {k} == 0',
    'Positions start at 0.',
  ]),
  operation('after', 'after position {a}', 'i > {a}', ['off-by-one', 'i >= {a}']),
  operation('before', 'before position {k}', 'i < {k}', ['off-by-one', 'i <= {k}']),
  operation('last', 'at the last position', 'i == len(text) - 1', ['off-by-one', 'i == len(text)']),
]

/** Katas over one string. */
export const stringFamilies: readonly Family[] = [
  { ...string, name: 'text-change-return', slots: [changeText, returnText] },
  { ...string, name: 'text-change-change', slots: [changeText, changeText, returnText] },
  { ...string, name: 'text-keep-return', slots: [keepCharacters, returnText] },
  { ...string, name: 'text-keep-change', slots: [keepCharacters, changeText, returnText] },
  {
    ...string,
    name: 'text-count',
    slots: [counts, characterConditions],
    clauses: (count, condition) => [`${count.phrase} ${condition.phrase}`],
    body: (count, condition) => [on(count, on(condition, 'c'))],
  },
  {
    ...string,
    name: 'text-conditional-map',
    slots: [characterConditions, characterMaps, returnText],
    clauses: (condition, map, last) => [
      `${map.phrase} the characters that ${condition.phrase}`,
      last.phrase,
    ],
    body: (condition, map, last) => [
      `text = ''.join(${on(map, 'c')} if ${on(condition, 'c')} else c for c in text)`,
      last.code,
    ],
    faults: (condition, map, last) => [
      {
        kind: 'wrong-operation',
        note: 'The other characters have to stay.',
        body: [`text = ''.join(${on(map, 'c')} for c in text if ${on(condition, 'c')})`, last.code],
      },
      {
        kind: 'wrong-type',
        note: 'The characters have to be joined.',
        body: [`text = [${on(map, 'c')} if ${on(condition, 'c')} else c for c in text]`, last.code],
      },
    ],
  },
  {
    ...string,
    name: 'text-place-map',
    slots: [places, characterMaps, returnText],
    clauses: (place, map, last) => [`${map.phrase} the characters ${place.phrase}`, last.phrase],
    body: (place, map, last) => [
      "result = ''",
      'for i, c in enumerate(text):',
      `    result += ${on(map, 'c')} if ${place.code} else c`,
      last.code.replaceAll('text', 'result'),
    ],
    faults: (place, map, last) => [
      {
        kind: 'off-by-one',
        note: 'Positions start at 0.',
        body: [
          "result = ''",
          'for i, c in enumerate(text, 1):',
          `    result += ${on(map, 'c')} if ${place.code} else c`,
          last.code.replaceAll('text', 'result'),
        ],
      },
    ],
  },
  {
    ...string,
    name: 'text-shift',
    noun: 'shift',
    slots: [shifts, keepCharacters, returnText],
    inputs: (random) => [someText(random).toLowerCase()],
    clauses: (shift, keep, last) => [keep.phrase, shift.phrase, last.phrase],
    body: (shift, keep, last) => [keep.code, ...shiftBody(shift.code, '% 26'), last.code],
    faults: (shift, keep, last) => [
      {
        kind: 'edge-case',
        note: 'After z comes a again.',
        body: [keep.code, ...shiftBody(shift.code, ''), last.code],
      },
    ],
  },
  {
    ...string,
    name: 'text-window',
    noun: 'window',
    slots: [
      [
        operation('vowels', 'the number of vowels', "sum(c in 'aeiou' for c in part)", [
          'wrong-operation',
          "sum(c not in 'aeiou' for c in part)",
        ]),
        operation('distinct', 'the number of different characters', 'len(set(part))', [
          'missing-step',
          'len(part)',
          'Equal ones count once.',
        ]),
        operation('part', 'the text', 'part', ['wrong-type', 'list(part)']),
        operation('reverse', 'the reverse', 'part[::-1]', ['wrong-operation', 'part']),
        operation('letter', "how often '{c}' occurs", "part.count('{c}')", [
          'wrong-operation',
          "part.find('{c}')",
        ]),
        operation('same', 'whether it reads the same backwards', 'part == part[::-1]', [
          'library-misuse',
          'part == reversed(part)',
          'reversed() is not a string.',
        ]),
      ],
      [
        operation(
          'parts',
          'cut it into parts of {k} characters',
          'range(0, len(text), {k})|i:i + {k}',
          ['off-by-one', 'range(0, len(text) - 1, {k})|i:i + {k}', 'The last part can be lost.'],
        ),
        operation(
          'windows',
          'take all windows of {a+1} characters',
          'range(len(text) - {a})|i:i + {a+1}',
          ['off-by-one', 'range(len(text) - {a+1})|i:i + {a+1}', 'The last window is lost.'],
        ),
        operation('starts', 'take all beginnings', 'range(len(text))|:i + 1', [
          'off-by-one',
          'range(len(text))|:i',
        ]),
        operation('ends', 'take all endings', 'range(len(text))|i:', [
          'off-by-one',
          'range(len(text))|i + 1:',
        ]),
      ],
    ],
    inputs: (random) => [
      someText(random)
        .toLowerCase()
        .slice(0, between(random, 4, 8)),
    ],
    clauses: (value, cut) => [cut.phrase, `return ${value.phrase} for each as a list`],
    body: (value, cut) => {
      const [range, slice] = cut.code.split('|')
      return [
        `parts = [text[${slice}] for i in ${range}]`,
        `return [${value.code} for part in parts]`,
      ]
    },
  },
]

function shiftBody(shift: string, wrap: string): string[] {
  const place = `(ord(c) - 97 ${shift})${wrap && ` ${wrap}`} + 97`
  return [
    "result = ''",
    'for c in text:',
    `    result += chr(${place}) if c.isalpha() else c`,
    'text = result',
  ]
}
