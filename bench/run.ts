import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { runAcceptance, type AcceptanceRun, type AcceptanceResult } from './harness.ts'
import { ROOT, runCommand } from '../tools/kit/command.ts'
import { formatCounts, isAllowedSkip, readAllowedSkips } from '../tools/kit/counts.ts'
import { listFiles } from '../tools/kit/sources.ts'

const HELP = `npm run acceptance              lists the runs
npm run acceptance -- NAME      executes one and prints met or not met
npm run acceptance -- --all     executes all
  --scale full|ci               size of the run (full)
  --seed N                      (1)
  --write                       stores the result in bench/results/NAME.json
  --minutes N                   duration of a steady load, for runs that have one
  --data FOLDER                 keeps the stored rows for later runs of NAME, for runs that support it
  --limit SECONDS               limit of one run of --all (1800, at scale ci 300)
  --at-once N                   runs of --all at the same time, where speed is not judged (1)`

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    all: { type: 'boolean', default: false },
    scale: { type: 'string', default: 'full' },
    seed: { type: 'string', default: '1' },
    write: { type: 'boolean', default: false },
    limit: { type: 'string' },
    'at-once': { type: 'string', default: '1' },
    minutes: { type: 'string' },
    data: { type: 'string' },
    root: { type: 'string', default: ROOT },
    help: { type: 'boolean', default: false },
  },
})
const root = resolve(values.root)
const seed = Number(values.seed)
const atOnce = Number(values['at-once'])
const minutes = values.minutes === undefined ? undefined : Number(values.minutes)
const [name] = positionals
/** Seconds at the scale of CI, of those above a minute. */
const longRuns: Readonly<Record<string, number>> = {
  'push-bounds': 242,
  damage: 184,
  'console-speed': 105,
  'shared-journal': 96,
  'start-orders': 89,
  'template-restart': 85,
  'kubernetes-scale': 83,
  'api-safety': 80,
  'neo4j-load': 73,
  'real-exporters': 73,
  'query-meaning': 64,
  'bus-away': 60,
  'kafka-brokers': 60,
}
/** More failed runs than these are a fault and not a busy machine. */
const fewRuns = 3

if (values.help) console.log(HELP)
else if (values.scale !== 'full' && values.scale !== 'ci') fail(`--scale is full or ci, not ${values.scale}`)
else if (!Number.isSafeInteger(seed)) fail(`--seed is a whole number, not ${values.seed}`)
else if (minutes !== undefined && !(minutes > 0)) fail(`--minutes is a number above 0, not ${values.minutes}`)
else if (!Number.isSafeInteger(atOnce) || atOnce < 1)
  fail(`--at-once is a whole number above 0, not ${values['at-once']}`)
else if (values.all) await runAll(values.scale)
else if (name === undefined) await list()
else await runOne(name, values.scale)

function fail(message: string) {
  console.error(message)
  process.exitCode = 2
}

async function names(): Promise<string[]> {
  const files = await listFiles(root, 'bench/runs', /^[^.]+\.ts$/)
  return files
    .filter((file) => file.split('/').length === 3)
    .map((file) => file.slice('bench/runs/'.length, -'.ts'.length))
}

async function load(target: string): Promise<AcceptanceRun> {
  const module = (await import(pathToFileURL(join(root, 'bench/runs', `${target}.ts`)).href)) as AcceptanceRun & {
    default?: AcceptanceRun
  }
  const found = module.default ?? module
  if (found.name !== target || typeof found.run !== 'function') {
    throw new Error(`bench/runs/${target}.ts must export name '${target}', issue, title and run(context)`)
  }
  return found
}

async function list() {
  const all = await names()
  if (all.length === 0) console.log('bench/runs/ has no acceptance runs')
  const width = Math.max(...all.map((one) => one.length))
  for (const one of all) {
    const target = await load(one)
    console.log(`${one.padEnd(width)}  issue ${target.issue}  ${target.title}`)
  }
}

async function runOne(target: string, scale: 'full' | 'ci') {
  const all = await names()
  if (!all.includes(target)) {
    fail(`There is no acceptance run ${target}. There are: ${all.join(', ') || 'none'}.`)
    return
  }
  const result = await runAcceptance(
    await load(target),
    {
      seed,
      scale,
      ...(minutes === undefined ? {} : { minutes }),
      ...(values.data === undefined ? {} : { data: resolve(values.data) }),
    },
    (line) => console.log(line),
  )
  if (values.write) await store(result)
  // 75: EX_TEMPFAIL.
  process.exitCode = { met: 0, 'not met': 1, skipped: 75 }[result.verdict]
  // Reached only if the run left resources open.
  setTimeout(() => {
    console.error(`acceptance ${target} left open: ${process.getActiveResourcesInfo().join(', ')}`)
    process.exit(1)
  }, 5000).unref()
}

