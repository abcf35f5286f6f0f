// Real programs from Debian's packages, by name and version. Builds and starts nothing.
import { accessSync, constants, existsSync, mkdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { runCommand } from '../../../tools/kit/command.ts'
import { isMain } from '../../../tools/kit/main.ts'
import { cacheFolder } from '../kit/cache.ts'

export interface Program {
  readonly name: string
  readonly package: string
  /** The version that the tests were written against; another one that the distribution offers is taken, and named. */
  readonly version: string
  readonly versionArguments: readonly string[]
  /** The program that reports the version, if this one would start a server. */
  readonly versionProgram?: string
}

export type Installed =
  | { readonly path: string; readonly version: string }
  /** A sentence: why the program cannot be had here. */
  | { readonly path: undefined; readonly reason: string }

const known = new Map<string, Promise<Installed>>()

/** Finds the program, or installs it on Debian as root. Takes three minutes at most; runs once per process. */
export function install(program: Program): Promise<Installed> {
  let result = known.get(program.name)
  if (result === undefined) {
    result = findOrInstall(program)
    known.set(program.name, result)
  }
  return result
}

/** The program's version output; undefined: not installed. */
export async function versionOf(program: Program): Promise<string | undefined> {
  const found = await install(program)
  return found.path === undefined ? undefined : found.version
}

async function findOrInstall(program: Program): Promise<Installed> {
  const here = await find(program)
  if (here !== undefined) return here
  if (!existsSync('/usr/bin/apt-get'))
    return { path: undefined, reason: `${program.name} is not installed and there is no apt-get` }
  if (process.getuid?.() !== 0)
    return { path: undefined, reason: `${program.name} is not installed and only root may install it` }

  const wished = `${program.package}=${program.version}*`
  let failure = await aptInstall(wished)
  if (failure !== undefined) {
    // A fresh container has no package lists.
    await apt(['update'], 90_000)
    failure = await aptInstall(wished)
  }
  if (failure !== undefined) failure = await aptInstall(program.package)
  const now = await find(program)
  if (now !== undefined) return now
  return {
    path: undefined,
    reason: `apt-get install ${program.package} failed: ${failure ?? `it brought no ${program.name}`}`,
  }
}

/** Installs a package, as root. Returns the reason of a failure. */
export async function aptInstall(what: string): Promise<string | undefined> {
  const result = await apt(['install', '-y', '--no-install-recommends', what], 90_000)
  return result.code === 0
    ? undefined
    : result.timedOut
      ? 'it took too long'
      : (result.output.trim().split('\n').at(-1) ?? '')
}

async function apt(
  args: readonly string[],
  limit: number,
): Promise<{ code: number; timedOut: boolean; output: string }> {
  const archives = cacheFolder('deb')
  mkdirSync(join(archives, 'partial'), { recursive: true })
  return runCommand(
    'apt-get',
    [
      '-q',
      '-o',
      'DPkg::Lock::Timeout=60',
      '-o',
      `Dir::Cache::archives=${archives}`,
      '-o',
      'APT::Keep-Downloaded-Packages=true',
      '-o',
      'APT::Sandbox::User=root',
      ...args,
    ],
    // RUNLEVEL=1: packages that bring a service must not start it on its fixed port.
    { limit, env: { DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' } },
  )
}

async function find(program: Program): Promise<Installed | undefined> {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin', '/sbin']
  for (const folder of folders) {
    const path = join(folder, program.name)
    try {
      accessSync(path, constants.X_OK)
    } catch {
      continue
    }
    const printed = await runCommand(program.versionProgram ?? path, program.versionArguments, { limit: 10_000 })
    return { path, version: /\d+(?:\.\d+)+/.exec(printed.output)?.[0] ?? 'unknown' }
  }
  return undefined
}

/** `npm run ts test/real/install/nats.ts` installs by hand and prints the result. */
export async function installAlone(program: Program, url: string): Promise<void> {
  if (!isMain(url)) return
  const result = await install(program)
  if (result.path === undefined) {
    console.error(result.reason)
    process.exitCode = 1
  } else {
    console.log(`${program.name} ${result.version} at ${result.path}`)
  }
}
