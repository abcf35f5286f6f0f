import { Option } from 'commander'
import type { Command } from 'commander'
import type { ExporterReport, Ledger, SourceExporters } from '../engine/control.ts'
import { self } from '../host/process.ts'
import type { ServerFlags } from './client.ts'
import { action, findServer, needServer, withServerFlags, type Server } from './client.ts'
import { recipes, type Place } from './exporters/recipes.ts'
import { oneLine, textTable } from './text-table.ts'

interface ExportersFlags extends ServerFlags {
  readonly source?: string
  readonly format?: 'json' | 'table'
  readonly how?: string
  readonly collector?: string
}

export function register(program: Command): void {
  withServerFlags(program.command('exporters')
    .description('Who sends flows, how much of it is understood, and why nothing is seen of somebody; with --how, how an exporter is pointed here.')
    .option('--source <ID>', 'of this source only')
    .addOption(new Option('--format <FORMAT>', 'form of the answer (default: table on a terminal, else json)').choices(['json', 'table']))
    .addOption(new Option('--how <EXPORTER>', 'print what to configure there, and ask nothing else').choices(recipes.map(({ name }) => name)))
    .option('--collector <ADDRESS>', 'address of this machine as the exporter sees it (default: its first one, or where the source listens)'))
    .addHelpText('after', `
Examples:
  $ weir exporters
  $ weir exporters --format json | jq '.sources[].exporters[] | select(.why)'
  $ weir exporters --how softflowd --collector 192.0.2.10

Exit code: 0 told, 1 the server is not to be had, 2 the command line cannot be used.`)
    .action(action(run))
}

/** Answer of GET /api/v1/exporters. */
export interface Exporters {
  readonly sources: readonly (SourceExporters & { readonly known: number })[]
}

async function run(flags: ExportersFlags): Promise<void> {
  if (flags.how !== undefined) return self.stdout(await how(flags.how, flags))
  const server = await needServer(flags)
  const query = flags.source === undefined ? '' : `?${new URLSearchParams({ source: flags.source }).toString()}`
  const exporters = await server.json<Exporters>('GET', `/api/v1/exporters${query}`)
  if ((flags.format ?? (self.interactive ? 'table' : 'json')) === 'json') return self.stdout(`${JSON.stringify(exporters)}\n`)
  const { realHost } = await import('../host/index.ts')
  self.stdout(exportersText(exporters, await server.json<Ledger>('GET', '/api/v1/ledger'), realHost().clock.now()))
}

/** Exporters for people: a table, and below it each reason why something is not seen. */
export function exportersText({ sources }: Exporters, ledger: Ledger, now: number): string {
  const rows = sources.flatMap(({ name, exporters }) => exporters.map((one) => [name, one.address, ago(now - one.lastSeen), one.datagrams, one.rows, counted(one, 'missing'), counted(one, 'malformed')]))
  const known = sources.reduce((sum, source) => sum + source.known, 0)
  const reasons = sources.flatMap((source) => [
    ...(source.why === undefined ? [] : [`${source.name}: ${oneLine(source.why)}`]),
    ...source.exporters.flatMap(({ address, why }) => (why === undefined ? [] : [`${source.name} ${address}: ${oneLine(why)}`])),
    ...shedOf(ledger, source.name),
  ])
  return [
    ...(rows.length === 0 ? ['No exporter has sent anything since the start.\n'] : [textTable(['source', 'exporter', 'last heard of', 'datagrams', 'flows', 'missing', 'malformed'], rows)]),
    ...(known > rows.length ? [`${known - rows.length} more are known; --format json with ?limit= of the API shows them.\n`] : []),
    ...(reasons.length === 0 ? [] : [`${reasons.join('\n')}\n`]),
    ...(rows.length === 0 ? [`How to point one here: weir exporters --how ${recipes.map(({ name }) => name).join(' | ')}\n`] : []),
  ].join('\n')
}

const shedReasons: Readonly<Record<string, string>> = {
  not_allowed: 'datagrams came from addresses outside of `allow`',
  kernel_dropped: 'datagrams were dropped by the kernel because they were not read in time: see sysctl net.core.rmem_max and `receive_buffer`',
  undecoded: 'datagrams or messages could not be decoded',
  malformed: 'datagrams were no well-formed export',
  journal_full: 'flows were given up because the journal is full',
  journal_behind: 'flows were given up because the disk did not keep up',
}

function shedOf({ sources }: Ledger, name: string): string[] {
  const shed = sources.find((source) => source.name === name)?.shed ?? {}
  return Object.entries(shed).filter(([, count]) => count > 0).map(([reason, count]) => `${name}: ${count} ${shedReasons[reason] ?? `were not taken (${reason})`}`)
}

function counted(exporter: ExporterReport, what: string): number {
  const count = exporter[what]
  return typeof count === 'number' ? count : 0
}

/** `3 s ago` */
export function ago(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000))
  if (seconds < 120) return `${seconds} s ago`
  return seconds < 7200 ? `${Math.round(seconds / 60)} min ago` : `${Math.round(seconds / 3600)} h ago`
}

/** What to type at an exporter. */
async function how(name: string, flags: ExportersFlags): Promise<string> {
  const recipe = recipes.find((one) => one.name === name)
  if (recipe === undefined) return ''
  // Without a server the usual ports are right.
  const server = await findServer(flags).catch(() => undefined)
  return `# ${recipe.title}\n${recipe.lines(await placeOf(server, flags.collector)).join('\n')}\n`
}

async function placeOf(server: Server | undefined, collector: string | undefined): Promise<Place> {
  const { sources } = server === undefined ? { sources: [] } : await server.json<Exporters>('GET', '/api/v1/exporters')
  const listening = sources.flatMap(({ type, addresses }) => addresses.flatMap((address) => {
    const url = URL.parse(address)
    return url === null || !address.startsWith('udp:') ? [] : [{ type, host: url.hostname.replace(/^\[(.*)\]$/, '$1'), port: Number(url.port) }]
  }))
  const ports = (type: string): number[] => listening.filter((one) => one.type === type).map(({ port }) => port)
  const netflow = ports('netflow')
  const own = listening.find(({ host }) => !/^(?:0\.0\.0\.0|::|)$/.test(host))?.host
  const { realMachine } = await import('../host/machine.ts')
  return {
    host: collector ?? own ?? realMachine.addresses()[0] ?? '127.0.0.1',
    netflow: netflow[0] ?? 2055,
    ipfix: netflow.includes(4739) ? 4739 : (netflow.at(-1) ?? 4739),
    sflow: ports('sflow')[0] ?? 6343,
  }
}
