// Packages of PyPI in a virtual environment in the cache, by name and version.
import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runCommand } from '../../../tools/kit/command.ts'
import { cacheFolder } from '../kit/cache.ts'
import type { Installed } from './apt.ts'

export interface PythonPackages {
  readonly name: string
  /** Of everything together: another one is another environment. */
  readonly version: string
  /** As pip takes them, each with its version. */
  readonly packages: readonly string[]
  /** Modules that must be there afterwards. */
  readonly imports: readonly string[]
}

const known = new Map<string, Promise<Installed>>()

/**
 * The environment's Python as `path`, or the reason why it is unavailable. Four minutes at most; runs once per
 * process.
 */
export function installPython(wanted: PythonPackages): Promise<Installed> {
  const found = known.get(wanted.name) ?? findOrInstall(wanted)
  known.set(wanted.name, found)
  return found
}

async function findOrInstall({ name, version, packages, imports }: PythonPackages): Promise<Installed> {
  const home = join(cacheFolder(name), version)
  const path = join(home, 'bin/python')
  // An interrupted installation imports, and lacks programs.
  const complete = join(home, 'complete')
  const has = async (): Promise<boolean> =>
    existsSync(complete) &&
    (await runCommand(path, ['-c', `import ${imports.join(', ')}`], { limit: 60_000 })).code === 0
  if (await has()) return { path, version }
  rmSync(home, { recursive: true, force: true })
  for (const [command, ...args] of [
    ['python3', '-m', 'venv', home],
    [path, '-m', 'pip', 'install', '-q', '--disable-pip-version-check', '--only-binary', ':all:', ...packages],
  ] as const) {
    const ran = await runCommand(command, args, { limit: 120_000 }).catch((error: unknown) => ({
      code: 1,
      output: String(error),
    }))
    if (ran.code !== 0)
      return {
        path: undefined,
        reason: `${command} ${args.slice(0, 3).join(' ')} failed: ${ran.output.trim().split('\n').at(-1) ?? ''}`,
      }
  }
  writeFileSync(complete, '')
  return (await has())
    ? { path, version }
    : { path: undefined, reason: `pip brought a ${name} that cannot be imported` }
}
