import type { MultiBar, SingleBar } from 'cli-progress'
import type { Progress, ProgressTask } from '../../core/index.ts'
import { formatDuration } from './format.ts'

/** Milliseconds between two plain lines of one task. */
const plainIntervalMs = 4000

/** Progress as bars with the time left on a terminal, as plain lines elsewhere. */
export async function createTerminalProgress(
  stream: NodeJS.WriteStream,
  interactive: boolean,
): Promise<Progress & { close(): void }> {
  return interactive ? createBars(stream) : createLines((line) => stream.write(`${line}\n`))
}

async function createBars(stream: NodeJS.WriteStream): Promise<Progress & { close(): void }> {
  const { MultiBar } = await import('cli-progress')
  let bars: MultiBar | undefined
  const open = new Set<SingleBar>()
  const close = () => {
    bars?.stop()
    bars = undefined
    open.clear()
  }
  return {
    close,
    start(label, total) {
      bars ??= new MultiBar({
        stream,
        format: '{label} {bar} {value}/{total}  {eta_formatted} left  {note}',
        barsize: 24,
        barCompleteChar: '█',
        barIncompleteChar: '░',
        hideCursor: true,
        clearOnComplete: true,
        emptyOnZero: true,
        linewrap: false,
      })
      const startedAt = Date.now()
      const shown = label.padEnd(24)
      const format =
        total > 0 ? {} : { format: '{label} {value}  {duration_formatted} passed  {note}' }
      const bar = bars.create(total, 0, { label: shown, note: '' }, format)
      open.add(bar)
      return {
        update: (done, note) => bar.update(done, note === undefined ? {} : { note }),
        finish(note) {
          if (!open.delete(bar) || bars === undefined) return
          bars.remove(bar)
          bars.log(`${finishedLine(label, startedAt, note)}\n`)
          bars.update()
          if (open.size === 0) close()
        },
      }
    },
  }
}

/** Plain lines; at most one every few seconds for each task, and one at its end. */
export function createLines(
  write: (line: string) => void,
  now: () => number = Date.now,
): Progress & { close(): void } {
  return {
    close: () => {},
    start(label, total): ProgressTask {
      const startedAt = now()
      let nextAt = startedAt + plainIntervalMs
      let finished = false
      return {
        update(done, note) {
          const time = now()
          if (time < nextAt) return
          nextAt = time + plainIntervalMs
          const left = done > 0 && total > 0 ? ((time - startedAt) / done) * (total - done) : 0
          const parts = [total > 0 ? `${done}/${total}` : `${done}`]
          if (left > 0) parts.push(`${formatDuration(left / 1000)} left`)
          if (note) parts.push(note)
          write(`${label}: ${parts.join(', ')}`)
        },
        finish(note) {
          if (finished) return
          finished = true
          write(finishedLine(label, startedAt, note, now()))
        },
      }
    },
  }
}

function finishedLine(label: string, startedAt: number, note?: string, now = Date.now()): string {
  const took = formatDuration((now - startedAt) / 1000)
  return `${label}: done in ${took}${note ? `, ${note}` : ''}`
}
