// buf and the protobuf generator are fetched from npm into the cache, by name and version, because of their 80 MB.
import { existsSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { runCommand } from '../../../tools/kit/command.ts'
import { isMain } from '../../../tools/kit/main.ts'
import { cacheFolder } from '../kit/cache.ts'
import type { Installed } from './apt.ts'

export const buf = { name: 'buf', version: '1.75.0' } as const
/** Matches the runtime in package.json. */
const generator = '2.17.0'

let known: Promise<Installed> | undefined

export function installBuf(): Promise<Installed> {
  known ??= findOrInstall()
  return known
}

async function findOrInstall(): Promise<Installed> {
  const home = join(cacheFolder('buf'), `${buf.version}-${generator}`)
  const path = join(home, 'node_modules/.bin')
  const has = async (): Promise<boolean> =>
    existsSync(join(path, 'protoc-gen-es')) &&
    (await runCommand(join(path, 'buf'), ['--version'], { limit: 30_000 })).code === 0
  if (await has()) return { path, version: buf.version }
  // An interrupted download must not count as complete.
  const beside = `${home}.new`
  for (const folder of [home, beside]) rmSync(folder, { recursive: true, force: true })
  const packages = [
    `@bufbuild/buf@${buf.version}`,
    `@bufbuild/protoc-gen-es@${generator}`,
    `@bufbuild/protobuf@${generator}`,
  ]
  const ran = await runCommand(
    'npm',
    ['install', '--prefix', beside, '--no-audit', '--no-fund', '--no-save', ...packages],
    { limit: 300_000, cwd: cacheFolder('buf') },
  ).catch((error: unknown) => ({ code: 1, output: String(error) }))
  if (ran.code !== 0)
    return {
      path: undefined,
      reason: `npm could not bring ${packages.join(', ')}: ${ran.output.trim().split('\n').at(-1) ?? ''}`,
    }
  renameSync(beside, home)
  return (await has())
    ? { path, version: buf.version }
    : { path: undefined, reason: 'npm brought a buf that does not run here' }
}

if (isMain(import.meta.url)) {
  const result = await installBuf()
  console.log(result.path === undefined ? result.reason : `${buf.name} ${result.version} at ${result.path}`)
  process.exitCode = result.path === undefined ? 1 : 0
}
