import type { Dialog } from '../../../data/dialog/index.ts'
import type { SynthOptions } from '../options.ts'
import type { Drop } from './drop-reason.ts'
import { findSecret } from './find-secret.ts'

/** What can be said of a dialog without running it: lengths, scripts, secrets, personal data. */
export function checkText(
  dialog: Dialog,
  options: Pick<SynthOptions, 'maxCharacters' | 'scripts' | 'keepSecrets'>,
): Drop | undefined {
  const blocks = dialog.messages.flatMap(({ content }) => content)
  const characters = blocks.reduce((sum, { content }) => sum + content.length, 0)
  if (characters > options.maxCharacters) {
    return { reason: 'too-long-dialog', detail: `${characters} characters` }
  }
  const said = blocks.filter(({ type }) => type === 'text').map(({ content }) => content)
  const stranger = findStranger(said.join('\n'), options.scripts)
  if (stranger !== undefined) return { reason: 'other-script', detail: stranger }
  if (options.keepSecrets) return undefined
  return blocks.map(({ content }) => findSecret(content)).find((drop) => drop !== undefined)
}

/** Share of letters that may be of other scripts: names, quoted words, a formula's sign. */
const strangerShare = 0.05

/** A letter of no allowed script, when there are many of them. */
function findStranger(text: string, scripts: readonly string[]): string | undefined {
  if (scripts.length === 0) return undefined
  const allowed = scripts.map((script) => `\\p{Script=${script}}`).join('')
  const letters = text.match(/\p{L}/gu) ?? []
  const strangers = letters.filter(
    (letter) => !new RegExp(`[${allowed}\\p{Script=Common}]`, 'u').test(letter),
  )
  return strangers.length > letters.length * strangerShare ? strangers[0] : undefined
}
