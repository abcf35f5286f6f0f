import { setTimeout as sleep } from 'node:timers/promises'
import { ExportLoad } from '../../test/kit/flow-load/exports.ts'
import { FlowSender } from '../../test/kit/flow-sender.ts'
import { percentile } from '../../test/kit/percentile.ts'
import { startWeir, type WeirProcess } from '../../test/kit/weir-process.ts'
import type { AcceptanceContext, AcceptanceRun } from '../harness.ts'

const rate = 20_000
/** Of the table to the ring. */
const maxRatio = 2

/** `ringMs`: median with the same 600,360 flows before the table replaced the ring (EPYC, two cores). */
type View = Readonly<{ what: string; path: string; parameters: Readonly<Record<string, string>>; ringMs: number }>

const views: readonly View[] = [
  { what: 'newest page', path: 'flows', parameters: { limit: '100' }, ringMs: 4.9 },
  {
    what: 'newest page of a port',
    path: 'flows',
    parameters: { limit: '100', filter: 'dst_port = 5432' },
    ringMs: 5.1,
  },
  { what: 'top sources', path: 'flows', parameters: { group: 'src_addr', limit: '10' }, ringMs: 186.6 },
  { what: 'top pairs', path: 'flows', parameters: { group: 'src_addr,dst_addr', limit: '10' }, ringMs: 1099.2 },
  { what: 'protocols', path: 'flows', parameters: { group: 'proto', limit: '10' }, ringMs: 51 },
  { what: 'series by protocol', path: 'series', parameters: { group: 'proto', step: '1s' }, ringMs: 71 },
  { what: 'topology', path: 'topology', parameters: { scope: 'addr', limit: '500' }, ringMs: 1219 },
  { what: 'distinct addresses', path: 'flows/distinct', parameters: { fields: 'src_addr,dst_addr' }, ringMs: 415 },
]

export default {
  name: 'live-table',
  issue: '59.4',
  title: 'Requests over the newest flows in memory without a store, from a table of DuckDB.',
  async run(context) {
    const flows = context.size(600_000, 5000)
    await using weir = await startWeir({ folder: context.folder, config: { store: { enabled: 'none' } } })
    const alone = await send(context, weir, flows)
    const without = weir.memory().own
    let inTable = 0
    context.figure('first request, which fills the table', await ms(async () => (inTable = await flowsIn(weir))), 'ms')
    context.figure('flows in the table', inTable)
    context.expect(inTable === alone.sent, 'the table has all flows')
    for (const view of views) await measure(context, weir, view)
    context.figure('memory without and with the table', `${mb(without)} and ${mb(weir.memory().own)}`, 'MB')
    const used = await send(context, weir, flows)
    context.figure('processor time of 10,000 flows without and with the table', `${alone.cpu} and ${used.cpu}`, 'ms')
    context.figure('flows in the table after as many again', await flowsIn(weir))
  },
} satisfies AcceptanceRun

async function send(context: AcceptanceContext, weir: WeirProcess, flows: number) {
  const perDatagram = 30
  const load = new ExportLoad({ protocol: 'netflow5', perDatagram, addresses: 60_000, seed: context.seed })
  const sender = new FlowSender({ port: weir.ports.netflow, rate, perDatagram, load })
  const [before, began] = [await accepted(weir), weir.cpuSeconds()]
  await sender.start()
  while (sender.sent < flows) await sleep(20)
  await sender.close()
  const { sent } = sender
  // Those of the last second are on their way.
  for (let attempt = 0; attempt < 100 && (await accepted(weir)) < before + sent; attempt++) await sleep(100)
  await sleep(1500)
  return { sent, cpu: (((weir.cpuSeconds() - began) * 1e7) / sent).toFixed(0) }
}

async function accepted(weir: WeirProcess) {
  const { sources } = await weir.get<{ sources: readonly { accepted: number }[] }>('/api/v1/ledger')
  return sources.reduce((sum, source) => sum + source.accepted, 0)
}

async function flowsIn(weir: WeirProcess) {
  const { total } = await weir.get<{ total: { flows: number } }>('/api/v1/flows?from=now-15m&group=proto&limit=1')
  return total.flows
}

async function measure(context: AcceptanceContext, weir: WeirProcess, { what, path, parameters, ringMs }: View) {
  const times: number[] = []
  for (let round = 0; round <= context.size(20, 1); round++) {
    const query = new URLSearchParams({ from: 'now-15m', ...parameters }).toString()
    times.push(await ms(() => weir.get(`/api/v1/${path}?${query}`)))
  }
  const table = percentile(times.slice(1), 50)
  context.figure(what, `ring ${ringMs} ms, table ${table.toFixed(1)} ms, ${(table / ringMs).toFixed(2)} times`)
  context.figure(`${what}: within ${maxRatio} times`, table <= maxRatio * ringMs ? 'yes' : 'no')
}

async function ms(run: () => Promise<unknown>) {
  const began = performance.now()
  await run()
  return performance.now() - began
}

function mb(bytes: number) {
  return Math.round(bytes / 1e6)
}
