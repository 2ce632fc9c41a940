import { execFile } from 'node:child_process'
import { statfs } from 'node:fs/promises'
import { freemem } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type ReflectionCoderError, readRedisVersion } from '../../core/index.ts'
import type { DoctorCheck } from './doctor-check.ts'
import { formatBytes } from './format.ts'
import { checkLanguages, checkSandbox } from './sandbox-checks.ts'

const run = promisify(execFile)

/** Memory the quickstart may need, and disk for its run folder, in bytes. */
const neededMemoryBytes = 3 * 1024 ** 3
const neededDiskBytes = 1024 ** 3

/** Looks at all that the commands need, one after the other. */
export async function runDoctorChecks(options: {
  python: string
  venv: string
  queue?: string | undefined
}): Promise<DoctorCheck[]> {
  return [
    checkNode(),
    await checkOnnxRuntime(),
    await checkPython(options.python),
    await checkBubblewrap(),
    await checkSandbox(options.python),
    await checkLanguages(),
    checkMemory(),
    await checkDisk(),
    await checkTorch(options.venv),
    ...(options.queue === undefined ? [] : [await checkQueue(options.queue)]),
  ]
}

/** Only somebody who gives an address uses a queue, so one that is not reached is a fault. */
async function checkQueue(address: string): Promise<DoctorCheck> {
  const name = 'Redis queue'
  try {
    return { name, state: 'ok', found: `version ${await readRedisVersion(address)}, answers` }
  } catch (error) {
    const { message, hint } = error as ReflectionCoderError
    return { name, state: 'missing', found: message, ...(hint ? { remedy: hint } : {}) }
  }
}

function checkNode(): DoctorCheck {
  const major = Number(process.versions.node.split('.')[0])
  return {
    name: 'Node.js',
    state: major >= 20 ? 'ok' : 'missing',
    found: `${process.version} at ${process.execPath}`,
    ...(major >= 20 ? {} : { remedy: 'Install Node.js 20 or later.' }),
  }
}

async function checkOnnxRuntime(): Promise<DoctorCheck> {
  const name = 'ONNX Runtime'
  try {
    await import('../../nn/runtime/index.ts')
    return { name, state: 'ok', found: 'the native library loads' }
  } catch (error) {
    return {
      name,
      state: 'missing',
      found: firstLine(error),
      remedy: 'ONNXRUNTIME_NODE_INSTALL=skip npm install onnxruntime-node',
    }
  }
}

async function checkPython(python: string): Promise<DoctorCheck> {
  const name = 'Python'
  try {
    const script =
      'import sys; print(sys.executable); print(".".join(map(str, sys.version_info[:3])))'
    const { stdout } = await run(python, ['-c', script])
    const [path = '', version = ''] = stdout.trim().split('\n')
    const [major = 0, minor = 0] = version.split('.').map(Number)
    const recent = major === 3 && minor >= 9
    return {
      name,
      state: recent ? 'ok' : 'missing',
      found: `${version} at ${path}`,
      ...(recent ? {} : { remedy: 'Python 3.9 or later is needed: apt-get install python3' }),
    }
  } catch (error) {
    return { name, state: 'missing', found: firstLine(error), remedy: 'apt-get install python3' }
  }
}

async function checkBubblewrap(): Promise<DoctorCheck> {
  const name = 'bubblewrap'
  try {
    const { stdout } = await run('bwrap', ['--version'])
    const confined = ['--unshare-all', '--ro-bind', '/', '/', '--proc', '/proc', '--dev', '/dev']
    await run('bwrap', [...confined, '--die-with-parent', 'true'])
    return { name, state: 'ok', found: `${stdout.trim()}, a confined program ran` }
  } catch (error) {
    const absent = (error as NodeJS.ErrnoException).code === 'ENOENT'
    return {
      name,
      state: 'missing',
      found: absent ? 'not found' : firstLine(error),
      remedy: absent
        ? 'apt-get install bubblewrap'
        : 'Allow unprivileged user namespaces: sysctl -w kernel.unprivileged_userns_clone=1',
    }
  }
}

function checkMemory(): DoctorCheck {
  const free = process.availableMemory?.() ?? freemem()
  const enough = free >= neededMemoryBytes
  return {
    name: 'Memory',
    state: enough ? 'ok' : 'optional',
    found: `${formatBytes(free)} available`,
    ...(enough ? {} : { remedy: `The quickstart may need ${formatBytes(neededMemoryBytes)}.` }),
  }
}

async function checkDisk(): Promise<DoctorCheck> {
  const { bavail, bsize } = await statfs(process.cwd())
  const free = bavail * bsize
  const enough = free >= neededDiskBytes
  return {
    name: 'Disk',
    state: enough ? 'ok' : 'optional',
    found: `${formatBytes(free)} free in the current folder`,
    ...(enough ? {} : { remedy: `The quickstart may need ${formatBytes(neededDiskBytes)}.` }),
  }
}

async function checkTorch(venv: string): Promise<DoctorCheck> {
  const name = 'PyTorch'
  const python = join(venv, 'bin', 'python')
  try {
    const { stdout } = await run(python, ['-c', 'import torch; print(torch.__version__)'])
    return { name, state: 'ok', found: `${stdout.trim()} in ${venv}` }
  } catch {
    return {
      name,
      state: 'optional',
      found: `not found in ${venv}; only the parity tests need it`,
      remedy: `python3 -m venv ${venv} && ${venv}/bin/pip install torch==2.13.0`,
    }
  }
}

function firstLine(error: unknown): string {
  const stderr = (error as { stderr?: string }).stderr?.trim()
  return (stderr || String((error as Error).message ?? error)).split('\n')[0] as string
}
