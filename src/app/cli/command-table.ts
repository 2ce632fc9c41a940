import type { CommandEntry } from './command.ts'

/** Every command. What a command needs is loaded when it is asked for, so that `--help` is fast. */
export const commandTable: readonly CommandEntry[] = [
  {
    name: 'doctor',
    summary: 'Say what is there, what is missing and how to get it.',
    example: 'reflectioncoder doctor',
    load: async () => (await import('./doctor.ts')).doctorCommand,
  },
]
