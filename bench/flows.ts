// `npm run bench:flows`: the cost of a flow from its datagram to Parquet, per step and in total. --write stores it in
// bench/results/flows.json. --protocol netflow9 measures one protocol, --steps only the steps.
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { describeMachine } from './harness.ts'
import { ROOT } from '../tools/kit/command.ts'
import { measureLoads, type WholeRun } from './runs/flows-speed/whole.ts'
import type { LoadProtocol } from '../test/kit/flow-load/exports.ts'
import { measureSteps, type StepCosts } from './flows/steps.ts'

const { values } = parseArgs({
  options: {
    write: { type: 'boolean', default: false },
    seed: { type: 'string', default: '1' },
    rounds: { type: 'string', default: '5' },
    flows: { type: 'string', default: '400000' },
    protocol: { type: 'string' },
    steps: { type: 'boolean', default: false },
  },
})
const seed = Number(values.seed)
const addresses = 60_000
const rate = 150_000
const all: readonly { readonly protocol: LoadProtocol; readonly perDatagram: number }[] = [
  { protocol: 'netflow5', perDatagram: 24 },
  { protocol: 'netflow5', perDatagram: 30 },
  { protocol: 'netflow9', perDatagram: 24 },
  { protocol: 'netflow9', perDatagram: 30 },
  { protocol: 'ipfix', perDatagram: 24 },
  { protocol: 'ipfix', perDatagram: 30 },
  { protocol: 'ipfix6', perDatagram: 20 },
  { protocol: 'sflow5', perDatagram: 7 },
]
const cases = all.filter(({ protocol }) => values.protocol === undefined || protocol === values.protocol)
const rows: object[] = []

function median(numbers: readonly number[]) {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN
}

function show(name: string, figures: Readonly<Record<string, number>>) {
  console.log(
    `  ${name.padEnd(26)} ${Object.entries(figures)
      .map(
        ([what, value]) => `${what} ${value.toLocaleString('en-US', { maximumFractionDigits: value < 100 ? 3 : 0 })}`,
      )
      .join('   ')}`,
  )
}

const folder = await mkdtemp(join(tmpdir(), 'weir-bench-'))
try {
  console.log('µs of CPU per flow, each step by itself (median)')
  for (const one of cases) {
    const flows = Number(values.flows) / (one.protocol === 'sflow5' ? 4 : 1)
    const rounds: StepCosts[] = []
    for (let round = 0; round <= Number(values.rounds); round++) {
      const own = join(folder, 'steps')
      const costs = await measureSteps(own, { ...one, addresses, seed: seed + round, flows })
      // The first round warms up the compiler.
      if (round > 0) rounds.push(costs)
      await rm(own, { recursive: true, force: true })
    }
    const names = ['receive', 'decode', 'journal', 'read', 'resolve', 'rollup', 'store'] as const
    const costs = Object.fromEntries(
      names.map((name) => [name, median(rounds.map((round) => round[name]))]),
    ) as StepCosts
    const sum = names.reduce((total, name) => total + costs[name], 0)
    const figures = { ...costs, sum, 'flows per CPU second': Math.round(1e6 / sum) }
    rows.push({ table: 'steps', ...one, flows, figures })
    show(`${one.protocol}, ${one.perDatagram}`, figures)
  }
  if (!values.steps) await whole()
} finally {
  await rm(folder, { recursive: true, force: true })
}

async function whole() {
  console.log('\nthe whole process, from outside')
  const loads = cases.map((one) => ({
    ...one,
    addresses,
    seed,
    rate: one.protocol === 'sflow5' ? rate / 4 : rate,
    flows: one.protocol === 'sflow5' ? 300_000 : 2_000_000,
  }))
  const stored = await measureLoads(join(folder, 'stored'), loads)
  const journalled = await measureLoads(join(folder, 'journalled'), loads, {
    config: { store: { enabled: 'none' }, sources: { sflow: { listen: '127.0.0.1:0' } } },
  })
  for (const [index, one] of cases.entries()) {
    const [run, journal] = [stored[index], journalled[index]]
    if (run === undefined || journal === undefined) continue
    check(run)
    const figures = {
      'flows per CPU second to Parquet': Math.round(run.sent.flows / run.cpuSeconds),
      'to the journal': Math.round(journal.sent.flows / journal.cpuSeconds),
      'stored bytes per flow': run.storedBytes / run.sent.flows,
      'journalled bytes per flow': run.journalBytes / run.sent.flows,
      'peak MB': Math.round(run.peakOwnBytes / 1e6),
    }
    rows.push({
      table: 'whole',
      ...one,
      flows: run.sent.flows,
      figures,
      threads: run.threads.filter(({ cpuSeconds }) => cpuSeconds > 0),
    })
    show(`${one.protocol}, ${one.perDatagram}`, figures)
  }
}

function check({ sent, stored }: WholeRun) {
  if (stored.rows !== sent.flows || stored.bytes !== sent.bytes || stored.packets !== sent.packets) {
    throw new Error(`stored ${JSON.stringify(stored)} of ${JSON.stringify(sent)}`)
  }
}

if (values.write) {
  const file = join(ROOT, 'bench/results/flows.json')
  const machine = describeMachine()
  const before = await readFile(file, 'utf8').then(
    (text) => JSON.parse(text) as { machine: unknown }[],
    () => [],
  )
  await mkdir(join(ROOT, 'bench/results'), { recursive: true })
  const others = before.filter((one) => JSON.stringify(one.machine) !== JSON.stringify(machine))
  await writeFile(file, `${JSON.stringify([...others, { machine, seed, rows }], null, 2)}\n`)
  console.log('\nkept in bench/results/flows.json')
}
