// VictoriaMetrics, which has InfluxDB's v2 write API, built by the machine's own Go from its module: ten minutes, once,
// kept in the cache.
import { existsSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { runCommand } from '../../../tools/kit/command.ts'
import { cacheFolder } from '../kit/cache.ts'
import type { Installed } from './apt.ts'
import { sayInstalled } from './say.ts'

export const victoriametrics = { name: 'victoriametrics', version: '1.151.0' } as const

const buildLimit = 45 * 60_000
const built = (): string => join(cacheFolder('victoriametrics'), `victoria-metrics-${victoriametrics.version}`)

/** An earlier build. Builds nothing. */
export function findVictoriametrics(): Installed {
  const path = built()
  if (existsSync(path)) return { path, version: victoriametrics.version }
  return {
    path: undefined,
    reason: 'there is no VictoriaMetrics; `npm run ts test/real/install/victoriametrics.ts` builds it with Go',
  }
}

/** Builds it if it is missing. */
export async function installVictoriametrics(): Promise<Installed> {
  const found = findVictoriametrics()
  if (found.path !== undefined) return found
  const go = await runCommand('go', ['version'], { limit: 20_000 }).catch(() => undefined)
  if (go?.code !== 0) return { path: undefined, reason: 'VictoriaMetrics is built with Go, and there is none' }
  try {
    await build()
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error)
    return { path: undefined, reason: `VictoriaMetrics could not be built: ${text}` }
  }
  return findVictoriametrics()
}

/** In a copy of the module: its own replacements apply only there. */
async function build(): Promise<void> {
  const home = cacheFolder('victoriametrics')
  const folder = join(home, 'build')
  rmSync(folder, { recursive: true, force: true })
  const module = `github.com/VictoriaMetrics/VictoriaMetrics@v${victoriametrics.version}`
  const { Dir: source = '', Error: problem } = JSON.parse(
    await run('go', ['mod', 'download', '-json', module], home),
  ) as { Dir?: string; Error?: string }
  if (problem !== undefined) throw new Error(problem)
  await run('cp', ['-R', '--no-preserve=mode', source, folder], home)
  const output = join(folder, 'victoria-metrics.new')
  await run(
    'nice',
    ['-n', '19', 'go', 'build', '-trimpath', '-ldflags', '-s -w', '-o', output, './app/victoria-metrics'],
    folder,
  )
  renameSync(output, built())
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

await sayInstalled(import.meta.url, victoriametrics.name, installVictoriametrics)
