// Makes `npx reflectioncoder` work in the clone, where npm links no command of the package itself.
import { chmodSync, mkdirSync, rmSync, symlinkSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = new URL('../', import.meta.url)
const folder = new URL('node_modules/.bin/', root)
mkdirSync(folder, { recursive: true })
const link = fileURLToPath(new URL('reflectioncoder', folder))
rmSync(link, { force: true })
symlinkSync('../../dist/app/cli/main.js', link)
chmodSync(new URL('dist/app/cli/main.js', root), 0o755)
