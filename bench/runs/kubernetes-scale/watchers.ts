// Programs that list and watch a cluster.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { cpuSeconds, memoryOf, mostMemoryOf, threadShares, type ThreadShare } from '../../../test/kit/proc.ts'
import { synced } from '../../../test/kit/synced.ts'
import { startWeir } from '../../../test/kit/weir-process.ts'

export interface Watcher extends AsyncDisposable {
  /** Whether expectations apply. */
  readonly judged: boolean
  synced(objects: number): Promise<void>
  changed(count: number): Promise<void>
  /** Nothing is left to be done. */
  settled(): Promise<void>
  has(count: number): Promise<boolean>
  cpuSeconds(): number
  /** CPU time of threads since the last call, largest first. */
  shares(): readonly ThreadShare[]
  /** Bytes: the peak so far, and after a time without work. Mapped files do not count. */
  memory(idleMs: number): Promise<{ peak: number; now: number }>
}

const limitMs = 600_000

export async function weirWatcher(folder: string, kubeconfig: string): Promise<Watcher> {
  const weir = await startWeir({
    folder,
    config: { sources: { netflow: { listen: 'off', tcp: 'off' }, kubernetes: { cluster: 'c1', kubeconfig } } },
  })
  const most = mostMemoryOf(weir)
  let threads = weir.threads()
  const settled = async () => void (await weir.caughtUp(limitMs))
  const updates = async () => {
    const [row] = await weir.sql<{ n: number }>(
      "SELECT count(*) AS n FROM events WHERE type = 'weir.kubernetes.updated'",
    )
    return Number(row?.n)
  }
  return {
    judged: true,
    synced: (objects) => synced(weir, { objects, limitMs }),
    async changed(count) {
      while ((await weir.metric('weir_kubernetes_changes_total')) < count) await sleep(50)
    },
    settled,
    has: async (count) => (await updates()) === count,
    cpuSeconds: () => weir.cpuSeconds(),
    shares() {
      const before = threads
      threads = weir.threads()
      return threadShares(weir.pid, before)
    },
    async memory(idleMs) {
      const { own } = most()
      await sleep(idleMs)
      return { peak: own, now: weir.memory().own }
    },
    [Symbol.asyncDispose]: async () => void (await weir.kill()),
  }
}

export async function reflector(path: string, kubeconfig: string): Promise<Watcher> {
  const child = spawn(path, [kubeconfig], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, KUBE_FEATURE_WatchListClient: 'true' },
  })
  const exited = once(child, 'exit')
  const kill = (): void => void child.kill('SIGKILL')
  process.once('exit', kill)
  await once(child, 'spawn')
  const pid = child.pid ?? -1
  const most = mostMemoryOf({ memory: () => memoryOf(pid) })
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  const next = async (word: string) => {
    const { value } = await lines.next()
    const [found, number] = String(value).split(' ')
    if (found !== word) throw new Error(`the reflector printed ${String(value)}`)
    return Number(number)
  }
  let arrived = 0
  return {
    judged: false,
    async synced(objects) {
      const listed = await next('synced')
      if (listed !== objects) throw new Error(`the reflector listed ${listed} of ${objects} objects`)
    },
    async changed(count) {
      child.stdin.write(`${count}\n`)
      arrived = await next('changes')
    },
    // The collector of Go still works.
    settled: () => sleep(1000),
    has: (count) => Promise.resolve(arrived === count),
    cpuSeconds: () => cpuSeconds(pid),
    shares: () => [],
    async memory(idleMs) {
      const { own } = most()
      await sleep(idleMs)
      return { peak: own, now: memoryOf(pid).own }
    },
    async [Symbol.asyncDispose]() {
      process.off('exit', kill)
      child.kill('SIGKILL')
      await exited
    },
  }
}
