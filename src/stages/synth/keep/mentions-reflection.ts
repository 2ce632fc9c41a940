/** Whether a final answer talks about what came before it, which its reader will not see. */
export function mentionsReflection(answer: string): boolean {
  return patterns.some((pattern) => pattern.test(answer))
}

const thing =
  '(?:attempts?|code|versions?|solutions?|implementations?|approach|answers?|run|tests?)'

const patterns = [
  new RegExp(`\\b(?:previous|earlier|above|last|first|original|prior|initial) ${thing}\\b`, 'i'),
  /\bas (?:shown|discussed|mentioned|seen|tested) (?:above|before|earlier)\b/i,
  /\b(?:fixed|corrected|repaired|revised) (?:version|code|solution|implementation|the bug)\b/i,
  /\b(?:all|the) (?:tests?|assertions?) (?:now )?pass(?:ed|es)?\b/i,
  /\bnow (?:passes|works|correctly|fixed)\b/i,
]
