import type { Drop } from './drop-reason.ts'

/** What the tests say of a program; one that cannot be built says nothing of them. */
export type Trial = 'pass' | 'fail' | 'not-built'

/** Programs that tests should reject. */
export interface WrongPrograms {
  /** Functions that do nothing; undefined where there are none. */
  readonly stub: string | undefined
  /** Small faults, tried in turn until one is rejected. */
  readonly mutants: readonly string[]
}

/** Tests that nothing fails say nothing: they must reject a stub of the answer, and a mutant. */
export async function checkTestsCanFail(
  { stub, mutants }: WrongPrograms,
  tryTests: (program: string) => Promise<Trial>,
): Promise<Drop | undefined> {
  const ofStub = stub === undefined ? 'not-built' : await tryTests(stub)
  if (ofStub === 'pass') return { reason: 'tests-accept-a-stub' }
  let passing = 0
  for (const mutant of mutants) {
    const trial = await tryTests(mutant)
    if (trial === 'fail') return undefined
    if (trial === 'pass') passing += 1
  }
  // An answer in which nothing can be changed is judged by its stub alone.
  if (passing === 0 && ofStub === 'fail') return undefined
  return { reason: 'tests-accept-mutants', detail: `${passing} of ${mutants.length} pass` }
}
