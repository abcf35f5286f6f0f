// Both stores get the same datagrams. Sizes grow within the run, so that one look shows from which amount a store wins.
import { setTimeout } from 'node:timers/promises'
import { sendFlows } from '../../test/kit/flow-load/sender.ts'
import { percentile } from '../../test/kit/percentile.ts'
import { startWeir, type WeirProcess } from '../../test/kit/weir-process.ts'
import { installChdb } from '../../test/real/install/chdb.ts'
import { startChdb } from '../../test/real/kit/chdb.ts'
import type { AcceptanceContext, AcceptanceRun } from '../harness.ts'
import { caughtUp } from './flows-speed/whole.ts'
import { byTime, questionsAbout } from './query-overhead/questions.ts'
import { addressOfSome, spanOf } from './query-overhead/store.ts'

const perDatagram = 24
const sendMs = 600_000
/** Parts of ClickHouse and files of Weir are merged. */
const quietMs = 20_000

type Store = 'embedded' | 'clickhouse'
type Stores = ReadonlyMap<Store, WeirProcess>

export default {
  name: 'query-stores',
  issue: '58.12',
  title: 'The same questions to the embedded store and to ClickHouse as the store, with a growing number of flows.',
  async run(context) {
    const python = await installChdb()
    if (python.path === undefined) context.skip(python.reason)
    await using server = await startChdb()
    await using embedded = await startWeir({ folder: `${context.folder}/embedded` })
    await using clickhouse = await startWeir({
      folder: `${context.folder}/clickhouse`,
      config: { store: { enabled: 'clickhouse', clickhouse: { url: server.url, database: 'stores' } } },
    })
    const stores: Stores = new Map([
      ['embedded', embedded],
      ['clickhouse', clickhouse],
    ])
    let before = 0
    for (const [index, flows] of context.size([500_000, 2_000_000, 8_000_000], [10_000]).entries()) {
      const load = { flows: flows - before, seed: context.seed + index, rate: 50_000 }
      for (const weir of stores.values()) await fill(weir, load)
      before = flows
      await setTimeout(context.size(quietMs, 0))
      await compare(context, stores, flows)
    }
  },
} satisfies AcceptanceRun

async function fill(weir: WeirProcess, load: Readonly<{ flows: number; seed: number; rate: number }>) {
  await sendFlows({ protocol: 'netflow9', perDatagram, addresses: 120_000, port: weir.ports.netflow, ...load }, sendMs)
  await caughtUp(weir)
}

async function compare(context: AcceptanceContext, stores: Stores, flows: number) {
  for (const [store, weir] of stores) {
    const [row] = await weir.sql<{ n: number }>('SELECT count(*) AS n FROM flows')
    const drops = await weir.metric('weir_udp_kernel_dropped_datagrams_total')
    context.expect(
      Number(row?.n) >= flows - drops * perDatagram,
      `${store}: ${row?.n} of ${flows} flows stored, ${drops} datagrams dropped by the kernel`,
    )
  }
  const [first, last] = await spanOf(stores.get('embedded')!)
  const questions = questionsAbout(await addressOfSome(stores.get('embedded')!), {
    ids: 'single',
    vary: byTime(first, last),
  })
  let faster = 0
  for (const { what, api } of questions) {
    const times = new Map<Store, number>()
    for (const [store, weir] of stores) {
      const ms: number[] = []
      // The first one reads the files into the page cache.
      for (let run = 0; run <= context.size(5, 1); run++) {
        const began = performance.now()
        for (const path of api(run + 1)) await weir.get(path)
        if (run > 0) ms.push(performance.now() - began)
      }
      times.set(store, percentile(ms, 50))
      context.figure(`${flows} flows, ${what}: ${store}`, Math.round(percentile(ms, 50)), 'ms')
    }
    if (times.get('clickhouse')! < times.get('embedded')!) faster++
  }
  context.figure(`${flows} flows: questions that ClickHouse answers first`, `${faster} of ${questions.length}`)
}
