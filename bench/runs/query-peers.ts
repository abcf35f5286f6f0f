// The same datagrams are stored by Weir and nfcapd. ClickHouse (chdb) gets the rows of Weir's files.
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { sendFlows } from '../../test/kit/flow-load/sender.ts'
import { percentile } from '../../test/kit/percentile.ts'
import { startWeir, type WeirProcess } from '../../test/kit/weir-process.ts'
import { install } from '../../test/real/install/apt.ts'
import { nfcapd } from '../../test/real/install/nfcapd.ts'
import { installChdb } from '../../test/real/install/chdb.ts'
import { startChdb, type ChdbServer } from '../../test/real/kit/chdb.ts'
import { startSfcapd } from '../../test/real/kit/sfcapd.ts'
import { runCommand } from '../../tools/kit/command.ts'
import type { AcceptanceContext, AcceptanceRun } from '../harness.ts'
import { caughtUp } from './flows-speed/whole.ts'
import { plainDuck, type PlainDuck } from './query-overhead/plain.ts'
import { byBytes, byTime, questionsAbout, type Question, type Varied } from './query-overhead/questions.ts'
import { addressOfSome, spanOf } from './query-overhead/store.ts'
import {
  clickhouseTable,
  flatColumns,
  insertFrom,
  statementsAbout,
  type PeerCondition,
  type PeerStatements,
} from './query-peers/statements.ts'

/** To ClickHouse, in 8 of 10 rows. */
const maxRatio = 2
const queryMs = 600_000
const perDatagram = 24
/** Without a merge: no more will follow. */
const quietMs = 20_000

/** One engine: resolves when the whole result is read. */
type Engine = Readonly<{
  name: string
  query: (question: Question, k: number, peers: PeerStatements | undefined) => Promise<unknown> | undefined
}>

type Variant = Readonly<{ name: string; vary: Varied; conditionOf: (k: number) => PeerCondition }>

export default {
  name: 'query-peers',
  issue: '58.12',
  title: 'Questions about the same flows: Weir, plain DuckDB, ClickHouse and nfdump.',
  async run(context) {
    await using stack = new AsyncDisposableStack()
    const weir = stack.use(await startWeir({ folder: join(context.folder, 'weir') }))
    const flows = context.size(5_500_000, 20_000)
    await sendFlows(loadOf(context, weir.ports.netflow, flows), queryMs)
    await caughtUp(weir)
    const [stored] = await weir.sql<{ n: number }>('SELECT count(*) AS n FROM flows')
    const address = await addressOfSome(weir)
    const drops = await weir.metric('weir_udp_kernel_dropped_datagrams_total')
    context.expect((stored?.n ?? 0) >= flows - drops * perDatagram, `Weir stored ${stored?.n} of ${flows} flows`)
    const duck = stack.adopt(await plainDuck(join(weir.data, 'store')), (each) => each.end())
    const engines: Engine[] = [
      {
        name: 'API',
        query: async ({ api }, k) => {
          for (const path of api(k)) await weir.get(path)
        },
      },
      { name: 'SQL', query: ({ sql }, k) => weir.sql(sql(k)) },
      { name: 'plain DuckDB', query: (question, k) => duck.query(question.duck(k)) },
    ]
    const python = await installChdb()
    if (python.path === undefined) context.figure('ClickHouse', `not available: ${python.reason}`)
    else {
      const chdb = stack.use(await startChdb())
      const rows = await fillClickhouse(context, duck, chdb)
      context.expect(rows === stored?.n, `ClickHouse has the same ${rows} flows`)
      engines.push({
        name: 'ClickHouse',
        query: (_question, _k, peers) => peers && chdb.ask(peers.clickhouse),
      })
    }
    const nfdump = await nfdumpOf(context, flows)
    if (nfdump !== undefined)
      engines.push({
        name: 'nfdump',
        query: (_question, _k, peers) => peers?.nfdump && nfdump(peers.nfdump),
      })
    await mergesEnd(weir)
    const byRange = byTime(...(await spanOf(weir)))
    const variants: readonly Variant[] = [
      { name: 'ranges', vary: byRange, conditionOf: byRange },
      { name: 'filter', vary: byBytes, conditionOf: (k) => ({ ...byBytes(k), nfdump: byBytes(k).clickhouse }) },
    ]
    for (const variant of variants) await compareAll(context, address, variant, engines)
  },
} satisfies AcceptanceRun

