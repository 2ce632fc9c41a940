import { closest } from 'fastest-levenshtein'

/** The known name that is the fewest edits away from `name`; undefined when nothing is known. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  return known.length === 0 ? undefined : closest(name, known)
}