/** Replaces the result of this machine and scale; others stay. */
async function store(result: AcceptanceResult) {
  const file = join(root, 'bench/results', `${result.name}.json`)
  const before = await readFile(file, 'utf8').then(
    (text) => JSON.parse(text) as AcceptanceResult[],
    () => [],
  )
  const others = before.filter(
    (one) => JSON.stringify(one.machine) !== JSON.stringify(result.machine) || one.scale !== result.scale,
  )
  await mkdir(join(root, 'bench/results'), { recursive: true })
  await writeFile(file, `${JSON.stringify([...others, result], null, 2)}\n`)
  console.log(`  stored in bench/results/${result.name}.json`)
}

async function runAll(scale: 'full' | 'ci') {
  const all = await names()
  const found: Judged[] = []
  // Otherwise the last ones run alone.
  const left = atOnce === 1 ? [...all] : all.toSorted((one, other) => (longRuns[other] ?? 0) - (longRuns[one] ?? 0))
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (let target = left.shift(); target !== undefined; target = left.shift())
        found.push(await runProcess(target, scale, atOnce === 1))
    }),
  )
  const lines: string[] = []
  const failed = found.filter(({ count }) => count === 'failed')
  for (const first of atOnce > 1 && failed.length <= fewRuns ? failed : []) {
    const second = await runProcess(first.target, scale, true)
    if (second.count !== 'passed') continue
    lines.push(...first.reasons.map((reason) => `unsteady: met when run again: ${first.target}: ${reason}`))
    found[found.indexOf(first)] = second
  }
  for (const { target, verdict, seconds, reasons } of found) {
    console.log(`${target}: ${verdict} (${seconds.toFixed(1)} s)`)
    for (const reason of reasons) console.log(`failed: ${target}: ${reason}`)
  }
  for (const line of lines) console.log(line)
  const counts = { passed: 0, failed: 0, skipped: 0 }
  for (const { count } of found) counts[count]++
  console.log(`acceptance runs: ${formatCounts(counts)}`)
  process.exitCode = counts.failed === 0 ? 0 : 1
}

type Judged = Readonly<{
  target: string
  count: 'passed' | 'failed' | 'skipped'
  verdict: string
  seconds: number
  /** Only if it failed. */
  reasons: readonly string[]
}>

/** Executes a run in its own process. */
async function runProcess(target: string, scale: 'full' | 'ci', echo: boolean): Promise<Judged> {
  const limit = Number(values.limit ?? (scale === 'ci' ? 300 : 1800)) * 1000
  const args = [
    join(ROOT, 'bench/run.ts'),
    target,
    '--root',
    root,
    '--scale',
    scale,
    '--seed',
    String(seed),
    ...(values.write ? ['--write'] : []),
  ]
  const result = await runCommand(process.execPath, args, { cwd: root, limit, echo })
  // The output of concurrent runs must not mix.
  if (!echo) process.stdout.write(result.output)
  const { seconds } = result
  if (result.code === 0) return { target, count: 'passed', verdict: 'met', seconds, reasons: [] }
  if (result.code === 75) {
    if (isAllowedSkip(`acceptance ${target}`, await readAllowedSkips(root)))
      return { target, count: 'skipped', verdict: 'skipped', seconds, reasons: [] }
    const verdict = 'not met: skipped, and test/skips.json does not list it'
    return { target, count: 'failed', verdict, seconds, reasons: [verdict] }
  }
  const lines = result.stdout.split('\n')
  const not = lines.filter((line) => line.startsWith('  NO ')).map((line) => line.trim())
  const verdict = result.timedOut ? `not met: stopped after ${limit / 1000} s` : 'not met'
  // A run that was stopped failed in nothing before: its last line shows where it was.
  const last = result.timedOut ? lines.findLast((line) => line.trim() !== '') : result.stdout.slice(-400)
  const reasons = not.length > 0 ? not : [`${verdict}, after: ${(last ?? '').replaceAll(/\s+/g, ' ').trim()}`]
  return { target, count: 'failed', verdict, seconds, reasons }
}
