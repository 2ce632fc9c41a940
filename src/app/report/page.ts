import { escapeHtml } from './html.ts'
import { reportStyle } from './report-style.ts'

/** One HTML page that loads nothing from elsewhere and runs nothing. */
export function renderPage(
  title: string,
  notes: readonly string[],
  sections: readonly string[],
): string {
  const head = notes.map((note) => `<p class="soft">${escapeHtml(note)}</p>`)
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escapeHtml(title)}</title><style>${reportStyle}</style></head><body><main>
<h1>${escapeHtml(title)}</h1>
${[...head, ...sections].join('\n')}
</main></body></html>
`
}
