// A program of a Go module, built in a copy of the module: its own replacements apply only there.
import { renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { runCommand } from '../../../tools/kit/command.ts'
import { cacheFolder } from '../kit/cache.ts'
import type { Installed } from './apt.ts'

interface GoModule {
  /** Folder of the cache. */
  readonly cache: string
  /** The built file. */
  readonly path: string
  /** `MODULE@VERSION`. */
  readonly module: string
  /** Package of the program within the module. */
  readonly command: string
  readonly tags: readonly string[]
  /** Variable that the linker sets: `PACKAGE.NAME=VALUE`. */
  readonly stamp: string
  /** Finds an earlier build. */
  find(): Installed
}

const buildLimit = 45 * 60_000

/** Builds the program if it is missing. */
export async function buildGoModule(wanted: GoModule): Promise<Installed> {
  const found = wanted.find()
  if (found.path !== undefined) return found
  const go = await runCommand('go', ['version'], { limit: 20_000 }).catch(() => undefined)
  if (go?.code !== 0) return { path: undefined, reason: `${wanted.cache} is built with Go, and there is none` }
  try {
    await build(wanted)
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error)
    return { path: undefined, reason: `${wanted.cache} could not be built: ${text}` }
  }
  return wanted.find()
}

async function build({ cache, path, module, command, tags, stamp }: GoModule): Promise<void> {
  const home = cacheFolder(cache)
  const folder = join(home, 'build')
  rmSync(folder, { recursive: true, force: true })
  const { Dir: source = '', Error: problem } = JSON.parse(
    await run('go', ['mod', 'download', '-json', module], home),
  ) as { Dir?: string; Error?: string }
  if (problem !== undefined) throw new Error(problem)
  await run('cp', ['-R', '--no-preserve=mode', source, folder], home)
  const flags = ['-tags', tags.join(','), '-trimpath', '-ldflags', `-s -w -X ${stamp}`]
  await run('nice', ['-n', '19', 'go', 'build', ...flags, '-o', join(folder, 'built'), command], folder)
  renameSync(join(folder, 'built'), path)
  rmSync(folder, { recursive: true, force: true })
}

async function run(program: string, args: readonly string[], cwd: string): Promise<string> {
  const ran = await runCommand(program, args, {
    cwd,
    limit: buildLimit,
    env: { GOFLAGS: '-mod=mod -buildvcs=false', GOWORK: 'off', CGO_ENABLED: '0', GOTOOLCHAIN: 'auto' },
  })
  if (ran.code !== 0) throw new Error(`${program} ${args[0]}: ${ran.output.trim().split('\n').at(-1) ?? ''}`)
  return ran.stdout
}
