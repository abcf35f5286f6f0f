// A real kube-apiserver and RabbitMQ; the client sends at fixed times, so that a slow response delays no later request.
import { mkdirSync } from 'node:fs'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { Pool } from 'undici'
import type { AcceptanceContext, AcceptanceRun } from '../harness.ts'
import { mintToken } from '../../src/net/lagoon-token.ts'
import { percentile } from '../../test/kit/percentile.ts'
import { cpuSeconds, memoryOf, mostMemoryOf } from '../../test/kit/proc.ts'
import { install } from '../../test/real/install/apt.ts'
import { findKubernetes } from '../../test/real/install/kubernetes.ts'
import { rabbitmq } from '../../test/real/install/rabbitmq.ts'
import { startInsightsRemote, type InsightsRemote } from '../../test/real/kit/insights-remote.ts'
import { startKubeFor, type Kube } from '../../test/real/kit/kube.ts'
import { startRabbit } from '../../test/real/kit/rabbitmq.ts'

const secret = 'a-secret-of-at-least-thirty-two-bytes'
const claims = { environmentId: '777', environmentName: 'main', namespace: 'proj-main', projectName: 'proj' }
const ids = { 'lagoon.sh/environmentId': '777', 'lagoon.sh/project': 'proj', 'lagoon.sh/environment': 'main' }
const configMaps = '/api/v1/namespaces/proj-main/configmaps'

export default {
  name: 'insights-remote',
  issue: '27.4',
  title:
    '2,000 ConfigMaps of 200 kB are delivered and burnt within 300 MB of memory, and 1,000 requests with facts per ' +
    'second are answered with a p99 below 50 ms.',
  async run(context) {
    const broker = await install(rabbitmq)
    if (findKubernetes().path === undefined || broker.path === undefined)
      return context.skip('there is no kube-apiserver or no RabbitMQ')
    const { kube, kubeconfig } = await startKubeFor(context)
    try {
      await using server = await startRabbit()
      await kube.call('POST', '/api/v1/namespaces', {
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: { name: 'proj-main', labels: ids },
      })
      const count = context.size(2000, 40)
      await produce(kube, count)
      const data = join(context.folder, 'data')
      mkdirSync(data)
      const remote = await startInsightsRemote({
        data,
        kubeconfig,
        secret,
        broker: `127.0.0.1:${server.port}`,
        env: { BURN_AFTER_READING: 'TRUE' },
      })
      const memory = mostMemoryOf({ memory: () => memoryOf(remote.pid) })
      context.figure('memory after the start', Math.round(memoryOf(remote.pid).own / 1e6), 'MB, without mapped files')
      try {
        await deliver(context, kube, remote, count)
        const queued = /lagoon-insights:items\s+(\d+)/.exec(await server.ctl('list_queues', 'name', 'messages'))?.[1]
        context.expect(Number(queued) === count, `the queue has ${count} messages (${queued})`)
        judgeMemory(context, memory())
        await respond(context, remote)
        context.figure('memory after the requests', Math.round(memoryOf(remote.pid).peak / 1e6), 'MB, peak of all')
      } finally {
        await remote.stop()
      }
    } finally {
      await kube.stop()
    }
  },
} satisfies AcceptanceRun

function judgeMemory(context: AcceptanceContext, { own, peak }: Readonly<{ own: number; peak: number }>) {
  context.figure('ConfigMaps: peak of memory', Math.round(peak / 1e6), 'MB')
  context.figure('ConfigMaps: peak of memory without mapped files', Math.round(own / 1e6), 'MB')
  context.expect(own / 1e6 <= 300, 'ConfigMaps are delivered within 300 MB of memory, mapped files apart')
}

/** Reports of 200 kB, each different. */
async function produce(kube: Kube, count: number) {
  const names = Array.from({ length: count }, (_, index) => `report-${index}`)
  const work = async () => {
    for (let name = names.pop(); name !== undefined; name = names.pop()) {
      const file = gzipSync(JSON.stringify({ noise: randomBytes(150_000).toString('base64') }), { level: 0 })
      await kube.call('POST', configMaps, {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: {
          name,
          labels: { ...ids, 'lagoon.sh/insightsType': 'sbom-gz', 'lagoon.sh/service': name },
          annotations: { 'core.insights.lagoon.sh/enabled': 'true' },
        },
        binaryData: { 'cli.cyclonedx.json.gz': file.toString('base64') },
      })
    }
  }
  await Promise.all(Array.from({ length: 4 }, work))
}

async function deliver(context: AcceptanceContext, kube: Kube, { pid }: InsightsRemote, count: number) {
  const [started, cpu] = [performance.now(), cpuSeconds(pid)]
  let left = count
  for (let waited = 0; left > 0 && waited < 1_500_000; waited += 1000) {
    await sleep(1000)
    const { metadata, items } = (await kube.call('GET', `${configMaps}?limit=1`)) as {
      readonly metadata: { readonly remainingItemCount?: number }
      readonly items: readonly object[]
    }
    left = items.length + (metadata.remainingItemCount ?? 0)
  }
  const seconds = (performance.now() - started) / 1000
  context.figure('ConfigMaps', count)
  context.figure('deliveries', Math.round(count / seconds), 'ConfigMaps/s')
  context.figure('CPU of Weir', ((cpuSeconds(pid) - cpu) / count) * 1000, 'ms per ConfigMap')
  context.figure('memory after them', Math.round(memoryOf(pid).own / 1e6), 'MB, without mapped files')
  context.expect(left === 0, `every ConfigMap is delivered and burnt (${left} left)`)
}

async function respond(context: AcceptanceContext, { url, pid }: InsightsRemote) {
  const [rate, seconds] = [1000, context.size(60, 3)]
  const token = await mintToken(secret, claims)
  const body = JSON.stringify([{ name: 'php', value: '8.3', source: 'bench', type: 'TEXT', category: 'x' }])
  const pool = new Pool(url, { connections: 64 })
  const times: number[] = []
  let failed = 0
  const send = async () => {
    const started = performance.now()
    const headers = { authorization: token, 'content-type': 'application/json' }
    try {
      const answer = await pool.request({ path: '/facts', method: 'POST', headers, body })
      await answer.body.dump()
      if (answer.statusCode === 200) times.push(performance.now() - started)
      else failed++
    } catch {
      failed++
    }
  }
  const running: Promise<void>[] = []
  const cpu = cpuSeconds(pid)
  const started = performance.now()
  while (running.length < rate * seconds) {
    const due = Math.min(rate * seconds, Math.floor(((performance.now() - started) / 1000) * rate))
    while (running.length < due) running.push(send())
    await sleep(1)
  }
  await Promise.all(running)
  const elapsed = (performance.now() - started) / 1000
  await pool.close()
  const achieved = times.length / elapsed
  const [p50, p99] = [percentile(times, 50), percentile(times, 99)]
  context.figure('requests', Math.round(achieved), 'requests/s')
  context.figure('CPU of Weir', ((cpuSeconds(pid) - cpu) / times.length) * 1000, 'ms per request')
  context.figure('response, p50', p50, 'ms')
  context.figure('response, p99', p99, 'ms')
  context.expect(failed === 0, `every request is accepted (${failed} were not)`)
  context.expectSpeed(achieved >= 0.98 * rate, `the rate is ${rate} requests/s`)
  context.expectSpeed(p99 < 50, 'the p99 of responses is below 50 ms')
}
