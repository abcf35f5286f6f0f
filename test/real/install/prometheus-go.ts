// Prometheus 3, which receives remote write 2.0, built by the machine's own Go from its module without service
// discovery: five minutes, once, kept in the cache.
import { existsSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { runCommand } from '../../../tools/kit/command.ts'
import { cacheFolder } from '../kit/cache.ts'
import type { Installed } from './apt.ts'
import { sayInstalled } from './say.ts'

/** Module version 0.311.3 is Prometheus 3.11.3. */
export const prometheusGo = { name: 'prometheus-go', version: '3.11.3', module: 'v0.311.3' } as const

const buildLimit = 45 * 60_000
const built = (): string => join(cacheFolder('prometheus-go'), `prometheus-${prometheusGo.version}`)

/** An earlier build. Builds nothing. */
export function findPrometheusGo(): Installed {
  const path = built()
  if (existsSync(path)) return { path, version: prometheusGo.version }
  return {
    path: undefined,
    reason: 'there is no Prometheus 3; `node test/real/install/prometheus-go.ts` builds it with Go',
  }
}

/** Builds it if it is missing. */
export async function installPrometheusGo(): Promise<Installed> {
  const found = findPrometheusGo()
  if (found.path !== undefined) return found
  const go = await runCommand('go', ['version'], { limit: 20_000 }).catch(() => undefined)
  if (go?.code !== 0) return { path: undefined, reason: 'Prometheus 3 is built with Go, and there is none' }
  try {
    await build()
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error)
    return { path: undefined, reason: `Prometheus 3 could not be built: ${text}` }
  }
  return findPrometheusGo()
}

/** In a copy of the module: its own replacements apply only there. */
async function build(): Promise<void> {
  const home = cacheFolder('prometheus-go')
  const folder = join(home, 'build')
  rmSync(folder, { recursive: true, force: true })
  const module = `github.com/prometheus/prometheus@${prometheusGo.module}`
  const { Dir: source = '', Error: problem } = JSON.parse(
    await run('go', ['mod', 'download', '-json', module], home),
  ) as { Dir?: string; Error?: string }
  if (problem !== undefined) throw new Error(problem)
  await run('cp', ['-R', '--no-preserve=mode', source, folder], home)
  const stamp = `-X github.com/prometheus/common/version.Version=${prometheusGo.version}`
  const flags = ['-tags', 'remove_all_sd,netgo', '-trimpath', '-ldflags', `-s -w ${stamp}`]
  await run(
    'nice',
    ['-n', '19', 'go', 'build', ...flags, '-o', join(folder, 'prometheus.new'), './cmd/prometheus'],
    folder,
  )
  renameSync(join(folder, 'prometheus.new'), built())
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

await sayInstalled(import.meta.url, prometheusGo.name, installPrometheusGo)
