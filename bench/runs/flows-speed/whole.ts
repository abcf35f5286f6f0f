// Sends datagrams to a real Weir; measures the process by /proc and counts stored rows.
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { SendOptions, SendResult } from '../../../test/kit/flow-load/send.ts'
import { sendFlows } from '../../../test/kit/flow-load/sender.ts'
import { threadShares, type ThreadShare } from '../../../test/kit/proc.ts'
import { startWeir, type WeirOptions, type WeirProcess } from '../../../test/kit/weir-process.ts'

export type Load = Omit<SendOptions, 'port'>

export interface WholeRun {
  readonly sent: SendResult
  /** User and system time of all threads, from the first datagram until every row is stored. */
  readonly cpuSeconds: number
  readonly seconds: number
  readonly threads: readonly ThreadShare[]
  readonly stored: { readonly rows: number; readonly bytes: number; readonly packets: number }
  /** Growth of the store's files. */
  readonly storedBytes: number
  readonly journalBytes: number
  readonly shed: Readonly<Record<string, number>>
  readonly kernelDrops: number
  /** Peak of anonymous and shared memory, sampled five times a second. The kernel can drop mapped files. */
  readonly peakOwnBytes: number
  /** Peak resident memory, mapped files included. */
  readonly peakBytes: number
  readonly balanced: boolean
}

export async function measureWhole(folder: string, load: Load, options: Partial<WeirOptions> = {}): Promise<WholeRun> {
  const [first] = await measureLoads(folder, [load], options)
  if (first === undefined) throw new Error('nothing was measured')
  return first
}

/** One Weir, one load after the other; a short load first warms up the compiler. */
export async function measureLoads(
  folder: string,
  loads: readonly Load[],
  options: Partial<WeirOptions> = {},
): Promise<WholeRun[]> {
  await using weir = await startWeir({ folder, config: { sources: { sflow: { listen: '127.0.0.1:0' } } }, ...options })
  const runs: WholeRun[] = []
  for (const load of loads) {
    await send(weir, { ...load, seed: load.seed + 1000, flows: Math.min(400_000, Math.ceil(load.flows / 4)) })
    await caughtUp(weir)
    runs.push(await measure(weir, load))
  }
  return runs
}

interface Totals {
  readonly rows: number
  readonly bytes: number
  readonly packets: number
}

async function measure(weir: WeirProcess, load: Load): Promise<WholeRun> {
  const before = {
    totals: await totals(weir),
    shed: await shedOf(weir),
    drops: await drops(weir),
    store: size(join(weir.data, 'store')),
    journal: await journalBytes(weir),
  }
  const threads = weir.threads()
  const cpu = weir.cpuSeconds()
  const started = performance.now()
  let peakOwnBytes = 0
  const watching = setInterval(() => {
    peakOwnBytes = Math.max(peakOwnBytes, weir.memory().own)
  }, 200)
  const sent = await send(weir, load)
  await caughtUp(weir)
  clearInterval(watching)
  const cpuSeconds = weir.cpuSeconds() - cpu
  const seconds = (performance.now() - started) / 1000
  const after = await totals(weir)
  const shed = await shedOf(weir)
  return {
    sent,
    cpuSeconds,
    seconds,
    threads: threadShares(weir.pid, threads),
    stored: {
      rows: after.rows - before.totals.rows,
      bytes: after.bytes - before.totals.bytes,
      packets: after.packets - before.totals.packets,
    },
    storedBytes: size(join(weir.data, 'store')) - before.store,
    journalBytes: (await journalBytes(weir)) - before.journal,
    shed: Object.fromEntries(
      Object.entries(shed)
        .map(([reason, count]) => [reason, count - (before.shed[reason] ?? 0)])
        .filter(([, count]) => count !== 0),
    ),
    kernelDrops: (await drops(weir)) - before.drops,
    peakOwnBytes,
    peakBytes: weir.memory().peak,
    balanced: (await weir.ledger()).balanced,
  }
}

async function send(weir: WeirProcess, load: Load): Promise<SendResult> {
  const port = load.protocol === 'sflow5' ? await sflowPort(weir) : weir.ports.netflow
  return sendFlows({ ...load, port }, 3_600_000)
}

async function sflowPort(weir: WeirProcess): Promise<number> {
  const { sources } = await weir.pipeline()
  const address = sources.find(({ type }) => type === 'sflow')?.addresses.find((one) => one.startsWith('udp://'))
  if (address === undefined) throw new Error('this Weir has no sFlow listener')
  return Number(address.slice(address.lastIndexOf(':') + 1))
}

/** Rows reach the journal at most a second after their receipt. */
const steadyReads = 8

/** Waits until no rows arrive and none pends. */
export async function caughtUp(weir: WeirProcess) {
  for (let before = -1, steady = 0; steady < steadyReads;) {
    const ledger = await weir.caughtUp(600_000)
    const accepted = ledger.sources.reduce((sum, source) => sum + source.accepted, 0)
    steady = accepted === before ? steady + 1 : 0
    before = accepted
    await sleep(150)
  }
}

/** Without a store: accepted rows. */
async function totals(weir: WeirProcess): Promise<Totals> {
  const { sources, sinks } = await weir.ledger()
  if (sinks.length === 0)
    return { rows: sources.reduce((sum, { accepted }) => sum + accepted, 0), bytes: 0, packets: 0 }
  const [row] = await weir.sql<{ rows: number; bytes: string; packets: string }>(
    'SELECT count(*) AS rows, coalesce(sum(bytes), 0)::VARCHAR AS bytes, coalesce(sum(packets), 0)::VARCHAR ' +
      'AS packets FROM flows',
  )
  return { rows: row?.rows ?? 0, bytes: Number(row?.bytes ?? 0), packets: Number(row?.packets ?? 0) }
}

async function shedOf(weir: WeirProcess): Promise<Record<string, number>> {
  const sums: Record<string, number> = {}
  for (const source of (await weir.ledger()).sources) {
    for (const [reason, count] of Object.entries(source.shed)) sums[reason] = (sums[reason] ?? 0) + count
  }
  return sums
}

function drops(weir: WeirProcess) {
  return weir.metric('weir_udp_kernel_dropped_datagrams_total')
}

async function journalBytes(weir: WeirProcess) {
  return weir.metric('weir_journal_written_bytes_total')
}

function size(folder: string): number {
  if (!existsSync(folder)) return 0
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.parquet'))
    .reduce((sum, name) => {
      try {
        return sum + statSync(join(folder, name)).size
      } catch {
        // A merge removed the file.
        return sum
      }
    }, 0)
}
