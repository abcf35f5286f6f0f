import { cp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Ledger } from '../../src/engine/control.ts'
import { groupLimits } from '../../src/store/rollup/schema.ts'
import type { AcceptanceRun, AcceptanceContext } from '../../bench/harness.ts'
import { some } from '../kit/delivered.ts'
import { SeededRandom } from '../kit/random.ts'
import { weirCommand } from '../kit/weir-command.ts'
import { prepareWeir, type WeirProcess } from '../kit/weir-process.ts'
import { answersOf, configOf, flipBits, makeBase, sumsOf, type Base, type SumsBy } from './bit-flips/base.ts'

/** Time to refill the store from the journal on a busy machine. */
const settleMs = 60_000
/** The refill is over when the missing rows do not change for this time. */
const stableMs = 4000
/** Concurrent cases. */
const lanes = 3
const verifyEvery = 8

interface Outcome {
  readonly missing: number
  /** Rows missing in the first query after the start. */
  readonly firstMissing: number
}

export default {
  name: 'bit-flips',
  issue: '24.3',
  title:
    'In folders with flipped bits every start succeeds and every result is correct. The ledger counts the ' +
    'missing rows.',
  async run(context) {
    const cases = context.size(200, 3)
    const base = await makeBase(join(context.folder, 'base'), {
      flows: context.size(6000, 1500),
      events: context.size(600, 200),
      seconds: context.size(8, 3),
    })
    context.figure('rows in the folder', base.rows.size, 'rows')
    context.figure('files of the store', base.storeFiles, 'files')
    const seeds = Array.from({ length: cases }, (_, index) => context.seed * 1000 + index)
    const outcomes: (Outcome | undefined)[] = []
    const worker = async () => {
      for (let seed = seeds.shift(); seed !== undefined; seed = seeds.shift())
        outcomes.push(await flipped(context, base, seed))
    }
    await Promise.all(Array.from({ length: lanes }, worker))
    const known = outcomes.filter((outcome) => outcome !== undefined)
    context.figure('folders', cases, 'folders')
    context.figure(
      'folders with rows missing from the first answers',
      known.filter(({ firstMissing }) => firstMissing > 0).length,
      'folders',
    )
    context.figure('folders that lack rows for good', known.filter(({ missing }) => missing > 0).length, 'folders')
    context.figure(
      'rows lost for good, all counted',
      known.reduce((sum, { missing }) => sum + missing, 0),
      'rows',
    )
    context.expect(
      known.length === cases,
      `${known.length} of ${cases} folders: the start succeeds, every answer is right, every missing row is counted`,
    )
  },
} satisfies AcceptanceRun

async function flipped(context: AcceptanceContext, base: Base, seed: number): Promise<Outcome | undefined> {
  const random = new SeededRandom(seed)
  const folder = join(context.folder, `case-${seed}`)
  const data = join(folder, 'data')
  await cp(base.data, data, { recursive: true })
  const bits = await flipBits(data, random)
  await using weir = await prepareWeir({ folder, data, config: configOf(folder) })
  const problems: string[] = []
  let outcome: Outcome | undefined
  try {
    await weir.start()
    const first = compared(base, await answersOf(weir))
    await sumsOf(weir, 'addresses')
    if (first.wrong.length > 0) problems.push(`the first answers hold wrong rows: ${some(first.wrong)}`)
    const { last, ledger } = await settled(base, weir)
    const store = ledger.sinks.find(({ name }) => name === 'store')
    // Without the journal's frames, rollups are not rebuilt: then the flows themselves are queried.
    if (!bits.some((bit) => bit.startsWith('journal/'))) {
      const wrongSums = await wrongSumsOf(base, weir)
      if (wrongSums > 0) problems.push(`${wrongSums} groups of view flows_1m are wrong`)
    }
    if (last.wrong.length > 0) problems.push(`wrong rows: ${some(last.wrong)}`)
    if (last.missing !== store?.quarantined)
      problems.push(`${last.missing} rows are missing, ${store?.quarantined} are quarantined`)
    if (!ledger.balanced) problems.push(`the ledger is not balanced: ${JSON.stringify(ledger)}`)
    const ended = await weir.stop()
    if (ended.code !== 0) problems.push(`it stops with ${ended.code ?? ended.signal}: ${weir.lastLog.slice(-2000)}`)
    // It takes longer than the rest of a case.
    const verify =
      seed % verifyEvery === 0
        ? await weirCommand('ledger', '--verify', '-o', 'json', '--data', data)
        : { code: 0, output: '' }
    if (verify.code !== 0) problems.push(`ledger --verify ends with ${verify.code}: ${verify.output.slice(0, 400)}`)
    outcome = { missing: last.missing, firstMissing: first.missing }
  } catch (error) {
    problems.push(error instanceof Error ? error.message : String(error))
  }
  if (problems.length === 0) {
    await rm(folder, { recursive: true })
    return outcome
  }
  context.expect(false, `seed ${seed}, bits ${bits.join(', ')}: ${problems.join('; ')}`)
  return undefined
}

interface Compared {
  /** Rows that the intact folder lacks, or repeated rows. */
  readonly wrong: readonly string[]
  readonly missing: number
}

function compared(base: Base, rows: readonly string[]): Compared {
  const seen = new Set<string>()
  const wrong: string[] = []
  for (const row of rows) {
    if (!base.rows.has(row) || seen.has(row)) wrong.push(row)
    seen.add(row)
  }
  return { wrong, missing: base.rows.size - seen.size + wrong.filter((row) => !base.rows.has(row)).length }
}

/** Groups that differ once the rollups of lost files are rebuilt: after the rows, one file per second. */
async function wrongSumsOf(base: Base, weir: WeirProcess): Promise<number> {
  for (const until = performance.now() + settleMs; ; await sleep(200)) {
    const wrong = await wrongGroups(base, weir, Date.now() < base.hourEnds ? 'addresses' : 'protocols')
    if (wrong === 0 || performance.now() > until) return wrong
  }
}

/** A rebuilt store has fewer, larger files. Groups beyond the limit of a file are folded, and keep their total only. */
async function wrongGroups(base: Base, weir: WeirProcess, by: SumsBy): Promise<number> {
  const [right, sums] = [base.sums[by], new Set(await sumsOf(weir, by))]
  const added = [...sums].filter((group) => !right.has(group))
  const isFolded = added.length > 0 && added.every((group) => group.includes('"src_addr":null,"dst_addr":null'))
  if (isFolded && sums.size > groupLimits.flows_1m.whole) return wrongGroups(base, weir, 'protocols')
  return added.length + [...right].filter((group) => !sums.has(group)).length
}

/** Waits until ledger and results agree, or for the limit. */
async function settled(base: Base, weir: WeirProcess): Promise<{ readonly last: Compared; readonly ledger: Ledger }> {
  const until = performance.now() + settleMs
  let since = performance.now()
  let agreed: number | undefined
  for (;;) {
    await weir.caughtUp(settleMs)
    const before = (await weir.ledger()).sinks.find(({ name }) => name === 'store')?.quarantined
    const last = compared(base, await answersOf(weir))
    const ledger = await weir.ledger()
    const quarantined = ledger.sinks.find(({ name }) => name === 'store')?.quarantined
    const agrees = before === quarantined && quarantined === last.missing
    if (!agrees || quarantined !== agreed) since = performance.now()
    agreed = agrees ? quarantined : undefined
    if (quarantined === 0 && agrees) return { last, ledger }
    if (performance.now() - since > stableMs || performance.now() > until) return { last, ledger }
    await sleep(200)
  }
}
