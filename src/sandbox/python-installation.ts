import { execFile } from 'node:child_process'
import { realpath } from 'node:fs/promises'
import { dirname } from 'node:path'
import { promisify } from 'node:util'
import { MissingDependencyError } from '../core/index.ts'

/** Where a Python interpreter and its library are. */
export interface PythonInstallation {
  /** The interpreter itself, not a version manager's launcher. */
  executable: string
  /** Such as `3.11.7`. */
  version: string
  /** Folders that it needs to run: its prefixes and those its links lead to. */
  folders: string[]
  /** What its `site` module makes of it. */
  site: PythonSite
}

/** Where its modules are. Servers take this over, so that no code of `.pth` files runs in them. */
export interface PythonSite {
  /** As `sys.prefix` and `sys.exec_prefix`. */
  prefixes: [prefix: string, execPrefix: string]
  /** As `sys.path`, without a folder of the program's own or of the user's. */
  path: string[]
}

const question = `
import ctypes, json, os, sys
print(json.dumps({
    'executable': sys.executable,
    'version': '.'.join(map(str, sys.version_info[:3])),
    'usable': sys.version_info >= (3, 9) and hasattr(os, 'pidfd_open'),
    'folders': [sys.prefix, sys.base_prefix, sys.exec_prefix, os.path.dirname(os.__file__)],
    'site': {'prefixes': [sys.prefix, sys.exec_prefix], 'path': sys.path},
}))`

type Answer = PythonInstallation & { usable: boolean }

/**
 * Asks `python` (default: `python3` on the path) where it really is.
 *
 * @throws MissingDependencyError `RC_PYTHON_MISSING` or `RC_PYTHON_UNUSABLE`.
 */
export async function findPython(python = 'python3'): Promise<PythonInstallation> {
  const answer = await promisify(execFile)(python, ['-I', '-c', question], { timeout: 120_000 })
    .then(({ stdout }) => readAnswer(stdout))
    .catch((cause: NodeJS.ErrnoException) => {
      const missing = cause.code === 'ENOENT'
      throw new MissingDependencyError(
        missing
          ? `the Python interpreter ${python} is not there`
          : `the Python interpreter ${python} does not work: ${cause.message}`,
        {
          code: missing ? 'RC_PYTHON_MISSING' : 'RC_PYTHON_UNUSABLE',
          hint: `Install it (${aptGet('python3')}), or name another interpreter.`,
          cause,
        },
      )
    })
  const { usable, ...installation } = answer
  const { executable, version, folders } = installation
  if (!usable) {
    throw new MissingDependencyError(`Python 3.9 or newer is needed; ${python} is ${version}`, {
      code: 'RC_PYTHON_UNUSABLE',
      hint: 'Name a newer interpreter.',
    })
  }
  const real = await realpath(executable)
  return { ...installation, folders: [...new Set([...folders, dirname(real)])] }
}

/** The last line: what `.pth` files print at every start stands before it. */
function readAnswer(output: string): Answer {
  return JSON.parse(output.trimEnd().split('\n').at(-1) ?? '') as Answer
}

/** The command that installs a Debian package, for this user. */
export function aptGet(name: string): string {
  return `${process.getuid?.() === 0 ? '' : 'sudo '}apt-get install -y ${name}`
}
