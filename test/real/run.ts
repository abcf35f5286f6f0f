// `npm run test:real`: Weir against real programs, and beside them every acceptance run at CI scale.
//   -- NAME …             the test files with NAME in their path, without acceptance runs
//   -- --changed REV      the test files and acceptance runs that import a file changed since REV, also indirectly
//   -- --write [NAME …]   also writes the proven results (docs/support-results.json), without acceptance runs
// Only programs that the chosen tests import are installed.
import { parseArgs } from 'node:util'
import { Lanes, runAll, runFiles } from '../../bench/all.ts'
import { countVitest } from '../../tools/count-vitest.ts'
import { changedSince } from '../../tools/kit/changed.ts'
import { ROOT } from '../../tools/kit/command.ts'
import { addCounts, formatCounts, type Counts } from '../../tools/kit/counts.ts'
import { affected, reachedFrom, readGraph } from '../../tools/kit/import-graph.ts'
import { busyShare, machineWork } from '../../tools/kit/spans.ts'
import { realTests } from './included.ts'
import { installAll } from './install/all.ts'
import { workers } from './workers.ts'

// Together with the other stages below 85 minutes (.ci/run).
const VITEST_LIMIT = 45 * 60_000

const { values, positionals: names } = parseArgs({
  allowPositionals: true,
  options: { write: { type: 'boolean', default: false }, changed: { type: 'string' } },
})
const recording = values.write ? ['--reporter=test/kit/support-reporter.ts'] : []

type Chosen = Readonly<{ files: readonly string[]; runs: readonly string[]; installers: ReadonlySet<string> }>

/** Undefined: all. */
async function choose(): Promise<Chosen | undefined> {
  if (values.changed === undefined && names.length === 0) return undefined
  const graph = await readGraph(ROOT)
  const chosen = await modulesOf(values.changed)
  const reached =
    values.changed === undefined ? chosen : affected(graph, chosen, await changedSince(ROOT, values.changed))
  const runs = reached.flatMap((path) => runPath.exec(path)?.[1] ?? [])
  return { files: reached.filter((path) => !runPath.test(path)), runs, installers: reachedFrom(graph, reached) }
}

const runPath = /^(?:bench\/runs|test\/attacks)\/([^/]+)\.ts$/

/** Test files, and with a revision also acceptance runs. */
async function modulesOf(revision: string | undefined): Promise<readonly string[]> {
  const files = realTests(ROOT, names)
  if (revision === undefined) return files
  const runs = [...(await runFiles(ROOT))]
  const wanted = runs.filter(([run]) => names.length === 0 || names.some((name) => run.includes(name)))
  return [...files, ...wanted.map(([, file]) => file)]
}

async function vitest(files: readonly string[]): Promise<Counts> {
  const args = ['--config', 'test/real/vitest.config.ts', ...recording, ...(values.write ? ['--passWithNoTests'] : [])]
  return countVitest([...args, ...files], VITEST_LIMIT)
}

async function acceptance(lanes: Lanes, chosen?: readonly string[]): Promise<Counts> {
  return runAll({
    root: ROOT,
    scale: 'ci',
    seed: 1,
    write: false,
    limit: 900,
    lanes,
    names: chosen ?? [...(await runFiles(ROOT)).keys()],
  })
}

/** Tests and acceptance runs beside each other. When one has ended, the other has the machine. */
async function everything(): Promise<readonly Counts[]> {
  const lanes = new Lanes(workers.runs)
  const before = machineWork()
  const tests = vitest([]).finally(() => {
    console.log(`beside the tests with real programs ${busyShare(before, machineWork())} were busy`)
    lanes.grow(workers.tests)
  })
  const counts = await Promise.all([tests, acceptance(lanes)])
  console.log(`during all of test:real ${busyShare(before, machineWork())} were busy`)
  return counts
}

async function only({ files, runs }: Chosen): Promise<readonly Counts[]> {
  console.log(`${files.length} test files, ${runs.length} acceptance runs: ${runs.join(' ')}`)
  return [
    ...(files.length > 0 ? [await vitest(files)] : []),
    ...(runs.length > 0 ? [await acceptance(new Lanes(workers.runs + workers.tests), runs)] : []),
  ]
}

/** Suites that need nothing but the checkout are recorded too. */
async function recorded(): Promise<readonly Counts[]> {
  const suites = names.length === 0 ? ['conformance'] : names
  return [await vitest(names), await countVitest([...recording, ...suites, '--passWithNoTests'], VITEST_LIMIT)]
}

const chosen = await choose()
// Before the tests, so that no test pays for a download.
await installAll(chosen?.installers)
const sum = addCounts(values.write ? await recorded() : chosen === undefined ? await everything() : await only(chosen))
console.log(`test:real: ${formatCounts(sum)}`)
process.exitCode = sum.failed === 0 ? 0 : 1
