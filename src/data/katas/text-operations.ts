import { frame, type Operation, operation } from './operations.ts'

/** Conditions on a character `{x}`, worded for several of them: "are vowels". */
export const characterConditions: readonly Operation[] = [
  operation(
    'vowel',
    'are vowels',
    "{x}.lower() in 'aeiou'",
    ['edge-case', "{x} in 'aeiou'", 'Capital vowels are missed.'],
    ['wrong-comparison', "{x}.lower() not in 'aeiou'"],
  ),
  operation('no-vowel', 'are not vowels', "{x}.lower() not in 'aeiou'", [
    'edge-case',
    "{x} not in 'aeiou'",
    'Capital vowels are missed.',
  ]),
  operation('letter', 'are letters', '{x}.isalpha()', [
    'wrong-operation',
    '{x}.isalnum()',
    'Digits are no letters.',
  ]),
  operation('digit', 'are digits', '{x}.isdigit()', ['wrong-operation', '{x}.isalnum()']),
  operation('upper', 'are uppercase', '{x}.isupper()', ['wrong-operation', '{x}.islower()']),
  operation('lower', 'are lowercase', '{x}.islower()', ['wrong-operation', '{x}.isupper()']),
  operation('word', 'are letters or digits', '{x}.isalnum()', [
    'wrong-operation',
    '{x}.isalpha()',
    'Digits are missed.',
  ]),
  operation('not', "are not '{c}'", "{x} != '{c}'", ['wrong-comparison', "{x} == '{c}'"]),
  operation('any-of', "are '{c}' or '{e}'", "{x} in '{c}{e}'", [
    'library-misuse',
    "{x} == '{c}' or '{e}'",
    "A lone '{e}' is always true.",
  ]),
  operation(
    'before',
    "come before '{c}' in the alphabet",
    "{x}.isalpha() and {x}.lower() < '{c}'",
    ['off-by-one', "{x}.isalpha() and {x}.lower() <= '{c}'"],
  ),
  operation('no-space', 'are not spaces', "{x} != ' '", ['wrong-comparison', "{x} == ' '"]),
]

/** Changes of the string `text`, as statements. */
export const changeText: readonly Operation[] = [
  operation('upper', 'make it uppercase', 'text = text.upper()', [
    'wrong-operation',
    'text = text.title()',
    'Only the first letters change.',
  ]),
  operation('lower', 'make it lowercase', 'text = text.lower()', [
    'library-misuse',
    'text.lower()',
    'Strings do not change in place.',
  ]),
  operation('swap', 'swap upper and lower case', 'text = text.swapcase()', [
    'wrong-operation',
    'text = text.lower()',
  ]),
  operation('title', 'capitalize each word', 'text = text.title()', [
    'wrong-operation',
    'text = text.capitalize()',
    'Only the first word changes.',
  ]),
  operation('reverse', 'reverse it', 'text = text[::-1]', [
    'library-misuse',
    'text = text.reverse()',
    'Strings have no reverse().',
  ]),
  operation('take', 'take the first {k} characters', 'text = text[:{k}]', [
    'off-by-one',
    'text = text[:{k-1}]',
  ]),
  operation('drop', 'drop the first {k} characters', 'text = text[{k}:]', [
    'off-by-one',
    'text = text[{k+1}:]',
  ]),
  operation('take-last', 'take the last {k} characters', 'text = text[-{k}:]', [
    'off-by-one',
    'text = text[-{k}:-1]',
    'The last one is missing.',
  ]),
  operation('replace', "replace '{c}' by '{e}'", "text = text.replace('{c}', '{e}')", [
    'library-misuse',
    "text.replace('{c}', '{e}')",
    'Strings do not change in place.',
  ]),
  operation('remove', "remove every '{c}'", "text = text.replace('{c}', '')", [
    'library-misuse',
    "text = text.strip('{c}')",
    'strip() only works at the ends.',
  ]),
  operation('append', "append '{w}'", "text = text + '{w}'", [
    'wrong-operation',
    "text = '{w}' + text",
  ]),
  operation('star', 'replace spaces by underscores', "text = '_'.join(text.split(' '))", [
    'wrong-operation',
    "text = ''.join(text.split(' '))",
  ]),
  operation('double', 'double each character', "text = ''.join(c * 2 for c in text)", [
    'wrong-operation',
    'text = text * 2',
    'That doubles the whole text.',
  ]),
  operation('every', 'keep the characters at even positions', 'text = text[::2]', [
    'off-by-one',
    'text = text[1::2]',
  ]),
  operation('sort', 'sort the characters', "text = ''.join(sorted(text))", [
    'wrong-type',
    'text = sorted(text)',
    'sorted() gives a list.',
  ]),
  operation('unique', 'drop repeated characters', "text = ''.join(dict.fromkeys(text))", [
    'wrong-type',
    'text = list(dict.fromkeys(text))',
    'It has to be a string.',
  ]),
]

