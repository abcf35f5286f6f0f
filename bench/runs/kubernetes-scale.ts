import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { selfSigned, type TestCertificate } from '../../test/kit/certificate.ts'
import { kubeconfigOf } from '../../test/kit/kubeconfig.ts'
import { PodServer } from '../../test/kit/pod-server.ts'
import { installReflector } from '../kubernetes-peer/build.ts'
import type { AcceptanceRun, AcceptanceContext } from '../harness.ts'
import { reflector, weirWatcher, type Watcher } from './kubernetes-scale/watchers.ts'

const mostMemory = 400
const podKilobytes = 11
/** Seconds. */
const leastShare = 0.2

interface Stage {
  readonly context: AcceptanceContext
  readonly tls: TestCertificate
  readonly pods: number
  readonly nodes: number
}

export default {
  name: 'kubernetes-scale',
  issue: '58.11',
  title:
    'A cluster of 100,000 pods and 1,000 nodes over TLS: first list, memory and cost of a change in Weir, beside a ' +
    'reflector of client-go.',
  async run(context) {
    const stage: Stage = {
      context,
      tls: selfSigned(),
      pods: context.size(100_000, 2000),
      nodes: context.size(1000, 20),
    }
    context.figure('size of a pod', podKilobytes, 'KB of JSON')
    const peer = await installReflector()
    if (peer.path === undefined) context.figure('reflector of client-go', `not available: ${peer.reason}`)
    for (const streams of [true, false]) {
      const how = streams ? 'list by watch' : 'list in pages'
      await measure(stage, { name: `Weir, ${how}`, streams }, (folder, kubeconfig) => weirWatcher(folder, kubeconfig))
      if (peer.path !== undefined) {
        const { path } = peer
        await measure(stage, { name: `reflector, ${how}`, streams }, (_, kubeconfig) => reflector(path, kubeconfig))
      }
    }
  },
} satisfies AcceptanceRun

async function measure(
  { context, tls, pods, nodes }: Stage,
  { name, streams }: Readonly<{ name: string; streams: boolean }>,
  start: (folder: string, kubeconfig: string) => Promise<Watcher>,
) {
  const server = await PodServer.start({ size: 'pod', objects: pods }, { nodes, tls, streams })
  try {
    const folder = join(context.folder, name.replaceAll(/[ ,]+/g, '-'))
    const kubeconfig = `${folder}.kubeconfig`
    writeFileSync(kubeconfig, kubeconfigOf(server.url, tls.cert))
    const began = performance.now()
    await using watcher = await start(folder, kubeconfig)
    await watcher.synced(pods + nodes)
    context.figure(`${name}: first list`, (performance.now() - began) / 1000, 's')
    await watcher.settled()
    context.figure(`${name}: first list, all work`, watcher.cpuSeconds(), 's of CPU')
    shares(context, `${name}: first list`, watcher)
    const listed = await watcher.memory(context.size(10_000, 500))
    context.figure(`${name}: memory, peak of the first list`, Math.round(listed.peak / 1e6), 'MB')
    context.figure(`${name}: memory, ten seconds later`, Math.round(listed.now / 1e6), 'MB')
    if (watcher.judged) context.expectSpeed(listed.peak / 1e6 <= mostMemory, `${name}: at most ${mostMemory} MB`)
    if (streams) await changes(context, server, name, watcher)
  } finally {
    await server.close()
  }
}

async function changes(context: AcceptanceContext, server: PodServer, name: string, watcher: Watcher) {
  const count = context.size(30_000, 1000)
  watcher.shares()
  const [cpu, began] = [watcher.cpuSeconds(), performance.now()]
  await server.change(count)
  await watcher.changed(count)
  context.figure(`${name}: changes`, count / ((performance.now() - began) / 1000), 'per second')
  await watcher.settled()
  const spent = watcher.cpuSeconds() - cpu
  context.figure(`${name}: changes per CPU second`, Math.round(count / spent))
  context.figure(`${name}: a change`, (spent / count) * 1e6, 'µs of CPU')
  shares(context, `${name}: changes`, watcher)
  context.expect(await watcher.has(count), `${name}: each of ${count} changes arrived`)
}

function shares(context: AcceptanceContext, what: string, watcher: Watcher) {
  const some = watcher.shares().filter(({ cpuSeconds }) => cpuSeconds >= leastShare)
  for (const { name, count, cpuSeconds } of some)
    context.figure(`${what}, ${count === 1 ? 'thread' : `${count} threads`} ${name}`, cpuSeconds, 's of CPU')
}
