// Zipkin is fetched from Maven Central as an executable jar (130 MB), by name and version, with the machine's Maven
// client.
import { existsSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { runCommand } from '../../../tools/kit/command.ts'
import { isMain } from '../../../tools/kit/main.ts'
import { cacheFolder } from '../kit/cache.ts'
import type { Installed } from './apt.ts'

/** Runs on Java 17 and later. */
export const zipkin = { name: 'zipkin', version: '3.5.1', artifact: 'io.zipkin:zipkin-server' } as const
const leastJava = 17

let known: Promise<Installed> | undefined

export function installZipkin(): Promise<Installed> {
  known ??= findOrInstall()
  return known
}

async function findOrInstall(): Promise<Installed> {
  const java = await runCommand('java', ['-version'], { limit: 20_000 }).catch(() => undefined)
  const version = Number(/version "(\d+)/.exec(java?.output ?? '')?.[1] ?? 0)
  if (version < leastJava)
    return {
      path: undefined,
      reason: `zipkin needs Java ${leastJava}, and ${version === 0 ? 'there is none' : `this is Java ${version}`}`,
    }
  const folder = join(cacheFolder('zipkin'), zipkin.version)
  const path = join(folder, `zipkin-server-${zipkin.version}-exec.jar`)
  if (existsSync(path)) return { path, version: zipkin.version }
  // An interrupted download must not count as complete.
  const beside = `${folder}.new`
  rmSync(beside, { recursive: true, force: true })
  const fetched = await runCommand(
    'mvn',
    [
      '-q',
      '-B',
      'dependency:copy',
      `-Dartifact=${zipkin.artifact}:${zipkin.version}:jar:exec`,
      `-DoutputDirectory=${beside}`,
    ],
    { limit: 300_000, cwd: cacheFolder('zipkin') },
  ).catch((error: unknown) => ({ code: 1, output: String(error) }))
  if (fetched.code !== 0)
    return {
      path: undefined,
      reason: `mvn could not bring ${zipkin.artifact}: ${fetched.output.trim().split('\n').at(-1) ?? ''}`,
    }
  rmSync(folder, { recursive: true, force: true })
  renameSync(beside, folder)
  return existsSync(path) ? { path, version: zipkin.version } : { path: undefined, reason: `mvn brought no ${path}` }
}

if (isMain(import.meta.url)) {
  const result = await installZipkin()
  console.log(result.path === undefined ? result.reason : `${zipkin.name} ${result.version} at ${result.path}`)
  process.exitCode = result.path === undefined ? 1 : 0
}
