import type { AcceptanceRun } from '../../bench/harness.ts'
import { collectGarbage } from '../kit/garbage.ts'
import { memoryOf } from '../kit/proc.ts'
import { SeededRandom } from '../kit/random.ts'
import { makeCorpus } from './flow-fuzz/corpus.ts'
import { netflowIntake, sflowIntake, type Intake } from './flow-fuzz/intake.ts'
import { Mutator } from './flow-fuzz/mutate.ts'

/** Share of the datagrams. */
const sflowShare = 0.15
const spoofedShare = 0.1
const exporters = 200
const start = 1_700_000_000_000
const datagramsPerSecond = 10_000
const slopeLimit = 1e6

export default {
  name: 'flow-fuzz',
  issue: '3.2',
  title: 'Ten million damaged datagrams cause no crash and no growth of memory. Every byte is accounted for.',
  async run(context) {
    const total = context.size(10_000_000, 80_000)
    // Each sample collects garbage; the slope counts at full scale only.
    const samples = context.size(100, 10)
    const random = new SeededRandom(context.seed)
    const corpus = makeCorpus(random, start)
    const mutator = new Mutator(random)
    const [netflow, sflow] = [netflowIntake(), sflowIntake()]
    const memory: { at: number; bytes: number; heap: number }[] = []
    let [spoofed, decoded, thrown] = [0, 0, 0]
    let first: string | undefined
    const began = performance.now()
    for (let n = 0; n < total; n++) {
      const now = start + Math.floor((n / datagramsPerSecond) * 1000)
      const invented = random.chance(spoofedShare)
      if (invented) spoofed++
      const address = invented ? dotted(0x64000000 + spoofed) : dotted(0x0a000000 + random.integer(1, exporters))
      const isSflow = random.chance(sflowShare)
      const datagram = mutator.next(isSflow ? corpus.sflow : corpus.netflow)
      try {
        if ((isSflow ? sflow : netflow).take(datagram, address, 50_000 + random.integer(0, 3), now)) decoded++
      } catch (error) {
        thrown++
        first ??= `${error instanceof Error ? error.stack : String(error)}\n${datagram.toString('hex')}`
      }
      if (n % datagramsPerSecond === datagramsPerSecond - 1) {
        for (const intake of [netflow, sflow]) intake.housekeeping(now)
        await new Promise((resolve) => setImmediate(resolve))
      }
      if (n % (total / samples) === 0)
        memory.push({ at: n, bytes: settledMemory(), heap: process.memoryUsage().heapUsed })
    }
    context.figure('datagrams', total)
    context.figure('of invented addresses', spoofed)
    context.figure('that still gave a flow', (100 * decoded) / total, '%')
    context.figure('flows', netflow.rows + sflow.rows)
    context.figure('units journalled', netflow.units + sflow.units)
    context.figure('senders remembered at the end', netflow.senders + sflow.senders)
    context.figure('rate, with making them', Math.round(total / ((performance.now() - began) / 1000)), 'datagrams/s')
    context.figure(
      'memory after each tenth',
      memory
        .filter((_, index) => index % (samples / 10) === samples / 10 - 1)
        .map(({ bytes }) => megabytes(bytes))
        .join(', '),
      'MB',
    )
    context.figure(
      'of it JavaScript objects',
      memory
        .filter((_, index) => index % (samples / 10) === samples / 10 - 1)
        .map(({ heap }) => megabytes(heap))
        .join(', '),
      'MB',
    )
    const slope = slopeOf(memory.slice(samples / 2))
    const million = total / 1e6
    context.figure('memory, slope of the second half', Math.round(slope / 1000), 'kB per million datagrams')
    for (const [name, intake] of [
      ['netflow', netflow],
      ['sflow', sflow],
    ] as const)
      judge(context, name, intake)
    context.expect(
      thrown === 0,
      `nothing was thrown${first === undefined ? '' : ` (${thrown} times; first: ${first})`}`,
    )
    context.expect(decoded >= total / 5, 'at least 20 % still give something')
    context.expect(
      spoofed >= total * spoofedShare * 0.99,
      `${spoofed.toLocaleString('en-US')} datagrams had a distinct address`,
    )
    // Until then the tables of exporters, domains and templates fill up to their limits.
    context.expectSpeed(slope < slopeLimit && million >= 10, 'memory rises by less than 1 MB per million datagrams')
  },
} satisfies AcceptanceRun

function judge(context: Parameters<AcceptanceRun['run']>[0], name: string, intake: Intake) {
  const { received = 0, ...classes } = intake.byteClassCounts()
  const sum = Object.values(classes).reduce((all, bytes) => all + bytes, 0)
  context.figure(
    `${name}: bytes`,
    Object.entries({ received, ...classes })
      .map(([name, bytes]) => `${name} ${bytes.toLocaleString('en-US')}`)
      .join(', '),
  )
  context.expect(
    sum === received && Object.values(classes).every((bytes) => bytes >= 0),
    `${name}: every byte received is accounted for`,
  )
}

function dotted(address: number) {
  return `${address >>> 24}.${(address >>> 16) & 255}.${(address >>> 8) & 255}.${address & 255}`
}

/** Resident memory after garbage collection. */
function settledMemory() {
  collectGarbage()
  return memoryOf(process.pid).own
}

/** Least squares, in bytes per million. */
function slopeOf(samples: readonly { readonly at: number; readonly bytes: number }[]) {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  const [x, y] = [mean(samples.map(({ at }) => at)), mean(samples.map(({ bytes }) => bytes))]
  const up = samples.reduce((sum, { at, bytes }) => sum + (at - x) * (bytes - y), 0)
  return (up / samples.reduce((sum, { at }) => sum + (at - x) ** 2, 0)) * 1e6
}

function megabytes(bytes: number | undefined) {
  return ((bytes ?? 0) / 1e6).toFixed(0)
}
