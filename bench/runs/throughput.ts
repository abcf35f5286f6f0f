// MB are 10^6 bytes, uncompressed; CPU is user and system time of all threads. The HTTP target depends on the number of
// cores.
import { join } from 'node:path'
import type { AcceptanceRun, AcceptanceContext } from '../harness.ts'
import type { Batch } from '../../src/model/batches.ts'
import { percentile } from '../../test/kit/percentile.ts'
import { eventBatches, flowBatches } from './throughput/batches.ts'
import { measureHttp } from './throughput/http.ts'
import { measureJournal } from './throughput/journal.ts'

const journalAim = 300
const eventsAim = 100_000

export default {
  name: 'throughput',
  issue: '2.6',
  title:
    'The journal takes in and gives out 300 MB/s per core; events through HTTP to the synced store, with ' +
    'where the time goes.',
  async run(context) {
    await journal(context, 'flows', flowBatches(context.seed, 40))
    await journal(context, 'events of 1 KB', eventBatches(context.seed, 200))
    await http(context)
  },
} satisfies AcceptanceRun

async function journal(context: AcceptanceContext, what: string, batches: readonly Batch[]) {
  const rates = await measureJournal(join(context.folder, what.replaceAll(' ', '-')), batches, context.size(4000, 300))
  context.figure(`${what}: uncompressed`, Math.round(rates.megabytes), 'MB')
  context.figure(`${what}: compression`, rates.compression, '×')
  context.figure(`${what}: in, with making bodies`, Math.round(rates.in.perCpu), 'MB per CPU second')
  context.figure(`${what}: in, bodies given`, Math.round(rates.inBodies.perCpu), 'MB per CPU second')
  context.figure(`${what}: in, by the clock`, Math.round(rates.in.perSecond), 'MB/s')
  context.figure(`${what}: out, to batches`, Math.round(rates.out.perCpu), 'MB per CPU second')
  context.figure(`${what}: out, to bodies`, Math.round(rates.outBodies.perCpu), 'MB per CPU second')
  context.figure(`${what}: out, by the clock`, Math.round(rates.out.perSecond), 'MB/s')
  context.expect(
    rates.rowsRead === rates.rows && rates.unreadable === 0,
    `${what}: all ${rates.rows} rows are read back`,
  )
  context.expectSpeed(
    rates.inBodies.perCpu >= journalAim,
    `${what}: ${journalAim} MB/s of uncompressed body per core go in`,
  )
  context.expectSpeed(
    rates.outBodies.perCpu >= journalAim,
    `${what}: ${journalAim} MB/s of uncompressed body per core are reached`,
  )
}

async function http(context: AcceptanceContext) {
  const rates = await measureHttp(join(context.folder, 'http'), {
    connections: 8,
    perRequest: 100,
    requests: context.size(6000, 300),
    seed: context.seed,
  })
  const acknowledged = rates.events / rates.ackSeconds
  context.figure('HTTP: events in a request, bytes of a request', `100, ${rates.requestBytes}`)
  context.figure('HTTP: events acknowledged', rates.events)
  context.figure('HTTP: to the synced journal', Math.round(acknowledged), 'events/s')
  context.figure('HTTP: to rows of the store', Math.round(rates.events / rates.storedSeconds), 'events/s')
  context.figure('HTTP: of the aim', Math.round((acknowledged / eventsAim) * 100), `% of ${eventsAim} events/s`)
  context.figure(
    "HTTP: by the server's CPU",
    Math.round(rates.events / rates.serverCpuSeconds),
    'events per CPU second, stored',
  )
  context.figure('HTTP: answer, p50', percentile(rates.latencies, 50), 'ms')
  context.figure('HTTP: answer, p99', percentile(rates.latencies, 99), 'ms')
  context.figure('HTTP: memory, peak of all that was resident', Math.round(rates.peakBytes / 1e6), 'MB')
  context.figure('where: the client', rates.clientCpuSeconds, 's of CPU')
  for (const { name, count, cpuSeconds } of rates.threads.filter((thread) => thread.cpuSeconds >= 0.01)) {
    context.figure(`where: ${count === 1 ? 'thread' : `${count} threads`} ${name}`, cpuSeconds, 's of CPU')
  }
  for (const { name, busy } of rates.loops)
    context.figure(`where: event loop ${name}`, Math.round(busy * 100), '% busy')
  context.expect(
    rates.storedRows === rates.events && rates.storedIds === rates.events,
    `HTTP: each acknowledged event is stored once (${rates.storedRows} rows, ${rates.storedIds} ids of ` +
      `${rates.events})`,
  )
  context.expect(rates.balanced, 'HTTP: the ledger is balanced')
}
