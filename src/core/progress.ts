/** Where long work says how far it is. The command line draws it; libraries may ignore it. */
export interface Progress {
  /** Begins a unit of work with `total` items (0 when unknown). */
  start(label: string, total: number): ProgressTask
}

export interface ProgressTask {
  /** Items done so far, with an optional short note such as `loss 1.234`. */
  update(done: number, note?: string): void
  /** Ends the unit; `note` is what remains to be seen of it. */
  finish(note?: string): void
}

/** Reports nothing. */
export const silentProgress: Progress = {
  start: () => ({ update: () => {}, finish: () => {} }),
}
