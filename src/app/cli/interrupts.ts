import { exitStatus, InterruptedError } from '../../core/index.ts'

/**
 * The first Ctrl-C (or SIGTERM) aborts the signal, so that the current unit is finished; the second
 * ends the process at once.
 */
export function watchInterrupts(note: (text: string) => void): {
  signal: AbortSignal
  dispose(): void
} {
  const controller = new AbortController()
  const onSignal = () => {
    if (controller.signal.aborted) process.exit(exitStatus.interrupted)
    note('Stopping after the current unit; press Ctrl-C again to stop at once.')
    controller.abort(new InterruptedError())
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  return {
    signal: controller.signal,
    dispose() {
      process.off('SIGINT', onSignal)
      process.off('SIGTERM', onSignal)
    },
  }
}
