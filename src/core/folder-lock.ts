import { link, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ReflectionCoderError } from './errors.ts'

/**
 * Holds an output folder for this process, so that two runs never write into one. A lock left by a
 * process that is gone is taken over. Returns the function that lets it go.
 *
 * @throws `RC_FOLDER_IN_USE` with the process id of the holder.
 */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  await mkdir(folder, { recursive: true })
  const lock = join(folder, '.lock')
  const own = join(folder, `.lock.tmp-${process.pid}`)
  await writeFile(own, `${process.pid} ${await processStart(process.pid)}\n`)
  try {
    for (let attempt = 0; attempt < 3; attempt++) {
      try {
        await link(own, lock)
        await removeLeftovers(folder)
        return () => rm(lock, { force: true })
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
        await refuseLivingHolder(folder, lock)
        await rm(lock, { force: true })
      }
    }
    throw new ReflectionCoderError(`cannot lock ${folder}`, { code: 'RC_FOLDER_IN_USE' })
  } finally {
    await rm(own, { force: true })
  }
}

/** Removes what processes left that were killed on their way to the lock. */
async function removeLeftovers(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const pid = /^\.lock\.tmp-(\d+)$/.exec(name)?.[1]
    if (pid !== undefined && (await processStart(Number(pid))) === '') {
      await rm(join(folder, name), { force: true })
    }
  }
}

async function refuseLivingHolder(folder: string, lock: string): Promise<void> {
  const [pid, start] = (await readFile(lock, 'utf8').catch(() => '')).trim().split(' ')
  if (pid === undefined || pid === '') return
  if ((await processStart(Number(pid))) !== start) return
  throw new ReflectionCoderError(`the output folder ${folder} is in use by process ${pid}`, {
    code: 'RC_FOLDER_IN_USE',
    hint: `Wait until process ${pid} has ended, or choose another --out.`,
  })
}

/** Start time in clock ticks after boot (proc(5), field 22); '' when there is no such process. */
async function processStart(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''
}
