/**
 * Parses JSON as Python writes it: `NaN`, `Infinity` and `-Infinity` outside strings are read as
 * `null`. For checks and strings only; numbers that must survive stay raw text.
 *
 * @throws SyntaxError as `JSON.parse` does.
 */
export function parsePythonJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (!/NaN|Infinity/.test(text)) throw error
    return JSON.parse(
      text.replace(stringOrConstant, (found) => (found[0] === '"' ? found : 'null')),
    )
  }
}

const stringOrConstant = /"(?:[^"\\]|\\.)*"|-?Infinity|NaN/gs
