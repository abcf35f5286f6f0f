// Builds the console into console/dist, once, after `npm ci`; arguments go to Vite. Plain JavaScript, because it may meet an old Node or an
// installation without development packages: then it says what is missing, and the server says it again on its page.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const folder = dirname(fileURLToPath(import.meta.url))
const vite = join(folder, '../node_modules/vite/bin/vite.js')

if (!existsSync(vite)) {
  console.error(
    'The console is not built: its build tools are not installed. `npm ci` (with development packages) brings them.',
  )
} else {
  const args = [vite, 'build', folder, '--logLevel', 'warn', ...process.argv.slice(2)]
  // A test has another NODE_ENV, which would build the development version of React.
  const { status } = spawnSync(process.execPath, args, {
    stdio: 'inherit',
    env: { ...process.env, NODE_ENV: 'production' },
  })
  process.exitCode = status ?? 1
}
