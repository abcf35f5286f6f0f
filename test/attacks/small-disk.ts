// A week of rows on a volume of 120 MB with default limits. The oracles are the client, which records each response and
// how long a batch waited for its 200, and probes of health beside it. Each hour of the week lasts as long as its rows
// take; then the clock of Weir moves on.
import { spawnSync } from 'node:child_process'
import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { FlowSender } from '../kit/flow-sender.ts'
import { percentile } from '../kit/percentile.ts'
import { SeededRandom } from '../kit/random.ts'
import { weirCommand } from '../kit/weir-command.ts'
import { startWeir, type WeirProcess } from '../kit/weir-process.ts'
import { ROOT } from '../../tools/kit/command.ts'
import type { AcceptanceContext, AcceptanceRun } from '../../bench/harness.ts'
import { SteadyPoster } from './small-disk/poster.ts'

const volumeMb = 120
const msPerHour = 3_600_000
/** Each has 5 events with 60 kB of data that do not compress. */
const batchesPerHour = 12
const maxStopMs = 2000

export default {
  name: 'small-disk',
  issue: '56.3',
  title: 'A week of load on a volume of 120 MB: posts never stop for longer than two seconds.',
  async run(context) {
    const volume = join(context.folder, 'volume')
    mkdirSync(volume)
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${volumeMb}m`, 'tmpfs', volume]).status !== 0)
      context.skip('Only root may mount a file system of 120 MB.')
    try {
      await week(context, volume)
    } finally {
      spawnSync('umount', [volume])
    }
  },
} satisfies AcceptanceRun

async function week(context: AcceptanceContext, volume: string) {
  const shiftFile = join(context.folder, 'shift')
  const shift = (ms: number): void => {
    writeFileSync(`${shiftFile}.new`, String(ms))
    renameSync(`${shiftFile}.new`, shiftFile)
  }
  shift(0)
  await using weir = await startWeir({
    folder: context.folder,
    data: join(volume, 'data'),
    nodeArgs: ['--import', pathToFileURL(join(ROOT, 'test/kit/clock-shift.ts')).href],
    env: { CLOCK_SHIFT_FILE: shiftFile },
  })
  const poster = new SteadyPoster(weir, new SeededRandom(context.seed))
  const flows = new FlowSender({ port: weir.ports.netflow, rate: 1000, addresses: 2000 })
  await flows.start()
  const hours = context.size(7 * 24, 12)
  const memory: number[] = []
  const readyMs: number[] = []
  for (let hour = 1; hour <= hours; hour++) {
    for (let batch = 0; batch < batchesPerHour; batch++) await poster.post()
    memory.push(weir.memory().own)
    shift(hour * msPerHour)
    if (hour === Math.floor(hours / 2) || hour === Math.floor((hours * 3) / 4)) {
      await (hour === Math.floor(hours / 2) ? weir.kill() : weir.stop())
      await weir.start()
      readyMs.push(weir.readyMs)
    }
  }
  await flows.close()
  await judge(context, weir, { poster, memory, hours, readyMs })
}

type Outcome = Readonly<{
  poster: SteadyPoster
  memory: readonly number[]
  hours: number
  readyMs: readonly number[]
}>

async function judge(context: AcceptanceContext, weir: WeirProcess, { poster, memory, hours, readyMs }: Outcome) {
  const ledger = await weir.caughtUp(60_000)
  const store = ledger.sinks.find(({ name }) => name === 'store')
  const expired = Object.values(store?.expired ?? {}).reduce((sum, rows) => sum + rows, 0)
  const [rows] = await weir.sql<{ events: number; flows: number }>(
    'SELECT (SELECT count(*) FROM events) AS events, (SELECT count(*) FROM flows) AS flows',
  )
  const [newest] = await weir.sql<{ last: number }>('SELECT max(id::BIGINT) AS last FROM events')
  const inStore = (rows?.events ?? 0) + (rows?.flows ?? 0)
  const settled = memory.slice(Math.floor(memory.length / 4))
  const half = Math.floor(settled.length / 2)
  const [earlier, later] = [percentile(settled.slice(0, half), 50), percentile(settled.slice(half), 50)]
  context.figure('hours', hours)
  context.figure('events accepted', poster.accepted)
  context.figure('posted', Math.round(poster.bytes / 1e6), 'MB')
  context.figure('flows and events stored', store?.delivered ?? 0)
  context.figure('rows removed, by reason', JSON.stringify(store?.expired ?? {}))
  context.figure('rows in the store at the end', inStore)
  context.figure('posts refused', poster.refused)
  context.figure('longest stop of posts', Math.round(poster.longestStopMs), 'ms')
  context.figure('longest probe of health', Math.round(poster.longestProbeMs), 'ms')
  context.figure('a post, p99', Math.round(percentile(poster.tookMs, 99)), 'ms')
  context.figure('ready after kill -9 and after a stop', readyMs.map(Math.round).join(' and '), 'ms')
  context.figure('resident memory, second to last third', `${megabytes(earlier)} to ${megabytes(later)}`, 'MB')
  context.expect(poster.bytes > context.size(4, 0.3) * volumeMb * 1e6, 'the load is several times the volume')
  // A slow machine fills less of the volume at the scale of CI.
  context.expectSpeed(
    (store?.expired?.['disk'] ?? 0) + (store?.expired?.['size'] ?? 0) > 0,
    'the oldest rows made room',
  )
  context.expectSpeed(poster.longestStopMs <= maxStopMs, `posts never stopped for longer than ${maxStopMs} ms`)
  context.expect(poster.untrue.length === 0, `health was true to what posts got (${poster.untrue.slice(0, 3).join()})`)
  context.expect(ledger.balanced && store?.pending === 0, 'the ledger is balanced, and nothing is pending')
  context.expect(store?.delivered === expired + inStore, 'each stored row is in the store or counted as removed')
  context.expect(newest?.last === poster.accepted - 1, 'the newest event is in the store')
  context.expectSpeed(later <= 1.15 * earlier, 'resident memory is flat')
  context.expect((await weir.stop()).code === 0, 'it stops with exit code 0')
  const verified = await weirCommand('ledger', '--verify', '--data', weir.data)
  context.expect(verified.code === 0, 'the ledger recomputed from the files is balanced')
}

const megabytes = (bytes: number): number => Math.round(bytes / 1e6)
