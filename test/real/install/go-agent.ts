// A client of NetObserv's eBPF agent: its exporters of gRPC and Kafka, built by the machine's Go from the agent's
// repository with its own vendored modules; two minutes, once for each state of its source, kept in the cache.
import { rmSync } from 'node:fs'
import { copyFile, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { goBuild, goProgram } from './go-program.ts'
import { sayInstalled } from './say.ts'

const commit = '56a7d35f5e5c31a9a679bb83d44193dc7d343308'
/** A clone elsewhere, for machines without GitHub. */
const repository = process.env['WEIR_NETOBSERV_AGENT'] ?? 'https://github.com/netobserv/netobserv-ebpf-agent'
/** They import flowlogs-pipeline and the libraries of Kubernetes. */
const unused = ['direct_flp.go', 'ipfix.go']

export const installGoAgent = goProgram({
  cache: 'go-agent',
  program: 'agent',
  version: commit.slice(0, 8),
  source: 'test/real/go-agent/main.go',
  inputs: (source) => [commit, unused, source],
  flags: '-mod=vendor -buildvcs=false',
  limitMs: 900_000,
  async build(folder, run, source) {
    for (const args of [
      ['init', '-q'],
      ['fetch', '-q', '--depth', '1', repository, commit],
      ['checkout', '-q', commit, '--', 'pkg', 'vendor', 'go.mod', 'go.sum'],
    ])
      await run('git', args)
    for (const file of unused) rmSync(join(folder, 'pkg/exporter', file))
    await mkdir(join(folder, 'cmd/oracle'), { recursive: true })
    await copyFile(source, join(folder, 'cmd/oracle/main.go'))
    await run('go', goBuild('agent', './cmd/oracle'))
  },
})

await sayInstalled(import.meta.url, 'go-agent', installGoAgent)
