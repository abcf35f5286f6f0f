// From a client in another process to the synced journal and the store.
import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { join } from 'node:path'
import { runCommand } from '../../../tools/kit/command.ts'
import { threadShares, type ThreadShare } from '../../../test/kit/proc.ts'
import { startWeir } from '../../../test/kit/weir-process.ts'

interface HttpRates {
  readonly events: number
  readonly requestBytes: number
  /** Until the last acknowledgement. */
  readonly ackSeconds: number
  /** Until every row was stored. */
  readonly storedSeconds: number
  readonly latencies: readonly number[]
  readonly clientCpuSeconds: number
  readonly serverCpuSeconds: number
  /** Threads of the server, largest share first. */
  readonly threads: readonly ThreadShare[]
  /** Busy share of each event loop until the last acknowledgement, by thread name. */
  readonly loops: readonly { readonly name: string; readonly busy: number }[]
  readonly storedRows: number
  readonly storedIds: number
  readonly peakBytes: number
  readonly balanced: boolean
}

interface HttpLoad {
  readonly connections: number
  readonly perRequest: number
  readonly requests: number
  readonly seed: number
}

export async function measureHttp(folder: string, load: HttpLoad): Promise<HttpRates> {
  const loopFolder = join(folder, 'loops')
  mkdirSync(loopFolder, { recursive: true })
  const preload = new URL('../../../test/kit/loop-time.ts', import.meta.url).href
  await using weir = await startWeir({ folder, nodeArgs: ['--import', preload], env: { LOOP_TIME_FOLDER: loopFolder } })
  // Warms up the compiler.
  const warm = await push(weir.ports.api, { ...load, requests: Math.ceil(load.requests / 10) })
  await weir.caughtUp(60_000)

  const before = { threads: weir.threads(), cpu: weir.cpuSeconds(), loops: readLoops(loopFolder) }
  const started = performance.now()
  // New ids; the same ones would be duplicates.
  const pushed = await push(weir.ports.api, load, warm.acknowledged)
  const loops = readLoops(loopFolder)
  const ledger = await weir.caughtUp(300_000)
  const storedSeconds = (performance.now() - started) / 1000
  const threads = threadShares(weir.pid, before.threads)
  const [counts] = await weir.sql<{ rows: number; ids: number }>(
    "SELECT count(*) AS rows, count(DISTINCT id) AS ids FROM events WHERE source = '/bench/push'",
  )
  return {
    events: pushed.acknowledged,
    requestBytes: pushed.bytes,
    ackSeconds: pushed.seconds,
    storedSeconds,
    latencies: pushed.latencies,
    clientCpuSeconds: pushed.cpuSeconds,
    serverCpuSeconds: weir.cpuSeconds() - before.cpu,
    threads,
    loops: loops.map(({ name, idle, active }) => {
      const earlier = before.loops.find((loop) => loop.name === name)
      const [more, rest] = [active - (earlier?.active ?? 0), idle - (earlier?.idle ?? 0)]
      return { name, busy: more / (more + rest) }
    }),
    storedRows: (counts?.rows ?? 0) - warm.acknowledged,
    storedIds: (counts?.ids ?? 0) - warm.acknowledged,
    peakBytes: weir.memory().peak,
    balanced: ledger.balanced,
  }
}

interface Pushed {
  readonly acknowledged: number
  readonly seconds: number
  readonly cpuSeconds: number
  readonly bytes: number
  readonly latencies: readonly number[]
}

async function push(port: number, { connections, perRequest, requests, seed }: HttpLoad, firstId = 0): Promise<Pushed> {
  const program = fileURLToPath(new URL('push.ts', import.meta.url))
  const result = await runCommand(
    process.execPath,
    [program, ...[port, connections, perRequest, requests, seed, firstId].map(String)],
    { limit: 600_000 },
  )
  if (result.code !== 0) throw new Error(`the client failed:\n${result.output}`)
  return JSON.parse(result.stdout) as Pushed
}

function readLoops(folder: string) {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .map(
      (file) => JSON.parse(readFileSync(join(folder, file), 'utf8')) as { name: string; idle: number; active: number },
    )
}
