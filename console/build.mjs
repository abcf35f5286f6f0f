// Builds the console into console/dist, once, after `npm ci`. Plain JavaScript, because it may meet an old Node or an
// installation without development packages: then it says what is missing, and the server says it again on its page.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const folder = dirname(fileURLToPath(import.meta.url))
const vite = join(folder, '../node_modules/vite/bin/vite.js')

if (!existsSync(vite)) {
  console.error('The console is not built: its build tools are not installed. `npm ci` (with development packages) brings them.')
} else {
  const { status } = spawnSync(process.execPath, [vite, 'build', folder, '--logLevel', 'warn'], { stdio: 'inherit' })
  process.exitCode = status ?? 1
}
