import { frame, type Operation, operation } from './operations.ts'

/** Conditions on a non-empty word `{x}`, worded for several of them: "have more than 3 letters". */
export const wordConditions: readonly Operation[] = [
  operation('long', 'have more than {a} letters', 'len({x}) > {a}', [
    'off-by-one',
    'len({x}) >= {a}',
  ]),
  operation('short', 'have less than {k} letters', 'len({x}) < {k}', [
    'off-by-one',
    'len({x}) <= {k}',
  ]),
  operation('starts', "start with '{c}'", "{x}.startswith('{c}')", [
    'wrong-operation',
    "{x}.endswith('{c}')",
  ]),
  operation('ends', "end with '{c}'", "{x}.endswith('{c}')", [
    'wrong-operation',
    "{x}.startswith('{c}')",
  ]),
  operation('has', "contain '{c}'", "'{c}' in {x}", [
    'off-by-one',
    "{x}.find('{c}') > 0",
    'Position 0 counts too.',
  ]),
  operation('lacks', "do not contain '{c}'", "'{c}' not in {x}", [
    'wrong-comparison',
    "'{c}' in {x}",
  ]),
  operation('even', 'have an even length', 'len({x}) % 2 == 0', [
    'wrong-comparison',
    'len({x}) % 2 == 1',
  ]),
  operation('repeats', 'have a repeated letter', 'len(set({x})) < len({x})', [
    'wrong-comparison',
    'len(set({x})) <= len({x})',
  ]),
  operation('vowels', 'have at least two vowels', "sum(c in 'aeiou' for c in {x}) >= 2", [
    'off-by-one',
    "sum(c in 'aeiou' for c in {x}) > 2",
  ]),
  operation('before', "come before '{c}' in the alphabet", "{x} < '{c}'", [
    'wrong-comparison',
    "{x} > '{c}'",
  ]),
]

/** Maps of a non-empty word `{x}` to text. */
export const wordMaps: readonly Operation[] = [
  operation('upper', 'make each uppercase', '{x}.upper()', [
    'wrong-operation',
    '{x}.capitalize()',
    'Only the first letter changes.',
  ]),
  operation('title', 'capitalize each', '{x}.capitalize()', ['wrong-operation', '{x}.upper()']),
  operation('reverse', 'reverse each', '{x}[::-1]', [
    'library-misuse',
    'reversed({x})',
    'reversed() is not a string.',
  ]),
  operation('first', 'take the first {a} letters of each', '{x}[:{a}]', [
    'off-by-one',
    '{x}[:{a+1}]',
  ]),
  operation('rest', 'drop the first letter of each', '{x}[1:]', ['off-by-one', '{x}[:-1]']),
  operation('suffix', "add '{w}' to each", "{x} + '{w}'", ['wrong-operation', "'{w}' + {x}"]),
  operation('prefix', "put '{w}' before each", "'{w}' + {x}", ['wrong-operation', "{x} + '{w}'"]),
  operation('swap', "replace '{c}' by '{e}' in each", "{x}.replace('{c}', '{e}')", [
    'wrong-operation',
    "{x}.replace('{e}', '{c}')",
  ]),
  operation('double', 'write each twice', '{x} * 2', ['off-by-one', '{x} * 3']),
  operation('ends', 'take the first and last letter of each', '{x}[0] + {x}[-1]', [
    'off-by-one',
    '{x}[0] + {x}[1]',
  ]),
  operation('sorted', 'sort the letters of each', "''.join(sorted({x}))", [
    'wrong-type',
    'sorted({x})',
    'sorted() gives a list.',
  ]),
]

/** Filters as statements over the list `words`. */
export const keepWords: readonly Operation[] = wordConditions.map((condition) =>
  frame(
    condition,
    'keep',
    (text) => `keep the words that ${text}`,
    (code) => `words = [w for w in words if ${code.replaceAll('{x}', 'w')}]`,
  ),
)

/** Maps as statements over the list `words`. */
export const mapWords: readonly Operation[] = wordMaps.map((map) =>
  frame(
    map,
    'map',
    (text) => text,
    (code) => `words = [${code.replaceAll('{x}', 'w')} for w in words]`,
  ),
)

/** Changes of order or length, as statements over the list `words`. */
export const arrangeWords: readonly Operation[] = [
  operation('sort', 'sort the words', 'words = sorted(words)', [
    'library-misuse',
    'words = words.sort()',
    'sort() returns None.',
  ]),
  operation('sort-length', 'sort the words by length', 'words = sorted(words, key=len)', [
    'missing-step',
    'words = sorted(words)',
    'The key is missing.',
  ]),
  operation(
    'sort-last',
    'sort the words by last letter',
    'words = sorted(words, key=lambda w: w[-1])',
    ['off-by-one', 'words = sorted(words, key=lambda w: w[0])', 'That is the first letter.'],
  ),
  operation('reverse', 'reverse the list', 'words = words[::-1]', [
    'library-misuse',
    'words = words.reverse()',
    'reverse() returns None.',
  ]),
  operation('take', 'take the first {a} words', 'words = words[:{a}]', [
    'off-by-one',
    'words = words[:{a+1}]',
  ]),
  operation('drop', 'drop the first {a} words', 'words = words[{a}:]', [
    'off-by-one',
    'words = words[{a-1}:]',
  ]),
  operation('unique', 'drop repeated words', 'words = list(dict.fromkeys(words))', [
    'missing-step',
    'words = list(words)',
    'Nothing is dropped.',
  ]),
]

/** Last steps over the list `words`. */
export const returnWords: readonly Operation[] = [
  operation('list', 'return the list', 'return words', [
    'wrong-type',
    'return tuple(words)',
    'It has to be a list.',
  ]),
  operation('join', "return them joined by '{s}'", "return '{s}'.join(words)", [
    'library-misuse',
    "return words.join('{s}')",
    'join() belongs to the separator.',
  ]),
  operation('count', 'return how many there are', 'return len(words)', [
    'off-by-one',
    'return len(words) - 1',
  ]),
  operation('total', 'return their total length', 'return sum(len(w) for w in words)', [
    'wrong-type',
    'return sum(words)',
    'Words cannot be added to 0.',
  ]),
  operation(
    'longest',
    "return the longest, or '' if there is none",
    "return max(words, key=len, default='')",
    ['edge-case', 'return max(words, key=len)'],
  ),
  operation(
    'shortest',
    "return the shortest, or '' if there is none",
    "return min(words, key=len, default='')",
    ['edge-case', 'return min(words, key=len)'],
  ),
  operation('lengths', 'return the list of their lengths', 'return [len(w) for w in words]', [
    'wrong-operation',
    'return len(words)',
    'That is the number of words.',
  ]),
  operation(
    'initials',
    'return their first letters as one string',
    "return ''.join(w[0] for w in words)",
    ['wrong-type', 'return [w[0] for w in words]', 'It has to be a string.'],
  ),
  operation(
    'last',
    'return the last, or None if there is none',
    'return words[-1] if words else None',
    ['edge-case', 'return words[-1]'],
  ),
  operation('distinct', 'return how many different ones there are', 'return len(set(words))', [
    'missing-step',
    'return len(words)',
    'Equal ones count once.',
  ]),
  operation(
    'table',
    'return a dictionary from each to its length',
    'return {w: len(w) for w in words}',
    ['wrong-type', 'return [(w, len(w)) for w in words]', 'It has to be a dictionary.'],
  ),
]
