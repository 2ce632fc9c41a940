// `npm run quickstart`: sets up what the quickstart needs, then runs it with the arguments given.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { ensureBubblewrap, ensureBuild, ensurePackages, ensurePython, root } from './setup.js'

ensurePackages()
ensureBuild()
ensurePython()
ensureBubblewrap()

// Ctrl-C reaches the command too, which stops in good order; this process waits for it.
process.on('SIGINT', () => {})
const command = [join(root, 'dist/app/cli/main.js'), 'quickstart', ...process.argv.slice(2)]
const { status } = spawnSync(process.execPath, command, { stdio: 'inherit' })
process.exitCode = status ?? 1