/** Filters as statements over the string `text`. */
export const keepCharacters: readonly Operation[] = characterConditions.map((condition) =>
  frame(
    condition,
    'keep',
    (text) => `keep the characters that ${text}`,
    (code) => `text = ''.join(c for c in text if ${code.replaceAll('{x}', 'c')})`,
  ),
)

/** Last steps over the string `text`. */
export const returnText: readonly Operation[] = [
  operation('text', 'return it', 'return text', [
    'wrong-type',
    'return list(text)',
    'It has to be a string.',
  ]),
  operation('length', 'return its length', 'return len(text)', [
    'off-by-one',
    'return len(text) - 1',
  ]),
  operation('count', "return how often '{c}' occurs", "return text.count('{c}')", [
    'wrong-operation',
    "return text.find('{c}')",
    'find() gives a position.',
  ]),
  operation('find', "return the position of '{c}', or -1", "return text.find('{c}')", [
    'edge-case',
    "return text.index('{c}')",
    'index() fails when nothing is found.',
  ]),
  operation(
    'palindrome',
    'return whether it reads the same backwards',
    'return text == text[::-1]',
    ['library-misuse', 'return text == reversed(text)', 'reversed() is not a string.'],
  ),
  operation('starts', "return whether it starts with '{c}'", "return text.startswith('{c}')", [
    'edge-case',
    "return text[0] == '{c}'",
  ]),
  operation('has', "return whether it contains '{c}'", "return '{c}' in text", [
    'off-by-one',
    "return text.find('{c}') > 0",
    'Position 0 counts too.',
  ]),
  operation('longer', 'return whether it is longer than {k}', 'return len(text) > {k}', [
    'off-by-one',
    'return len(text) >= {k}',
  ]),
  operation('words', 'return the list of its words', 'return text.split()', [
    'edge-case',
    "return text.split(' ')",
    'That leaves empty words.',
  ]),
  operation('distinct', 'return the number of different characters', 'return len(set(text))', [
    'missing-step',
    'return len(text)',
    'Equal ones count once.',
  ]),
  operation(
    'pad',
    "return it padded on the left with '{c}' to width 9",
    "return text.rjust(9, '{c}')",
    ['wrong-operation', "return text.ljust(9, '{c}')"],
  ),
  operation(
    'first',
    "return its first character, or '{c}' if it is empty",
    "return text[0] if text else '{c}'",
    ['edge-case', 'return text[0]'],
  ),
  operation('repeat', "return it twice with '{s}' between", "return text + '{s}' + text", [
    'missing-step',
    'return text + text',
    'The separator is missing.',
  ]),
  operation(
    'positions',
    "return the positions of '{c}'",
    "return [i for i, c in enumerate(text) if c == '{c}']",
    [
      'off-by-one',
      "return [i for i, c in enumerate(text, 1) if c == '{c}']",
      'Positions start at 0.',
    ],
  ),
]
