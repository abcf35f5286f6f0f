import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { kubeconfigOf } from '../../test/kit/kubeconfig.ts'
import type { AcceptanceRun, AcceptanceContext } from '../harness.ts'
import type { Shape } from '../../test/kit/pod-objects.ts'
import { PodServer } from '../../test/kit/pod-server.ts'
import { mostMemoryOf } from '../../test/kit/proc.ts'
import { synced } from '../../test/kit/synced.ts'
import { startWeir, type WeirProcess } from '../../test/kit/weir-process.ts'

const longestSync = 25
const mostMemory = 250
const longestStart = 5000
const longestRelist = 30_000

export default {
  name: 'kubernetes-speed',
  issue: '5.2',
  title:
    '100,000 pods are known within 25 CPU seconds and 250 MB, after a restart within 5 s. A CPU second ' +
    'handles 3,000 changes of 11 KB or 10,000 of 1 KB.',
  async run(context) {
    await pods(context, { size: 'pod', objects: context.size(100_000, 2000) })
    await changes(context, { size: 'small', objects: context.size(20_000, 1000) }, 10_000, context.size(100_000, 4000))
  },
} satisfies AcceptanceRun

async function watching(context: AcceptanceContext, server: PodServer, folder: string): Promise<WeirProcess> {
  const file = join(context.folder, `${folder}.kubeconfig`)
  writeFileSync(file, kubeconfigOf(server.url))
  return startWeir({
    folder: join(context.folder, folder),
    config: { sources: { netflow: { listen: 'off', tcp: 'off' }, kubernetes: { cluster: 'c1', kubeconfig: file } } },
  })
}

async function pods(context: AcceptanceContext, shape: Shape) {
  const server = await PodServer.start(shape)
  try {
    await using weir = await watching(context, server, 'pods')
    const memory = mostMemoryOf(weir)
    await synced(weir, { objects: shape.objects, limitMs: 300_000 })
    const events = async () => Number((await weir.sql<{ n: number }>('SELECT count(*) AS n FROM events'))[0]?.n)
    for (let waited = 0; waited < 600 && (await events()) < shape.objects; waited++) await sleep(200)
    const sync = weir.cpuSeconds()
    const { own, peak } = memory()
    context.figure('pods: first sync, everything stored', sync, 's of CPU')
    context.figure('pods: memory, peak of all that was resident', Math.round(peak / 1e6), 'MB')
    context.figure('pods: memory, peak without mapped files', Math.round(own / 1e6), 'MB')
    context.expectSpeed(sync <= longestSync, `${shape.objects} pods are known within ${longestSync} CPU-seconds`)
    context.expectSpeed(own / 1e6 <= mostMemory, `within ${mostMemory} MB, mapped files apart`)
    const before = await events()
    await sleep(1000)
    await weir.stop()
    const lists = server.lists
    const began = performance.now()
    await weir.start()
    await synced(weir, { objects: shape.objects, limitMs: 300_000 })
    context.figure('pods: from a restart to watching again', Math.round(performance.now() - began), 'ms')
    context.expectSpeed(
      performance.now() - began <= longestStart,
      `watching again within ${longestStart} ms of a restart`,
    )
    const after = await events()
    context.expect(
      server.lists === lists && after === before,
      `a restart lists nothing and emits nothing (${server.lists - lists} lists, ${after - before} events)`,
    )
    await weir.stop()
    server.forget()
    const forgot = performance.now()
    await weir.start()
    await synced(weir, { objects: shape.objects, limitMs: 300_000 })
    while (server.lists === lists) await sleep(20)
    await synced(weir, { objects: shape.objects, limitMs: 300_000 })
    context.figure(
      'pods: from a restart to watching again, everything listed',
      Math.round(performance.now() - forgot),
      'ms',
    )
    context.expectSpeed(performance.now() - forgot <= longestRelist, `with a list within ${longestRelist} ms`)
    const emitted = (await events()) - before
    context.expect(emitted === 0, `a list of known objects emits nothing (${emitted} events)`)
    await rate(context, weir, server, 'pods', 3000, context.size(30_000, 1000))
  } finally {
    await server.close()
  }
}

async function changes(context: AcceptanceContext, shape: Shape, wanted: number, count: number) {
  const server = await PodServer.start(shape)
  try {
    await using weir = await watching(context, server, shape.size)
    await synced(weir, { objects: shape.objects, limitMs: 300_000 })
    await rate(context, weir, server, 'small objects', wanted, count)
  } finally {
    await server.close()
  }
}

/** Changes per CPU second of all involved processes, up to the rows of the store. */
async function rate(
  context: AcceptanceContext,
  weir: WeirProcess,
  server: PodServer,
  what: string,
  wanted: number,
  count: number,
) {
  await weir.caughtUp(120_000)
  const [cpu, threads, began] = [weir.cpuSeconds(), weir.threads(), performance.now()]
  const emittedCount = async () =>
    Number(
      (await weir.sql<{ n: number }>("SELECT count(*) AS n FROM events WHERE type = 'weir.kubernetes.updated'"))[0]?.n,
    )
  const before = await emittedCount()
  await server.change(count)
  const limit = performance.now() + 120_000
  while ((await weir.metric('weir_kubernetes_changes_total')) < count && performance.now() < limit) await sleep(100)
  await weir.caughtUp(120_000)
  const spent = weir.cpuSeconds() - cpu
  const watch = weir
    .threads()
    .filter(({ name }) => name === 'watch')
    .reduce((sum, { seconds, id }) => sum + seconds - (threads.find((thread) => thread.id === id)?.seconds ?? 0), 0)
  context.figure(`${what}: changes`, count)
  context.figure(`${what}: changes a second`, Math.round(count / ((performance.now() - began) / 1000)))
  context.figure(`${what}: changes a CPU-second of the thread that watches`, Math.round(count / watch))
  context.figure(`${what}: changes a CPU-second of everything, stored`, Math.round(count / spent))
  context.expect((await emittedCount()) - before === count, `${what}: each change is emitted and stored once`)
  context.expectSpeed(count / watch >= wanted, `${what}: ${wanted} changes a second of one core`)
}
