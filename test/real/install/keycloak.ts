// The Keycloak distribution, fetched from Maven Central by name and version with the machine's Maven client.
import { existsSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { runCommand } from '../../../tools/kit/command.ts'
import { isMain } from '../../../tools/kit/main.ts'
import { cacheFolder } from '../kit/cache.ts'
import type { Installed } from './apt.ts'

/** Runs on Java 17 and later. */
export const keycloak = { name: 'keycloak', version: '26.2.5', artifact: 'org.keycloak:keycloak-quarkus-dist' } as const
const leastJava = 17

let known: Promise<Installed> | undefined

export function installKeycloak(): Promise<Installed> {
  known ??= findOrInstall()
  return known
}

async function findOrInstall(): Promise<Installed> {
  const java = await runCommand('java', ['-version'], { limit: 20_000 }).catch(() => undefined)
  const version = Number(/version "(\d+)/.exec(java?.output ?? '')?.[1] ?? 0)
  if (version < leastJava)
    return {
      path: undefined,
      reason: `keycloak needs Java ${leastJava}, and ${version === 0 ? 'there is none' : `this is Java ${version}`}`,
    }
  const unpacked = join(cacheFolder('keycloak'), keycloak.version)
  const home = join(unpacked, `keycloak-${keycloak.version}`)
  if (existsSync(home)) return { path: home, version: keycloak.version }
  // An interrupted download must not count as complete.
  const beside = `${unpacked}.new`
  rmSync(beside, { recursive: true, force: true })
  const fetched = await runCommand(
    'mvn',
    [
      '-q',
      '-B',
      'dependency:unpack',
      `-Dartifact=${keycloak.artifact}:${keycloak.version}:zip`,
      `-DoutputDirectory=${beside}`,
    ],
    { limit: 300_000, cwd: cacheFolder('keycloak') },
  ).catch((error: unknown) => ({ code: 1, output: String(error) }))
  if (fetched.code !== 0)
    return {
      path: undefined,
      reason: `mvn could not bring ${keycloak.artifact}: ${fetched.output.trim().split('\n').at(-1) ?? ''}`,
    }
  rmSync(unpacked, { recursive: true, force: true })
  renameSync(beside, unpacked)
  return { path: home, version: keycloak.version }
}

if (isMain(import.meta.url)) {
  const result = await installKeycloak()
  console.log(result.path === undefined ? result.reason : `${keycloak.name} ${result.version} at ${result.path}`)
  process.exitCode = result.path === undefined ? 1 : 0
}
