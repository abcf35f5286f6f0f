import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { freePorts } from '../../../test/kit/free-port.ts'
import { cpuSeconds, threadShares, threadTimes, type ThreadShare } from '../../../test/kit/proc.ts'
import { startWeir } from '../../../test/kit/weir-process.ts'
import { runCommand } from '../../../tools/kit/command.ts'

/** `rate` in events per second; 0: each connection posts again when it is answered. */
export type EventLoad = Readonly<{ connections: number; seconds: number; rate: number }>

export type EventCost = Readonly<{
  events: number
  refused: number
  seconds: number
  latencies: readonly number[]
  /** Of the server, until all is stored. */
  cpuSeconds: number
  writtenBytes: number
  threads: readonly ThreadShare[]
}>

type Server = Readonly<{ pid: number; port: number; settled: () => Promise<unknown> }>

type EventCosts = Readonly<{ costs: readonly EventCost[]; acknowledged: number }>

const program = (name: string): string => fileURLToPath(new URL(name, import.meta.url))
/** The store commits a few rows within it. */
const restMs = 3000

/** The first load warms up the compiler, and has no result. */
async function measure(server: Server, loads: readonly EventLoad[]): Promise<EventCosts> {
  const costs: EventCost[] = []
  for (const [seed, load] of [loads[0]!, ...loads].entries()) {
    const before = { cpu: cpuSeconds(server.pid), written: writtenBytes(server.pid), threads: threadTimes(server.pid) }
    const posted = await post(server.port, load, seed + 1)
    await server.settled()
    costs.push({
      ...posted,
      cpuSeconds: cpuSeconds(server.pid) - before.cpu,
      writtenBytes: writtenBytes(server.pid) - before.written,
      threads: threadShares(server.pid, before.threads),
    })
  }
  return { costs: costs.slice(1), acknowledged: costs.reduce((sum, { events, refused }) => sum + events - refused, 0) }
}

export async function measureWeir(
  folder: string,
  loads: readonly EventLoad[],
): Promise<EventCosts & Readonly<{ rows: number; ids: number }>> {
  mkdirSync(folder, { recursive: true })
  await using weir = await startWeir({ folder })
  const settled = async () => {
    await weir.caughtUp(60_000)
    await sleep(restMs)
  }
  const measured = await measure({ pid: weir.pid, port: weir.ports.api, settled }, loads)
  const [stored] = await weir.sql<{ rows: number; ids: number }>(
    "SELECT count(*) AS rows, count(DISTINCT id) AS ids FROM events WHERE source LIKE '/bench/events/%'",
  )
  return { ...measured, rows: stored?.rows ?? 0, ids: stored?.ids ?? 0 }
}

export async function measurePeer(folder: string, loads: readonly EventLoad[]): Promise<EventCosts> {
  mkdirSync(folder, { recursive: true })
  const [port = 0] = await freePorts(1)
  const child = spawn(process.execPath, [program('peer.ts'), String(port), join(folder, 'events')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(child, 'exit')
  try {
    await once(child.stdout, 'data')
    return await measure({ pid: child.pid ?? 0, port, settled: () => sleep(restMs) }, loads)
  } finally {
    child.kill('SIGKILL')
    await ended
  }
}

async function post(port: number, { connections, seconds, rate }: EventLoad, seed: number) {
  const result = await runCommand(
    process.execPath,
    [program('load.ts'), ...[port, connections, seconds, rate, seed].map(String)],
    { limit: 600_000 },
  )
  if (result.code !== 0) throw new Error(`the client failed:\n${result.output}`)
  return JSON.parse(result.stdout) as Pick<EventCost, 'events' | 'refused' | 'seconds' | 'latencies'>
}

/** Pages that a process made dirty. */
function writtenBytes(pid: number) {
  return Number(/^write_bytes: (\d+)/m.exec(readFileSync(`/proc/${pid}/io`, 'latin1'))?.[1] ?? 0)
}
