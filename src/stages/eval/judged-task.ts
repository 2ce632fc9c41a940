import type { Benchmark, Sample } from '../../data/benchmarks/index.ts'
import type { ProgramVerdict } from './verdicts.ts'

/** A problem with the different programs for it. */
export interface JudgedTask<Task = Benchmark['problems'][number]> {
  problem: Task
  programs: readonly string[]
}

/** Called once for every program, in the order in which verdicts arrive. */
export type OnVerdict = (taskId: string, program: string, verdict: ProgramVerdict) => Promise<void>

/** Problems that have samples, with the different programs for each. */
export function groupPrograms<Task extends { taskId: string }>(
  problems: readonly Task[],
  samples: readonly Sample[],
): JudgedTask<Task>[] {
  const programs = new Map<string, Set<string>>()
  for (const { taskId, program } of samples) {
    const ofTask = programs.get(taskId) ?? new Set()
    programs.set(taskId, ofTask.add(program))
  }
  return problems.flatMap((problem) => {
    const ofTask = programs.get(problem.taskId)
    return ofTask === undefined ? [] : [{ problem, programs: [...ofTask] }]
  })
}

/** The tasks with those of their programs that `isWanted`, tasks without any left out. */
export function selectPrograms<Task extends { taskId: string }>(
  tasks: readonly JudgedTask<Task>[],
  isWanted: (taskId: string, program: string) => boolean,
): JudgedTask<Task>[] {
  return tasks
    .map(({ problem, programs }) => ({
      problem,
      programs: programs.filter((program) => isWanted(problem.taskId, program)),
    }))
    .filter(({ programs }) => programs.length > 0)
}

export function countPrograms(tasks: readonly JudgedTask<unknown>[]): number {
  return tasks.reduce((sum, task) => sum + task.programs.length, 0)
}
