import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { AcceptanceRun } from '../harness.ts'
import { some } from '../../test/kit/delivered.ts'
import { EventReceiver } from '../../test/kit/event-receiver.ts'
import { SeededRandom } from '../../test/kit/random.ts'
import { synced } from '../../test/kit/synced.ts'
import type { WeirProcess } from '../../test/kit/weir-process.ts'
import { Churn, emittedByAll, emittedChanges } from '../../test/real/kit/kube-churn.ts'
import { clusterOf, holderOf, judgedAll, overlaps, prepareReplica, standsBy } from '../../test/real/kit/kube-turns.ts'
import { startKubeFor } from '../../test/real/kit/kube.ts'

const longestMs = 15_000
const ways = ['killed', 'frozen', 'the server frozen', 'stopped'] as const

export default {
  name: 'kubernetes-turns',
  issue: '5.3',
  title:
    'If the leader of two replicas is killed, frozen, cut off or stopped, the other takes over within 15 s. ' +
    'Together they emit every write once, in order.',
  async run(context) {
    const { kube, kubeconfig } = await startKubeFor(context)
    const receiver = await EventReceiver.start()
    const replicas: WeirProcess[] = []
    try {
      for (const name of ['one', 'two']) {
        // The defaults, except at CI scale.
        const weir = await prepareReplica({
          folder: join(context.folder, name),
          kubeconfig,
          duration: context.size('10s', '3s'),
          sinks: { shared: { type: 'http', url: receiver.url, from: ['kubernetes'], only: { family: ['change'] } } },
        })
        replicas.push(weir)
        await weir.start()
        if (replicas.length === 1) await Promise.all([holderOf(replicas), synced(weir)])
        else await standsBy(weir)
      }
      const random = new SeededRandom(context.seed)
      const churn = new Churn(kube, 'bench', context.seed)
      const writing = churn.run(4)
      const takeovers = new Map<string, number[]>()
      // About four per minute.
      const rounds = context.minutes === undefined ? context.size(24, 4) : Math.max(4, context.minutes * 4)
      for (let round = 0; round < rounds; round++) {
        const way = ways[round % ways.length] ?? 'killed'
        await sleep(500 + random.next() * 3000)
        const { holder } = await holderOf(replicas)
        const others = replicas.filter((weir) => weir !== holder)
        let { ms } = { ms: 0 }
        if (way === 'killed') {
          const killed = holder.kill()
          ;({ ms } = await holderOf(others))
          await killed
          await holder.start()
        } else if (way === 'frozen') {
          holder.signal('SIGSTOP')
          ;({ ms } = await holderOf(others))
          await sleep(random.next() * 3000)
          holder.signal('SIGCONT')
        } else if (way === 'the server frozen') {
          kube.pause()
          while ((await Promise.all(replicas.map(clusterOf))).some((cluster) => cluster?.lease?.state === 'holds'))
            await sleep(100)
          await sleep(random.next() * 2000)
          kube.resume()
          ;({ ms } = await holderOf(replicas))
        } else {
          const stopped = holder.stop()
          ;({ ms } = await holderOf(others))
          await stopped
          await holder.start()
        }
        takeovers.set(way, [...(takeovers.get(way) ?? []), ms])
        const { holder: now } = await holderOf(replicas)
        for (const weir of replicas) if (weir !== now) await standsBy(weir, 120_000)
      }
      churn.stop()
      await writing
      const problems = await judgedAll(replicas, churn, 'bench', 120_000)
      const { emitted, again } = await emittedByAll(replicas, 'bench')
      const shares = await Promise.all(replicas.map(async (weir) => (await emittedChanges(weir, 'bench')).length))
      context.figure('turns taken', rounds)
      context.figure('writes', churn.writes)
      context.figure('changes emitted by the one, the other, and by both', `${shares.join(', ')}, ${again}`)
      for (const [way, all] of takeovers)
        context.figure(`until another leads: ${way}, longest`, Math.round(Math.max(...all)), 'ms')
      context.expectSpeed(
        [...takeovers.values()].flat().every((ms) => ms <= longestMs),
        `another leads within ${longestMs / 1000} s`,
      )
      context.expect(
        problems.length === 0,
        `every write is emitted once, in order, starting at the previous state (${some(problems)})`,
      )
      context.expect(
        emitted.every(({ coalesced }) => coalesced !== true),
        'none is put together with another',
      )
      context.expect(
        shares.every((share) => share > 0),
        'both emitted changes',
      )
      const both = await overlaps(replicas)
      context.expect(both.length === 0, `no two lead at the same time, and no epoch has two holders (${some(both)})`)
      for (const weir of replicas) await weir.caughtUp(60_000, ['shared'])
      const ids = new Set(emitted.map(({ id }) => id))
      const received = new Set(receiver.received.map(({ id }) => id))
      context.expect(
        [...ids].every((id) => received.has(id)),
        `a sink that both write to has all of them, under ${ids.size} ids (${receiver.received.length} arrived)`,
      )
    } finally {
      for (const weir of replicas) {
        weir.signal('SIGCONT')
        await weir.kill()
      }
      await receiver.close()
      await kube.stop()
    }
  },
} satisfies AcceptanceRun
