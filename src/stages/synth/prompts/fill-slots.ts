/** Names of the slots `{{name}}` in a text. */
export function findSlots(text: string): string[] {
  return [...text.matchAll(slotPattern)].map((match) => match[1] as string)
}

/** Replaces each `{{name}}`; what a value holds is not read again. */
export function fillSlots(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(slotPattern, (whole, name: string) => values[name] ?? whole)
}

const slotPattern = /\{\{([a-z]+)\}\}/g
