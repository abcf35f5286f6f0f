import { setTimeout as sleep } from 'node:timers/promises'
import type { AcceptanceRun } from '../harness.ts'
import { some } from '../../test/kit/delivered.ts'
import { synced } from '../../test/kit/synced.ts'
import { startWeir } from '../../test/kit/weir-process.ts'
import { Churn, judged, emittedChanges } from '../../test/real/kit/kube-churn.ts'
import { startKubeFor } from '../../test/real/kit/kube.ts'

export default {
  name: 'kubernetes-churn',
  issue: '5.1',
  title:
    'While a real API server is restarted, frozen and compacted, changes are emitted in order. They end at ' +
    'the state of a fresh list.',
  async run(context) {
    const { kube, kubeconfig } = await startKubeFor(context, [
      '--etcd-compaction-interval=10s',
      '--min-request-timeout=30',
    ])
    try {
      await using weir = await startWeir({
        folder: context.folder,
        config: {
          sources: {
            netflow: { listen: 'off', tcp: 'off' },
            kubernetes: { cluster: 'c1', kubeconfig, reconcile: '10s' },
          },
        },
      })
      await synced(weir)
      const churn = new Churn(kube, 'bench', context.seed)
      const until = performance.now() + (context.minutes ?? context.size(20, 0.3)) * 60_000
      const writing = churn.run(4)
      let [restarts, freezes] = [0, 0]
      while (performance.now() < until) {
        await sleep(context.size(60_000, 5000))
        if (performance.now() >= until) break
        if ((restarts + freezes) % 2 === 0) {
          await kube.restart('SIGKILL')
          restarts++
        } else {
          kube.pause()
          await sleep(context.size(20_000, 2000))
          kube.resume()
          freezes++
        }
      }
      churn.stop()
      await writing
      await synced(weir)
      const problems = await judged(weir, churn, 'bench', 120_000, true)
      const emitted = await emittedChanges(weir, 'bench')
      context.figure('writes', churn.writes)
      context.figure('emitted changes', emitted.length)
      context.figure(
        'of these put together after the server had forgotten',
        emitted.filter(({ coalesced }) => coalesced === true).length,
      )
      context.figure('restarts of the server, times it was frozen', `${restarts}, ${freezes}`)
      context.figure('memory, peak of all that was resident', Math.round(weir.memory().peak / 1e6), 'MB')
      context.expect(
        problems.length === 0,
        'no change is repeated, out of order or starts from another state than the previous one, and the ' +
          `last one is the last write (${some(problems)})`,
      )
      const list = (await kube.call('GET', '/api/v1/namespaces/default/configmaps'))['items'] as {
        metadata: { uid: string; name: string; resourceVersion: string }
      }[]
      const there = list
        .filter(({ metadata }) => metadata.name.startsWith('bench-'))
        .map(({ metadata: { uid, resourceVersion } }) => `${uid} ${resourceVersion}`)
        .sort()
      const last = new Map(emitted.map((each) => [each.uid, each]))
      const known = [...last.values()]
        .filter(({ operation }) => operation !== 'deleted')
        .map(({ uid, resourceVersion }) => `${uid} ${resourceVersion}`)
        .sort()
      context.expect(
        there.join() === known.join(),
        `what the store ends with is what a fresh list has (${there.length} objects)`,
      )
      const gaps = await weir.sql("SELECT 1 FROM events WHERE type = 'weir.kubernetes.gap'")
      context.expect(gaps.length === 0, `comparing with the server finds nothing that was missed (${gaps.length} gaps)`)
    } finally {
      await kube.stop()
    }
  },
} satisfies AcceptanceRun
