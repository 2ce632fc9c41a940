/**
 * The text that asks for one-off code. Training data and generation share it to the character, so
 * that a tuned model is asked the way it was taught.
 */
export function oneOffInstruction(prompt: string): string {
  return `Complete the following Python function.\n\`\`\`python\n${prompt}\`\`\``
}
