/** What a user asks for one-off code; the same text while tuning and at test time. */
export function oneOffInstruction(prompt: string): string {
  return `Complete the following Python function.\n\`\`\`python\n${prompt.trimEnd()}\n\`\`\``
}
