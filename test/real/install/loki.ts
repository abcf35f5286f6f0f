// Loki and its client logcli, built by the machine's own Go from their module: once, kept in the cache.
import { existsSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { runCommand } from '../../../tools/kit/command.ts'
import { cacheFolder } from '../kit/cache.ts'
import type { Installed } from './apt.ts'
import { sayInstalled } from './say.ts'

export const loki = { name: 'loki', version: '3.7.8' } as const

const module = `github.com/grafana/loki/v3@v${loki.version}`
const buildLimit = 45 * 60_000

/** `LOKI_BINARY`, or an earlier build. Builds nothing. */
export function findLoki(): Installed {
  const named = process.env['LOKI_BINARY']
  if (named !== undefined && existsSync(named)) return { path: named, version: 'of LOKI_BINARY' }
  const path = built('loki')
  if (existsSync(path)) return { path, version: loki.version }
  return {
    path: undefined,
    reason: 'there is no Loki; LOKI_BINARY names one, `npm run ts test/real/install/loki.ts` builds it with Go',
  }
}

/** An earlier build. Builds nothing. */
export function findLogcli(): Installed {
  const path = built('logcli')
  return existsSync(path)
    ? { path, version: loki.version }
    : { path: undefined, reason: 'there is no logcli; `npm run ts test/real/install/loki.ts` builds it with Go' }
}

/** Builds both if one is missing. */
export async function installLoki(): Promise<Installed> {
  const found = findLoki()
  if (found.path !== undefined && findLogcli().path !== undefined) return found
  const go = await runCommand('go', ['version'], { limit: 20_000 }).catch(() => undefined)
  if (go?.code !== 0) return { path: undefined, reason: 'Loki is built with Go, and there is none' }
  try {
    await build()
  } catch (error) {
    return {
      path: undefined,
      reason: `Loki could not be built: ${error instanceof Error ? error.message : String(error)}`,
    }
  }
  return { path: built('loki'), version: loki.version }
}

const programs = ['logcli', 'loki'] as const

const built = (program: (typeof programs)[number]): string => join(cacheFolder('loki'), `${program}-${loki.version}`)

/** In a copy of the module: its own replacements apply only there. One of them names a folder that it does not have. */
async function build(): Promise<void> {
  const folder = join(cacheFolder('loki'), 'build')
  rmSync(folder, { recursive: true, force: true })
  const { Dir: source = '', Error: problem } = JSON.parse(
    await run('go', ['mod', 'download', '-json', module], cacheFolder('loki')),
  ) as { Dir?: string; Error?: string }
  if (problem !== undefined) throw new Error(problem)
  await run('cp', ['-R', '--no-preserve=mode', source, folder], cacheFolder('loki'))
  await run('go', ['mod', 'edit', '-dropreplace=github.com/grafana/loki/pkg/push'], folder)
  for (const program of programs) {
    const made = join(folder, `${program}.new`)
    const flags = ['-trimpath', '-ldflags', '-s -w', '-o', made]
    await run('nice', ['-n', '19', 'go', 'build', ...flags, `./cmd/${program}`], folder)
    renameSync(made, built(program))
  }
  rmSync(folder, { recursive: true, force: true })
}

async function run(program: string, args: readonly string[], cwd: string): Promise<string> {
  const ran = await runCommand(program, args, {
    cwd,
    limit: buildLimit,
    env: { GOFLAGS: '-mod=mod', CGO_ENABLED: '0', GOTOOLCHAIN: 'auto' },
  })
  if (ran.code !== 0) throw new Error(`${program} ${args[0]}: ${ran.output.trim().split('\n').at(-1) ?? ''}`)
  return ran.stdout
}

await sayInstalled(import.meta.url, loki.name, installLoki)
