// A client of NetObserv's eBPF agent: its exporters of gRPC and Kafka, built by the machine's Go from the agent's
// repository with its own vendored modules; two minutes, once for each state of its source, kept in the cache.
import { createHash } from 'node:crypto'
import { existsSync, renameSync, rmSync } from 'node:fs'
import { copyFile, mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ROOT, runCommand } from '../../../tools/kit/command.ts'
import { cacheFolder } from '../kit/cache.ts'
import type { Installed } from './apt.ts'
import { sayInstalled } from './say.ts'

const commit = '56a7d35f5e5c31a9a679bb83d44193dc7d343308'
/** A clone elsewhere, for machines without GitHub. */
const repository = process.env['WEIR_NETOBSERV_AGENT'] ?? 'https://github.com/netobserv/netobserv-ebpf-agent'
const version = commit.slice(0, 8)
const source = join(ROOT, 'test/real/go-agent/main.go')
/** They import flowlogs-pipeline and the libraries of Kubernetes. */
const unused = ['direct_flp.go', 'ipfix.go']

let known: Promise<Installed> | undefined

export function installGoAgent(): Promise<Installed> {
  known ??= findOrInstall().catch((error: unknown) => ({
    path: undefined,
    reason: error instanceof Error ? error.message : String(error),
  }))
  return known
}

async function findOrInstall(): Promise<Installed> {
  const made = createHash('sha256')
    .update(JSON.stringify([commit, unused, await readFile(source, 'utf8')]))
    .digest('hex')
    .slice(0, 16)
  const home = cacheFolder('go-agent')
  const path = join(home, `agent-${made}`)
  if (existsSync(path)) return { path, version }
  const found = await runCommand('go', ['version'], { limit: 20_000 }).catch(() => undefined)
  if (found?.code !== 0) return { path: undefined, reason: 'the agent is built with Go, and there is none' }
  const folder = join(home, 'build')
  rmSync(folder, { recursive: true, force: true })
  await mkdir(join(folder, 'cmd/oracle'), { recursive: true })
  const run = async (file: string, args: readonly string[]): Promise<void> => {
    const ran = await runCommand(file, args, {
      cwd: folder,
      limit: 900_000,
      env: { GOFLAGS: '-mod=vendor -buildvcs=false', CGO_ENABLED: '0', GOTOOLCHAIN: 'auto' },
    })
    if (ran.code !== 0)
      throw new Error(`${file} ${args.slice(0, 2).join(' ')}: ${ran.output.trim().split('\n').at(-1) ?? ''}`)
  }
  for (const args of [
    ['init', '-q'],
    ['fetch', '-q', '--depth', '1', repository, commit],
    ['checkout', '-q', commit, '--', 'pkg', 'vendor', 'go.mod', 'go.sum'],
  ])
    await run('git', args)
  for (const file of unused) rmSync(join(folder, 'pkg/exporter', file))
  await copyFile(source, join(folder, 'cmd/oracle/main.go'))
  await run('go', ['build', '-trimpath', '-ldflags', '-s -w', '-o', 'oracle', './cmd/oracle'])
  renameSync(join(folder, 'oracle'), path)
  rmSync(folder, { recursive: true, force: true })
  return { path, version }
}

await sayInstalled(import.meta.url, 'go-agent', installGoAgent)
