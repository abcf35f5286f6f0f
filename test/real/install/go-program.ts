// Programs in Go, built by the machine's Go once for each state of their inputs, and kept in the cache.
import { createHash } from 'node:crypto'
import { existsSync, renameSync, rmSync } from 'node:fs'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ROOT, runCommand } from '../../../tools/kit/command.ts'
import { cacheFolder } from '../kit/cache.ts'
import type { Installed } from './apt.ts'

export type Run = (file: string, args: readonly string[]) => Promise<void>

interface GoProgram {
  /** Folder of the cache. */
  readonly cache: string
  /** The built file. */
  readonly program: string
  readonly version: string
  /** Source file below the root. */
  readonly source: string
  /** Everything that the build depends on. */
  inputs(source: string): readonly unknown[] | Promise<readonly unknown[]>
  readonly flags: string
  /** Further variables of the build. */
  readonly env?: Readonly<Record<string, string>>
  readonly limitMs: number
  /** Builds `program` in an empty folder. */
  build(folder: string, run: Run, source: string): Promise<void>
}

/** Returns a function that builds the program at most once per process. */
export function goProgram(program: GoProgram): () => Promise<Installed> {
  let known: Promise<Installed> | undefined
  return () =>
    (known ??= findOrBuild(program).catch((error: unknown) => ({
      path: undefined,
      reason: error instanceof Error ? error.message : String(error),
    })))
}

async function findOrBuild(given: GoProgram): Promise<Installed> {
  const { cache, program, version, flags, limitMs } = given
  const source = join(ROOT, given.source)
  const made = createHash('sha256')
    .update(JSON.stringify(await given.inputs(await readFile(source, 'utf8'))))
    .digest('hex')
    .slice(0, 16)
  const home = cacheFolder(cache)
  const path = join(home, `${program}-${made}`)
  if (existsSync(path)) return { path, version }
  const found = await runCommand('go', ['version'], { limit: 20_000 }).catch(() => undefined)
  if (found?.code !== 0) return { path: undefined, reason: `the ${program} is built with Go, and there is none` }
  const folder = join(home, 'build')
  rmSync(folder, { recursive: true, force: true })
  await mkdir(folder)
  const run: Run = async (file, args) => {
    const ran = await runCommand(file, args, {
      cwd: folder,
      limit: limitMs,
      env: { GOFLAGS: flags, CGO_ENABLED: '0', GOTOOLCHAIN: 'auto', ...given.env },
    })
    if (ran.code !== 0)
      throw new Error(`${file} ${args.slice(0, 2).join(' ')}: ${ran.output.trim().split('\n').at(-1) ?? ''}`)
  }
  await given.build(folder, run, source)
  renameSync(join(folder, program), path)
  rmSync(folder, { recursive: true, force: true })
  return { path, version }
}

/** Arguments that build a package as a file. */
export function goBuild(file: string, path: string): readonly string[] {
  return ['build', '-trimpath', '-ldflags', '-s -w', '-o', file, path]
}
