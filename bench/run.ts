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
    root: { type: 'string', default: ROOT },
    help: { type: 'boolean', default: false },
  },
})
const root = resolve(values.root)
const seed = Number(values.seed)
const atOnce = Number(values['at-once'])
const minutes = values.minutes === undefined ? undefined : Number(values.minutes)
const [name] = positionals

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
    { seed, scale, ...(minutes === undefined ? {} : { minutes }) },
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
  const limit = Number(values.limit ?? (scale === 'ci' ? 300 : 1800)) * 1000
  const allowed = await readAllowedSkips(root)
  const counts = { passed: 0, failed: 0, skipped: 0 }
  const verdicts: string[] = []
  const left = await names()
  const one = async (target: string) => {
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
    const result = await runCommand(process.execPath, args, { cwd: root, limit, echo: atOnce === 1 })
    // The output of concurrent runs must not mix.
    if (atOnce > 1) process.stdout.write(result.output)
    let verdict = { 0: 'met', 75: 'skipped' }[result.code] ?? 'not met'
    if (result.timedOut) verdict = `not met: stopped after ${limit / 1000} s`
    if (verdict === 'skipped' && !isAllowedSkip(`acceptance ${target}`, allowed))
      verdict = 'not met: skipped, and test/skips.json does not list it'
    counts[verdict === 'met' ? 'passed' : verdict === 'skipped' ? 'skipped' : 'failed']++
    verdicts.push(`${target}: ${verdict} (${result.seconds.toFixed(1)} s)`)
    if (verdict !== 'met' && verdict !== 'skipped') {
      const not = result.stdout.split('\n').filter((line) => line.startsWith('  NO '))
      verdicts.push(
        ...(not.length === 0 ? [result.stdout.slice(-400).replaceAll(/\s+/g, ' ')] : not).map(
          (line) => `failed: ${target}: ${line.trim()}`,
        ),
      )
    }
  }
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (let target = left.shift(); target !== undefined; target = left.shift()) await one(target)
    }),
  )
  for (const line of verdicts) console.log(line)
  console.log(`acceptance runs: ${formatCounts(counts)}`)
  process.exitCode = counts.failed === 0 ? 0 : 1
}
