// Builds floor.c with the machine's C compiler and libzstd, once for each state of the source.
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { aptInstall, type Installed } from '../../test/real/install/apt.ts'
import { cacheFolder } from '../../test/real/kit/cache.ts'
import { sayInstalled } from '../../test/real/install/say.ts'
import { ROOT, runCommand } from '../../tools/kit/command.ts'

const source = join(ROOT, 'bench/floor/floor.c')

async function target(): Promise<{ path: string; version: string }> {
  const version = createHash('sha256')
    .update(await readFile(source))
    .digest('hex')
    .slice(0, 16)
  return { path: join(cacheFolder('floor'), `floor-${version}`), version }
}

/** Finds an earlier build. */
export async function findFloor(): Promise<Installed> {
  const floor = await target()
  if (existsSync(floor.path)) return floor
  return { path: undefined, reason: 'floor.c is not built; `npm run ts bench/floor/build.ts` builds it' }
}

/** Builds the program if it is missing. */
export async function installFloor(): Promise<Installed> {
  const found = await findFloor()
  if (found.path !== undefined) return found
  if (!existsSync('/usr/include/zstd.h')) {
    const failure = await aptInstall('libzstd-dev')
    if (failure !== undefined) return { path: undefined, reason: `floor.c needs libzstd-dev: ${failure}` }
  }
  const { path } = await target()
  const built = `${path}-${process.pid}`
  const ran = await runCommand('cc', ['-O3', '-march=native', '-Wall', '-o', built, source, '-lzstd'], {
    limit: 60_000,
  }).catch((error: unknown) => ({ code: 1, output: String(error) }))
  if (ran.code !== 0) return { path: undefined, reason: `floor.c could not be built: ${ran.output.trim()}` }
  await rename(built, path)
  return findFloor()
}

await sayInstalled(import.meta.url, 'floor', installFloor)