function loadOf({ seed }: AcceptanceContext, port: number, flows: number) {
  return { protocol: 'netflow9', perDatagram, addresses: 120_000, seed, rate: 100_000, flows, port } as const
}

/** Returns the number of rows. */
async function fillClickhouse(context: AcceptanceContext, duck: PlainDuck, chdb: ChdbServer): Promise<number> {
  const flat = join(context.folder, 'flat.parquet')
  await duck.query(
    `COPY (SELECT ${flatColumns} FROM f JOIN e s ON s.ep = f.src_ep JOIN e d ON d.ep = f.dst_ep) TO '${flat}' ` +
      '(FORMAT parquet)',
  )
  await chdb.run(clickhouseTable)
  await chdb.run(insertFrom(flat))
  await chdb.run('OPTIMIZE TABLE flows FINAL')
  await rm(flat)
  const [row] = await chdb.ask<{ n: bigint }>('SELECT count() AS n FROM flows')
  return Number(row?.n)
}

async function nfdumpOf(context: AcceptanceContext, flows: number) {
  const found = await install(nfcapd)
  if (found.path === undefined) {
    context.figure('nfdump', `not available: ${found.reason}`)
    return undefined
  }
  const folder = join(context.folder, 'nfcapd')
  await mkdir(folder)
  const collector = await startSfcapd(folder, nfcapd)
  await sendFlows(loadOf(context, collector.port, flows), queryMs)
  const { nfdump, paths } = await collector.files()
  return async (given: readonly string[]) => {
    for (const path of paths) {
      const { code, output } = await runCommand(nfdump, ['-r', path, '-q', ...given], { limit: queryMs })
      if (code !== 0) throw new Error(output.slice(-300))
    }
  }
}

/** ClickHouse has merged its parts, too. */
async function mergesEnd(weir: WeirProcess) {
  let merged = -1
  for (;;) {
    const now = await weir.metric('weir_store_merged_files_total')
    if (now === merged) return
    merged = now
    await setTimeout(quietMs)
  }
}

async function compareAll(
  context: AcceptanceContext,
  address: string,
  { name: variant, vary, conditionOf }: Variant,
  engines: readonly Engine[],
) {
  const runs = context.size(5, 1)
  const questions = questionsAbout(address, { ids: 'single', vary })
  let within = 0
  for (const question of questions) {
    const times = new Map<string, number>()
    const title = `${variant}: ${question.what}`
    for (const engine of engines) {
      const ms: number[] = []
      // The first one reads the files into the page cache.
      for (let run = 0; run <= runs; run++) {
        const peers = statementsAbout(address, conditionOf(run + 1)).get(question.what)
        const began = performance.now()
        const result = engine.query(question, run + 1, peers)
        if (result === undefined) break
        await result
        if (run > 0) ms.push(performance.now() - began)
      }
      if (ms.length === 0) continue
      times.set(engine.name, percentile(ms, 50))
      context.figure(`${title}: ${engine.name}`, Math.round(times.get(engine.name) ?? 0), 'ms')
    }
    const ratio = (times.get('API') ?? Number.NaN) / (times.get('ClickHouse') ?? Number.NaN)
    context.figure(`${title}: API to ClickHouse`, ratio.toFixed(2))
    if (ratio <= maxRatio) within++
  }
  context.expectSpeed(
    within >= 8,
    `${variant}: ${within} of ${questions.length} questions take at most twice as long as ClickHouse`,
  )
}
