import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { AcceptanceRun, AcceptanceContext } from '../harness.ts'
import { ROOT } from '../../tools/kit/command.ts'
import type { SendOptions } from '../../test/kit/flow-load/send.ts'
import { sendFlows } from '../../test/kit/flow-load/sender.ts'
import { treeMemory } from '../../test/kit/proc.ts'
import { startWeir, type WeirProcess } from '../../test/kit/weir-process.ts'

// The demo scrapes its own metrics since November 27, 2026: 338 MB without it and 362 MB with it, in the same hour.
const limitsMB = { demo: 380, stream: 280, queries: 500, rest: 350 }
/** Permitted growth of the mean from the first half of a run to the second. */
const growthMB = 10

const questions = [
  '/api/v1/flows?limit=100&from=now-1h',
  '/api/v1/topology?from=now-1h&limit=100',
  '/api/v1/topology?from=now-1h&limit=100&source=raw',
  '/api/v1/series?from=now-1h&group=dst_port&source=raw',
  '/api/v1/flows?limit=100&from=now-1h&sort=-bytes',
]
const statements = [
  'SELECT dst_port, count(*), sum(bytes_est) FROM flows GROUP BY ALL ORDER BY 3 DESC LIMIT 20',
  'SELECT src_addr, sum(bytes_est) AS bytes FROM flows GROUP BY ALL ORDER BY bytes DESC LIMIT 100',
  'SELECT count(DISTINCT src_addr) FROM flows',
]

export default {
  name: 'memory',
  issue: '24.20',
  title:
    `Memory stays flat for two hours: the demo within ${limitsMB.demo} MB, 1,000 flows a second within ` +
    `${limitsMB.stream} MB; queries over five million flows within ${limitsMB.queries} MB, and ` +
    `${limitsMB.rest} MB a minute later.`,
  async run(context) {
    const seconds = context.minutes === undefined ? context.size(7200, 8) : context.minutes * 60
    // `flows-speed` verifies the rows; at the scale of CI nothing else of it is judged.
    if (context.scale === 'full') await queries(context)
    await Promise.all([demo(context, seconds), stream(context, seconds)])
  },
} satisfies AcceptanceRun

async function demo(context: AcceptanceContext, seconds: number) {
  const data = join(context.folder, 'demo')
  await mkdir(data, { mode: 0o700 })
  const program = spawn(process.execPath, [join(ROOT, 'sim/demo.ts'), '--data', data], { cwd: ROOT, stdio: 'ignore' })
  try {
    const pid = await started(program, join(data, 'lock'))
    judge(context, 'demo', await watch(seconds, () => treeMemory(pid)), limitsMB.demo)
  } finally {
    program.kill('SIGTERM')
    if (program.exitCode === null) await once(program, 'exit')
  }
}

/** Waits until the lock file names the process and its URL. */
async function started(program: ChildProcess, lock: string): Promise<number> {
  while (program.exitCode === null) {
    try {
      const { pid, url } = JSON.parse(readFileSync(lock, 'utf8')) as { pid: number; url: string }
      if (url !== '') return pid
    } catch {
      // Not written yet.
    }
    await sleep(100)
  }
  throw new Error('the demo ended before it was ready')
}

async function stream(context: AcceptanceContext, seconds: number) {
  await using weir = await startWeir({ folder: join(context.folder, 'stream') })
  const sent = send(weir, {
    protocol: 'netflow9',
    perDatagram: 24,
    addresses: 60_000,
    seed: context.seed,
    rate: 1000,
    flows: seconds * 1000,
  })
  judge(context, '1,000 flows a second', await watch(seconds, () => treeMemory(weir.pid)), limitsMB.stream)
  await sent
}

async function queries(context: AcceptanceContext) {
  await using weir = await startWeir({ folder: join(context.folder, 'queries') })
  const { flows } = await send(weir, {
    protocol: 'netflow9',
    perDatagram: 24,
    addresses: 60_000,
    seed: context.seed,
    rate: 40_000,
    flows: 5_000_000,
  })
  await weir.caughtUp(600_000)
  const [row] = await weir.sql<{ rows: number }>('SELECT count(*) AS rows FROM flows')
  // The kernel may drop datagrams on a busy machine.
  context.expect((row?.rows ?? 0) > 0.99 * flows, `${flows} flows are stored (${row?.rows})`)
  const watching = watch(120, () => treeMemory(weir.pid), 200)
  let done = false
  const asking = (async () => {
    for (let round = 0; !done; round++) {
      await weir.get(questions[round % questions.length] as string)
      await weir.sql(statements[round % statements.length] as string)
      context.figure('rounds of queries', round + 1)
    }
  })()
  const samples = await watching
  done = true
  await asking
  const peak = Math.max(...samples)
  context.figure('queries: peak', peak / 1e6, 'MB')
  context.expectSpeed(peak <= limitsMB.queries * 1e6, `queries take at most ${limitsMB.queries} MB`)
  await sleep(60_000)
  const rest = treeMemory(weir.pid)
  context.figure('after the queries', rest / 1e6, 'MB')
  context.expectSpeed(rest <= limitsMB.rest * 1e6, `after the queries at most ${limitsMB.rest} MB`)
}

/** Samples in bytes, one each `everyMs`. */
async function watch(seconds: number, memory: () => number, everyMs = 1000): Promise<readonly number[]> {
  const samples: number[] = []
  for (const until = performance.now() + seconds * 1000; performance.now() < until; await sleep(everyMs))
    samples.push(memory())
  return samples
}

function judge(context: AcceptanceContext, name: string, samples: readonly number[], limitMB: number) {
  const mean = (part: readonly number[]) => part.reduce((sum, one) => sum + one, 0) / part.length / 1e6
  // The first tenth is for caches and compilation.
  const steady = samples.slice(Math.floor(samples.length / 10))
  const [first, second] = [mean(steady.slice(0, steady.length / 2)), mean(steady.slice(steady.length / 2))]
  const peak = Math.max(...samples) / 1e6
  context.figure(`${name}: peak`, peak, 'MB')
  context.figure(
    `${name}: mean of the first and of the second half`,
    `${first.toFixed(0)} and ${second.toFixed(0)}`,
    'MB',
  )
  context.expect(Math.min(...samples) > 0 && peak <= limitMB, `${name}: at most ${limitMB} MB`)
  if (context.scale === 'full') context.expect(second - first <= growthMB, `${name}: memory does not grow`)
}

function send(weir: WeirProcess, load: Omit<SendOptions, 'port'>) {
  return sendFlows({ ...load, port: weir.ports.netflow }, 9_000_000)
}
