/** Counts as bars with their shares; keys that begin with numbers come in the order of these. */
export function renderHistogram(counts: Readonly<Record<string, number>>, width: number): string {
  const entries = Object.entries(counts).sort(compareKeys)
  const total = entries.reduce((sum, [, count]) => sum + count, 0)
  const most = Math.max(...entries.map(([, count]) => count))
  const keyWidth = Math.max(...entries.map(([key]) => key.length))
  const countWidth = String(most).length
  const room = Math.max(10, Math.min(50, width - keyWidth - countWidth - 14))
  return entries
    .map(([key, count]) => {
      const bar = '█'.repeat(Math.max(1, Math.round((count / most) * room)))
      const share = `${((100 * count) / total).toFixed(1)} %`.padStart(7)
      return `  ${key.padStart(keyWidth)}  ${String(count).padStart(countWidth)} ${share}  ${bar}`
    })
    .join('\n')
}

function compareKeys([a, countA]: [string, number], [b, countB]: [string, number]): number {
  const [first, second] = [Number.parseFloat(a), Number.parseFloat(b)]
  if (!Number.isNaN(first) && !Number.isNaN(second)) return first - second
  return countB - countA || (a < b ? -1 : 1)
}
