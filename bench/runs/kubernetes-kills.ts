import { setTimeout as sleep } from 'node:timers/promises'
import type { AcceptanceRun } from '../harness.ts'
import { some } from '../../test/kit/delivered.ts'
import { percentile } from '../../test/kit/percentile.ts'
import { SeededRandom } from '../../test/kit/random.ts'
import { synced } from '../../test/kit/synced.ts'
import { startWeir } from '../../test/kit/weir-process.ts'
import { Churn, judged, emittedChanges } from '../../test/real/kit/kube-churn.ts'
import { startKubeFor } from '../../test/real/kit/kube.ts'

export default {
  name: 'kubernetes-kills',
  issue: '5.3',
  title:
    'Killed repeatedly during writes to a real API server, Weir emits every write once. Each change starts ' +
    'at the previous state.',
  async run(context) {
    const { kube, kubeconfig } = await startKubeFor(context)
    try {
      await using weir = await startWeir({
        folder: context.folder,
        config: { sources: { netflow: { listen: 'off', tcp: 'off' }, kubernetes: { cluster: 'c1', kubeconfig } } },
      })
      const random = new SeededRandom(context.seed)
      const churn = new Churn(kube, 'bench', context.seed)
      await synced(weir)
      // About 200 writes per second: faster writes would exceed the server's history during a start.
      const writing = churn.run(8, Number.POSITIVE_INFINITY, 30)
      const kills = context.size(50, 3)
      const ready: number[] = []
      for (let kill = 0; kill < kills; kill++) {
        await sleep(200 + random.next() * 1500)
        await weir.kill()
        await weir.start()
        ready.push(weir.readyMs)
      }
      churn.stop()
      await writing
      const problems = await judged(weir, churn, 'bench', 120_000)
      const emitted = await emittedChanges(weir, 'bench')
      context.figure('kills', kills)
      context.figure('writes', churn.writes)
      context.figure('emitted changes', emitted.length)
      context.figure('ready after a kill, p95', Math.round(percentile(ready, 95)), 'ms')
      context.expect(
        problems.length === 0,
        `every write is emitted once, in order, starting at the previous state (${some(problems)})`,
      )
      context.expect(
        emitted.every(({ coalesced }) => coalesced !== true),
        'none is put together with another',
      )
    } finally {
      await kube.stop()
    }
  },
} satisfies AcceptanceRun
