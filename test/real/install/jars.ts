// A Java program and its dependencies, fetched from Maven Central as jars, by name and version, with the machine's
// Maven client.
import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runCommand } from '../../../tools/kit/command.ts'
import { cacheFolder } from '../kit/cache.ts'
import type { Installed } from './apt.ts'

export interface Jars {
  readonly name: string
  readonly version: string
  /** `group:name:version`, fetched with dependencies. */
  readonly artifacts: readonly string[]
}

/** Lowest Java version of all programs. */
const leastJava = 17

const known = new Map<string, Promise<Installed>>()

/**
 * The folder of jars as `path`, or the reason why it is unavailable. Five minutes at most; runs once per process.
 */
export function installJars(wanted: Jars): Promise<Installed> {
  const found = known.get(wanted.name) ?? findOrInstall(wanted)
  known.set(wanted.name, found)
  return found
}

async function findOrInstall({ name, version, artifacts }: Jars): Promise<Installed> {
  const java = await runCommand('java', ['-version'], { limit: 20_000 }).catch(() => undefined)
  const found = Number(/version "(\d+)/.exec(java?.output ?? '')?.[1] ?? 0)
  if (found < leastJava)
    return {
      path: undefined,
      reason: `${name} needs Java ${leastJava}, and ${found === 0 ? 'there is none' : `this is Java ${found}`}`,
    }
  const folder = cacheFolder(name)
  const path = join(folder, version)
  if (existsSync(path)) return { path, version }
  // An interrupted download must not count as complete.
  const beside = `${path}.new`
  rmSync(beside, { recursive: true, force: true })
  writeFileSync(join(folder, 'pom.xml'), pom(name, artifacts))
  const fetched = await runCommand('mvn', ['-q', '-B', 'dependency:copy-dependencies', `-DoutputDirectory=${beside}`], {
    limit: 300_000,
    cwd: folder,
  }).catch((error: unknown) => ({ code: 1, output: String(error) }))
  if (fetched.code !== 0)
    return {
      path: undefined,
      reason: `mvn could not bring ${artifacts[0] ?? ''}: ${fetched.output.trim().split('\n').at(-1) ?? ''}`,
    }
  renameSync(beside, path)
  return { path, version }
}

function pom(project: string, artifacts: readonly string[]): string {
  const dependencies = artifacts.map((artifact) => {
    const [group = '', name = '', version = ''] = artifact.split(':')
    return `<dependency><groupId>${group}</groupId><artifactId>${name}</artifactId><version>${version}</version></dependency>`
  })
  return `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion><groupId>weir</groupId><artifactId>${project}</artifactId><version>1</version><dependencies>${dependencies.join('')}</dependencies></project>\n`
}
