// `npm run soak`: a mixed load for some minutes; the ledger is checked all the while, and memory must not grow.
//   --minutes N (10)   --seed N (1)   --write keeps the result in bench/results/soak.json
import { readdirSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import {
  runAcceptance,
  type AcceptanceRun,
  type AcceptanceContext,
  type AcceptanceResult,
} from '../../bench/harness.ts'
import { ROOT } from '../../tools/kit/command.ts'
import { judgeDelivered, some } from '../kit/delivered.ts'
import { percentile } from '../kit/percentile.ts'
import { MixedLoad } from './load.ts'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string', default: '1' },
    write: { type: 'boolean', default: false },
  },
})
const minutes = Number(values.minutes)
const sampleMs = 5000
/** Memory varies with garbage collection; only a lasting rise is a fault. */
const mostGrowthMB = 60

interface Sample {
  readonly minutes: number
  readonly ownMB: number
  readonly descriptors: number
  readonly storeFiles: number
  readonly journalMB: number
}

const soak: AcceptanceRun = {
  name: 'soak',
  issue: '2',
  title: `Under a mixed load of ${minutes} minutes every row is accounted for and memory does not grow.`,
  async run(context) {
    const load = await MixedLoad.start(context.folder)
    try {
      const { samples, unbalanced } = await watch(load)
      await load.stop()
      const ledger = await load.weir.caughtUp(60_000)
      context.expect(
        unbalanced.length === 0 && ledger.balanced,
        `the ledger was balanced in each of ${samples.length} samples and at the end (${some(unbalanced)})`,
      )
      await judgeLoad(context, load)
      judgeSamples(context, samples)
    } finally {
      await load.close()
    }
  },
}

async function watch(load: MixedLoad): Promise<{ samples: Sample[]; unbalanced: string[] }> {
  const { weir } = load
  const samples: Sample[] = []
  const unbalanced: string[] = []
  const started = performance.now()
  for (let at = 0; at < minutes * 60_000; at = performance.now() - started) {
    const ledger = await weir.ledger()
    if (!ledger.balanced) unbalanced.push(JSON.stringify(ledger))
    samples.push({
      minutes: at / 60_000,
      ownMB: weir.memory().own / 1e6,
      descriptors: readdirSync(`/proc/${weir.pid}/fd`).length,
      storeFiles: readdirSync(join(weir.data, 'store')).length,
      journalMB: (await weir.metric('weir_journal_size_bytes')) / 1e6,
    })
    await sleep(sampleMs)
  }
  return { samples, unbalanced }
}

async function judgeLoad(
  context: AcceptanceContext,
  { weir, client, sender, receiver, failures, queriesSent, questionsAborted }: MixedLoad,
): Promise<void> {
  const [events] = await weir.sql<{ rows: number; ids: number }>(
    'SELECT count(*) AS rows, count(DISTINCT id) AS ids FROM events',
  )
  const [flows] = await weir.sql<{ rows: number; ids: number }>(
    'SELECT count(*) AS rows, count(DISTINCT packets) AS ids FROM flows',
  )
  const { missing, disordered, repeated } = judgeDelivered(receiver.received, client.sent)
  context.figure('events', client.sent)
  context.figure('flows', sender.sent)
  context.figure('questions', queriesSent)
  context.figure('queries cancelled before their response', questionsAborted)
  context.figure('response to a push, p99', percentile(client.latencies, 99), 'ms')
  context.figure('CPU', weir.cpuSeconds() / (minutes * 60), 'cores')
  context.expect(
    events?.rows === client.sent && events.ids === client.sent,
    `each event is stored once (${events?.rows} rows, ${events?.ids} ids of ${client.sent})`,
  )
  context.expect(
    flows?.rows === sender.sent && flows.ids === sender.sent,
    `each flow is stored once (${flows?.rows} rows, ${flows?.ids} numbers of ${sender.sent})`,
  )
  context.expect(
    missing.length === 0 && disordered.length === 0 && repeated === 0,
    `each event was delivered once, in order (missing: ${some(missing)}, out of order: ${some(disordered)}, ` +
      `again: ${repeated})`,
  )
  context.expect(
    failures.length === 0 && client.retries === 0,
    `no push was refused, no query failed (${some(failures)}; ${client.retries} retries)`,
  )
  context.expect(!/ error /.test(weir.log), 'the program log has no error')
}

function judgeSamples(context: AcceptanceContext, samples: readonly Sample[]): void {
  // The first fifth is for caches and compilation.
  const settled = samples.slice(Math.floor(samples.length / 5))
  const quarter = Math.max(1, Math.floor(settled.length / 4))
  const median = (part: readonly Sample[], of: (sample: Sample) => number): number => percentile(part.map(of), 50)
  const growth = (of: (sample: Sample) => number): number =>
    median(settled.slice(-quarter), of) - median(settled.slice(0, quarter), of)
  context.figure('own memory, peak', Math.max(...samples.map(({ ownMB }) => ownMB)), 'MB')
  context.figure(
    'own memory, first quarter to last',
    growth(({ ownMB }) => ownMB),
    'MB',
  )
  context.figure('own memory, slope', slope(settled.map(({ minutes: x, ownMB }) => [x, ownMB])) * 60, 'MB per hour')
  context.figure('descriptors, at most', Math.max(...samples.map(({ descriptors }) => descriptors)))
  context.figure('files of the store at the end', samples.at(-1)?.storeFiles ?? 0)
  context.figure('journal, at most', Math.max(...samples.map(({ journalMB }) => journalMB)), 'MB')
  context.expect(
    growth(({ ownMB }) => ownMB) <= mostGrowthMB,
    `its memory grew by at most ${mostGrowthMB} MB from the first quarter to the last`,
  )
  context.expect(growth(({ descriptors }) => descriptors) <= 5, 'descriptors do not pile up')
}

/** Least squares. */
function slope(points: readonly (readonly [number, number])[]): number {
  const mean = (of: (point: readonly [number, number]) => number): number =>
    points.reduce((sum, point) => sum + of(point), 0) / points.length
  const [x, y] = [mean((point) => point[0]), mean((point) => point[1])]
  const over = points.reduce((sum, point) => sum + (point[0] - x) * (point[1] - y), 0)
  const under = points.reduce((sum, point) => sum + (point[0] - x) ** 2, 0)
  return under === 0 ? 0 : over / under
}

async function keep(result: AcceptanceResult): Promise<void> {
  const file = join(ROOT, 'bench/results/soak.json')
  const before = await readFile(file, 'utf8').then(
    (text) => JSON.parse(text) as AcceptanceResult[],
    () => [],
  )
  const others = before.filter((one) => JSON.stringify(one.machine) !== JSON.stringify(result.machine))
  await mkdir(join(ROOT, 'bench/results'), { recursive: true })
  await writeFile(file, `${JSON.stringify([...others, result], null, 2)}\n`)
}

if (!(minutes > 0)) throw new Error(`--minutes is a number above 0, not ${values.minutes}`)
const result = await runAcceptance(soak, { seed: Number(values.seed), scale: 'full' }, (line) => console.log(line))
if (values.write) await keep(result)
process.exitCode = result.verdict === 'met' ? 0 : 1
