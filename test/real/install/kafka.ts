// A Kafka broker and its tools come from Maven Central as jars (54 MB), by name and version, fetched by the machine's ordinary Maven client.
import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runCommand } from '../../../tools/kit/command.ts'
import { isMain } from '../../../tools/kit/main.ts'
import { cacheFolder } from '../kit/cache.ts'
import type { Installed } from './apt.ts'

/** Runs on Java 17 and later. */
export const kafka = { name: 'kafka', version: '4.1.0', artifacts: ['org.apache.kafka:kafka_2.13:4.1.0', 'org.apache.kafka:kafka-tools:4.1.0', 'org.apache.logging.log4j:log4j-slf4j-impl:2.24.3'] } as const
const leastJava = 17

let known: Promise<Installed> | undefined

/** The folder of jars as `path`, or the reason why it cannot be had here. Five minutes at most; asks once per process. */
export function installKafka(): Promise<Installed> {
  known ??= findOrInstall()
  return known
}

async function findOrInstall(): Promise<Installed> {
  const java = await runCommand('java', ['-version'], { limit: 20_000 }).catch(() => undefined)
  const version = Number(/version "(\d+)/.exec(java?.output ?? '')?.[1] ?? 0)
  if (version < leastJava) return { path: undefined, reason: `kafka needs Java ${leastJava}, and ${version === 0 ? 'there is none' : `this is Java ${version}`}` }
  const folder = cacheFolder('kafka')
  const path = join(folder, kafka.version)
  if (existsSync(path)) return { path, version: kafka.version }
  // Beside its place, so that one that was interrupted is not taken for a whole one.
  const beside = `${path}.new`
  rmSync(beside, { recursive: true, force: true })
  writeFileSync(join(folder, 'pom.xml'), pom())
  const fetched = await runCommand('mvn', ['-q', '-B', 'dependency:copy-dependencies', `-DoutputDirectory=${beside}`], { limit: 300_000, cwd: folder }).catch((error: unknown) => ({ code: 1, output: String(error) }))
  if (fetched.code !== 0) return { path: undefined, reason: `mvn could not bring ${kafka.artifacts[0]}: ${fetched.output.trim().split('\n').at(-1) ?? ''}` }
  renameSync(beside, path)
  return { path, version: kafka.version }
}

function pom(): string {
  const dependencies = kafka.artifacts.map((artifact) => {
    const [group = '', name = '', version = ''] = artifact.split(':')
    return `<dependency><groupId>${group}</groupId><artifactId>${name}</artifactId><version>${version}</version></dependency>`
  })
  return `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion><groupId>weir</groupId><artifactId>kafka</artifactId><version>1</version><dependencies>${dependencies.join('')}</dependencies></project>\n`
}

if (isMain(import.meta.url)) {
  const result = await installKafka()
  console.log(result.path === undefined ? result.reason : `${kafka.name} ${result.version} at ${result.path}`)
  process.exitCode = result.path === undefined ? 1 : 0
}
