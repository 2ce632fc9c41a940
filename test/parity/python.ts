import { execFile, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'

const root = new URL('../../', import.meta.url)

/** The project's own Python, as requirements.txt of this folder sets it up. */
export const pythonPath = fileURLToPath(new URL('.venv/bin/python', root))

const setup =
  'python3.11 -m venv .venv && .venv/bin/pip install torch==2.13.0 && .venv/bin/pip install -r test/parity/requirements.txt'

/**
 * A `describe` for tests that need torch and transformers. Without them the tests are skipped and
 * say how to get them; under CI they fail.
 */
export function describeParity(title: string, body: () => void): void {
  const missing = missingPackages()
  if (missing === undefined) {
    describe(title, body)
    return
  }
  const reason = `${missing}; to run these tests: ${setup}`
  if (process.env.CI === undefined || process.env.CI === '') {
    describe.skip(`${title} (skipped: ${reason})`, body)
    return
  }
  describe(title, () => {
    it('finds Python with torch and transformers', () => expect.fail(reason))
  })
}

/** Runs a script of this folder (or a path from the root of the repository) to its end. */
export async function runPython(script: string, args: readonly string[]): Promise<string> {
  const path = fileURLToPath(new URL(script.includes('/') ? script : `test/parity/${script}`, root))
  const { stdout } = await promisify(execFile)(pythonPath, [path, ...args], {
    maxBuffer: 64 * 2 ** 20,
    env: {
      ...process.env,
      OMP_NUM_THREADS: '1',
      HF_HUB_OFFLINE: '1',
      PYTHONDONTWRITEBYTECODE: '1',
    },
  })
  return stdout
}

function missingPackages(): string | undefined {
  if (!existsSync(pythonPath)) return 'there is no .venv/bin/python'
  const names = ['torch', 'transformers', 'safetensors', 'numpy', 'gguf', 'peft', 'tensorboard']
  const check = `import sys, importlib.util as u
print(' '.join(n for n in sys.argv[1:] if u.find_spec(n) is None))`
  const { status, stdout } = spawnSync(pythonPath, ['-c', check, ...names], { encoding: 'utf8' })
  if (status !== 0) return '.venv/bin/python does not run'
  return stdout.trim() === '' ? undefined : `.venv lacks ${stdout.trim()}`
}
