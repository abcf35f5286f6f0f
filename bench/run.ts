import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { Lanes, runAll, runFiles } from './all.ts'
import { runAcceptance, type AcceptanceRun, type AcceptanceResult } from './harness.ts'
import { ROOT } from '../tools/kit/command.ts'

const HELP = `npm run acceptance              lists the runs
npm run acceptance -- NAME      executes one and prints met or not met
npm run acceptance -- --all     executes all
  --scale full|ci               size of the run (full)
  --seed N                      (1)
  --write                       stores the result in bench/results/NAME.json
  --minutes N                   duration of a steady load, for runs that have one
  --data FOLDER                 keeps the stored rows for later runs of NAME, for runs that support it
  --limit SECONDS               limit of one run of --all (1800, at scale ci 900)
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

if (values.help) console.log(HELP)
else if (values.scale !== 'full' && values.scale !== 'ci') fail(`--scale is full or ci, not ${values.scale}`)
else if (!Number.isSafeInteger(seed)) fail(`--seed is a whole number, not ${values.seed}`)
else if (minutes !== undefined && !(minutes > 0)) fail(`--minutes is a number above 0, not ${values.minutes}`)
else if (!Number.isSafeInteger(atOnce) || atOnce < 1)
  fail(`--at-once is a whole number above 0, not ${values['at-once']}`)
else if (values.all) {
  const { failed } = await runAll({
    root,
    scale: values.scale,
    seed,
    write: values.write,
    limit: Number(values.limit ?? (values.scale === 'ci' ? 900 : 1800)),
    lanes: new Lanes(atOnce),
    names: [...(await runFiles(root)).keys()],
  })
  process.exitCode = failed === 0 ? 0 : 1
} else if (name === undefined) await list()
else await runOne(name, values.scale)

function fail(message: string) {
  console.error(message)
  process.exitCode = 2
}

async function load(target: string, file: string): Promise<AcceptanceRun> {
  const module = (await import(pathToFileURL(join(root, file)).href)) as AcceptanceRun & {
    default?: AcceptanceRun
  }
  const found = module.default ?? module
  if (found.name !== target || typeof found.run !== 'function') {
    throw new Error(`${file} must export name '${target}', issue, title and run(context)`)
  }
  return found
}

async function list() {
  const all = await runFiles(root)
  if (all.size === 0) console.log('bench/runs/ has no acceptance runs')
  const width = Math.max(...[...all.keys()].map((run) => run.length))
  for (const [run, file] of all) {
    const target = await load(run, file)
    console.log(`${run.padEnd(width)}  issue ${target.issue}  ${target.title}`)
  }
}

async function runOne(target: string, scale: 'full' | 'ci') {
  const all = await runFiles(root)
  const file = all.get(target)
  if (file === undefined) {
    fail(`There is no acceptance run ${target}. There are: ${[...all.keys()].join(', ') || 'none'}.`)
    return
  }
  const result = await runAcceptance(
    await load(target, file),
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
