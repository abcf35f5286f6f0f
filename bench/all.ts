// All acceptance runs, each in its own process.
import { basename, join } from 'node:path'
import { ROOT, runCommand } from '../tools/kit/command.ts'
import { formatCounts, isAllowedSkip, readAllowedSkips, type Counts } from '../tools/kit/counts.ts'
import { listFiles } from '../tools/kit/sources.ts'
import { printLongest, type Span } from '../tools/kit/spans.ts'
import { heldBy, longRuns } from './ci.ts'

export type Scale = 'full' | 'ci'

type AllOptions = Readonly<{
  root: string
  scale: Scale
  seed: number
  write: boolean
  /** Seconds of one run. */
  limit: number
  lanes: Lanes
  names: readonly string[]
}>

type Judged = Span &
  Readonly<{
    count: keyof Counts
    verdict: string
    /** Only if it failed. */
    reasons: readonly string[]
  }>

/** More failed runs than these are a fault and not a busy machine. */
const fewRuns = 3

/** Number of runs at the same time. It can grow while they are executed. */
export class Lanes {
  #count: number
  #started = 0
  #run: (() => Promise<void>) | undefined
  readonly #running: Promise<void>[] = []

  constructor(count: number) {
    this.#count = count
  }

  get count(): number {
    return this.#count
  }

  grow(by: number): void {
    this.#count += by
    this.#start()
  }

  /** Calls `act` for each item in their order; resolves when all have ended. */
  async each<T>(items: readonly T[], act: (item: T) => Promise<void>): Promise<void> {
    const left = [...items]
    this.#run = async () => {
      for (let item = left.shift(); item !== undefined; item = left.shift()) await act(item)
    }
    this.#start()
    for (let index = 0; index < this.#running.length; index++) await this.#running[index]
    this.#run = undefined
  }

  #start(): void {
    if (this.#run === undefined) return
    for (; this.#started < this.#count; this.#started++) this.#running.push(this.#run())
  }
}

/** Measurements, and attacks on a running Weir. */
const folders = ['bench/runs', 'test/attacks']

/** Paths of the runs by name. */
export async function runFiles(root: string): Promise<ReadonlyMap<string, string>> {
  const files = await Promise.all(folders.map((folder) => listFiles(root, folder, /^[^.]+\.ts$/)))
  const runs = files.flat().filter((file) => file.split('/').length === 3)
  return new Map(runs.map((file) => [basename(file, '.ts'), file] as const).toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

/** Prints verdicts and sums. A few runs that failed beside others are repeated alone, and are unsteady if met then. */
export async function runAll(options: AllOptions): Promise<Counts> {
  const { scale, lanes, names } = options
  const chosen = names.filter((name) => scale === 'full' || heldBy[name] === undefined)
  const judged: Judged[] = []
  const isAlone = lanes.count === 1
  const inOrder = isAlone ? chosen : chosen.toSorted((one, other) => (longRuns[other] ?? 0) - (longRuns[one] ?? 0))
  await lanes.each(inOrder, async (name) => void judged.push(await runProcess(name, options, isAlone)))
  const lines: string[] = []
  const failed = judged.filter(({ count }) => count === 'failed')
  for (const first of !isAlone && failed.length <= fewRuns ? failed : []) {
    const second = await runProcess(first.name, options, true)
    if (second.count !== 'passed') continue
    lines.push(...first.reasons.map((reason) => `unsteady: met when run again: ${first.name}: ${reason}`))
    judged[judged.indexOf(first)] = second
  }
  for (const { name, verdict, from, to, reasons } of judged) {
    console.log(`${name}: ${verdict} (${((to - from) / 1000).toFixed(1)} s)`)
    for (const reason of reasons) console.log(`failed: ${name}: ${reason}`)
  }
  for (const line of lines) console.log(line)
  printLongest('acceptance runs', judged)
  const counts = { passed: 0, failed: 0, skipped: 0 }
  for (const { count } of judged) counts[count]++
  console.log(`acceptance runs: ${formatCounts(counts)}`)
  return counts
}

async function runProcess(name: string, options: AllOptions, echo: boolean): Promise<Judged> {
  const { root, scale, seed, limit, write } = options
  const from = Date.now()
  const args = [join(ROOT, 'bench/run.ts'), name, '--root', root, '--scale', scale, '--seed', String(seed)]
  const result = await runCommand(process.execPath, [...args, ...(write ? ['--write'] : [])], {
    cwd: root,
    limit: limit * 1000,
    echo,
  })
  // The output of concurrent runs must not mix.
  if (!echo) process.stdout.write(result.output)
  const span = { name, from, to: Date.now() }
  if (result.code === 0) return { ...span, count: 'passed', verdict: 'met', reasons: [] }
  if (result.code === 75) {
    if (isAllowedSkip(`acceptance ${name}`, await readAllowedSkips(root)))
      return { ...span, count: 'skipped', verdict: 'skipped', reasons: [] }
    const verdict = 'not met: skipped, and test/skips.json does not list it'
    return { ...span, count: 'failed', verdict, reasons: [verdict] }
  }
  const lines = result.stdout.split('\n')
  const not = lines.filter((line) => line.startsWith('  NO ')).map((line) => line.trim())
  const verdict = result.timedOut ? `not met: stopped after ${limit} s` : 'not met'
  // A run that was stopped failed in nothing before: its last line shows where it was.
  const last = result.timedOut ? lines.findLast((line) => line.trim() !== '') : result.stdout.slice(-400)
  const reasons = not.length > 0 ? not : [`${verdict}, after: ${(last ?? '').replaceAll(/\s+/g, ' ').trim()}`]
  return { ...span, count: 'failed', verdict, reasons }
}
