// Collectors of the same load, one after the other. Each stores the flows that it receives.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { SendOptions } from '../../../test/kit/flow-load/send.ts'
import { sendFlows } from '../../../test/kit/flow-load/sender.ts'
import { freePorts } from '../../../test/kit/free-port.ts'
import { treeSeconds } from '../../../test/kit/proc.ts'
import { udpQueueEmpty, udpSockets } from '../../../test/kit/udp-queue.ts'
import { install, type Installed } from '../../../test/real/install/apt.ts'
import { findGoflow2, installGoflow2 } from '../../../test/real/install/goflow2.ts'
import { nfcapd } from '../../../test/real/install/nfcapd.ts'
import { findFloor, installFloor } from '../../floor/build.ts'

export type Load = Omit<SendOptions, 'port'>

export interface Peer {
  readonly name: string
  /** `build`: also builds a missing program, which takes minutes. */
  find(build: boolean): Installed | Promise<Installed>
  /** CPU time of a flow, in µs; the loads in order. `folder` is empty. */
  measure(path: string, folder: string, loads: readonly Load[]): Promise<number[]>
}

/** Longest time in which a collector reads the rest of its socket. */
const patienceMs = 60_000
/** Without work for so long, a collector has written everything. */
const quietMs = 2500

function floor(mode: 'journal' | 'store'): Peer {
  return {
    name: `floor in C, ${mode}`,
    find: (build) => (build ? installFloor() : findFloor()),
    async measure(path, folder, loads) {
      const costs: number[] = []
      for (const load of loads) {
        const [port = 0] = await freePorts(1)
        const child = spawn(path, [String(port), mode, join(folder, 'flows')], { stdio: ['ignore', 'pipe', 'pipe'] })
        await using _ = ended(child)
        await once(child.stderr, 'data')
        const printed = child.stdout.setEncoding('utf8').toArray()
        await sendFlows({ ...load, port }, patienceMs * 10)
        const { flows, cpuSeconds } = JSON.parse((await printed).join('')) as { flows: number; cpuSeconds: number }
        costs.push((cpuSeconds / flows) * 1e6)
      }
      return costs
    },
  }
}

/** A collector that runs until it is ended. */
function collector(
  name: string,
  find: Peer['find'],
  argumentsFor: (port: number, folder: string, spare: number) => readonly string[],
): Peer {
  return {
    name,
    find,
    async measure(path, folder, loads) {
      const [port = 0, spare = 0] = await freePorts(2)
      const child = spawn(path, argumentsFor(port, folder, spare), { stdio: 'ignore' })
      await using _ = ended(child)
      await listening(port, child)
      const costs: number[] = []
      for (const load of loads) {
        const [cpu, dropped] = [treeSeconds(child.pid!), await droppedDatagrams(port)]
        await sendFlows({ ...load, port }, patienceMs * 10)
        await udpQueueEmpty(port, patienceMs)
        await quiet(child.pid!)
        const lost = ((await droppedDatagrams(port)) - dropped) * load.perDatagram
        costs.push(((treeSeconds(child.pid!) - cpu) / (load.flows - lost)) * 1e6)
      }
      return costs
    },
  }
}

export const peers: readonly Peer[] = [
  floor('journal'),
  floor('store'),
  collector(
    'nfcapd',
    () => install(nfcapd),
    (port, folder) => ['-w', folder, '-p', String(port), '-b', '127.0.0.1', '-y', '-B', '4194304', '-t', '60'],
  ),
  collector(
    'goflow2, protobuf to a file',
    (build) => (build ? installGoflow2() : findGoflow2()),
    (port, folder, spare) => [
      `-listen=netflow://127.0.0.1:${port}`,
      `-addr=127.0.0.1:${spare}`,
      '-format=bin',
      '-transport=file',
      `-transport.file=${join(folder, 'flows')}`,
      '-transport.file.sep=',
    ],
  ),
]

/** Costs of a peer in a new folder; its files are removed. */
export async function measurePeer(peer: Peer, path: string, folder: string, loads: readonly Load[]): Promise<number[]> {
  await mkdir(folder, { recursive: true })
  try {
    return await peer.measure(path, folder, loads)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function ended(child: ChildProcess): AsyncDisposable {
  const exited = once(child, 'exit')
  const kill = (): void => void child.kill('SIGKILL')
  process.once('exit', kill)
  return {
    async [Symbol.asyncDispose]() {
      process.off('exit', kill)
      child.kill('SIGTERM')
      await exited
    },
  }
}

async function listening(port: number, child: ChildProcess) {
  const end = performance.now() + patienceMs
  while ((await udpSockets(port)).length === 0) {
    if (child.exitCode !== null || performance.now() > end) throw new Error(`nothing listens at UDP port ${port}`)
    await sleep(20)
  }
}

async function quiet(pid: number) {
  const share = 0.04
  for (let since = performance.now(); performance.now() - since < quietMs;) {
    const [cpu, began] = [treeSeconds(pid), performance.now()]
    await sleep(500)
    if (treeSeconds(pid) - cpu > ((performance.now() - began) / 1000) * share) since = performance.now()
  }
}

async function droppedDatagrams(port: number): Promise<number> {
  return (await udpSockets(port)).reduce((sum, socket) => sum + Number(socket.at(-1)), 0)
}
