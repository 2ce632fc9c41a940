// `npm run docs`: writes docs/reference from the schemas of the commands.
import { writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { type CommandEntry, commandTable } from '../src/app/cli/index.ts'
import { describeOptions, type OptionField } from '../src/core/index.ts'

export const referencePath = fileURLToPath(
  new URL('../docs/reference/commands.md', import.meta.url),
)

/** The page of all commands with their options. */
export async function renderReference(): Promise<string> {
  const parts = await Promise.all(commandTable.map(renderCommand))
  return `# Commands

Written from the schemas by \`npm run docs\`. In a recipe the options have the names of the second
column. Every command also takes \`--dry-run\`, \`--json\`, \`--verbose\` and \`--help\`.

${parts.join('\n')}`
}

async function renderCommand(entry: CommandEntry): Promise<string> {
  const { schema } = await entry.load()
  const rows = describeOptions(schema).map((field) => renderRow(field, entry))
  return `## ${entry.name}

${entry.summary}

\`\`\`sh
${entry.example}
\`\`\`

| flag | in a recipe | default | meaning |
|---|---|---|---|
${rows.join('\n')}
`
}

function renderRow(field: OptionField, entry: CommandEntry): string {
  const flag = entry.positional?.includes(field.key) ? `<${field.flag}>` : `--${field.flag}`
  const fallback = field.required
    ? 'required'
    : field.default === undefined
      ? ''
      : `\`${renderDefault(field)}\``
  const choices = field.choices.length > 0 ? ` One of ${field.choices.join(', ')}.` : ''
  const meaning = `${field.description}${choices}`.replaceAll('|', '\\|')
  return `| \`${flag}\` | \`${field.key}\` | ${fallback} | ${meaning} |`
}

/** Paths inside the installed package are shown from its root. */
function renderDefault({ default: value }: OptionField): string {
  const root = fileURLToPath(new URL('..', import.meta.url))
  return typeof value === 'string' ? value.replace(root, '') : JSON.stringify(value)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await writeFile(referencePath, await renderReference())
}
