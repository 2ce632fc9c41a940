// Copies what tsc leaves out of dist: every file under src that is not TypeScript.
import { chmodSync, cpSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const source = fileURLToPath(new URL('../src', import.meta.url))
const target = fileURLToPath(new URL('../dist', import.meta.url))

cpSync(source, target, {
  recursive: true,
  filter: (path) => !path.endsWith('.ts') && !path.includes('__'),
})
chmodSync(`${target}/app/cli/main.js`, 0o755)
