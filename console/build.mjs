// Builds the console into console/dist; arguments are passed to Vite. Plain JavaScript, because `npm ci` may run it
// with an old Node or without development packages. It then reports the missing packages.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync } from 'node:zlib'

const folder = dirname(fileURLToPath(import.meta.url))
const vite = join(folder, '../node_modules/vite/bin/vite.js')

if (!existsSync(vite)) {
  console.error(
    'The console is not built: its build tools are not installed. `npm ci` (with development packages) brings them.',
  )
} else {
  const args = [vite, 'build', folder, '--logLevel', 'warn', ...process.argv.slice(2)]
  // Tests set another NODE_ENV, which would select the development build of React.
  const { status } = spawnSync(process.execPath, args, {
    stdio: 'inherit',
    env: { ...process.env, NODE_ENV: 'production' },
  })
  process.exitCode = status ?? 1
  const given = process.argv.indexOf('--outDir')
  const assets = join(resolve(folder, given < 0 ? 'dist' : process.argv[given + 1]), 'assets')
  // An eighth smaller than gzip, but too slow for the first request.
  if (status === 0 && existsSync(assets))
    for (const name of readdirSync(assets).filter((each) => /\.(?:js|css)$/.test(each)))
      writeFileSync(join(assets, `${name}.br`), brotliCompressSync(readFileSync(join(assets, name))))
}
