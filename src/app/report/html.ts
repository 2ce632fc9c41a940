/** Text that is safe between tags and inside quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}

/** A share as percent with one decimal: `37.5 %`. */
export function formatPercent(share: number): string {
  return `${(share * 100).toFixed(1)} %`
}

/** A difference of shares in percentage points with its sign: `+4.5`. */
export function formatPoints(difference: number): string {
  const points = (Math.abs(difference) * 100).toFixed(1)
  return `${difference < 0 ? '−' : '+'}${points}`
}
