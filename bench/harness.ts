// An acceptance run measures, checks expectations, and prints met or not met.
import { mkdtemp, rm } from 'node:fs/promises'
import { arch, availableParallelism, cpus, release, tmpdir, totalmem, type } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'

export interface AcceptanceRun {
  /** The file name in bench/runs/ or test/attacks/ without `.ts`. */
  readonly name: string
  /** Number of the issue and of its criterion. */
  readonly issue: string
  /** The requirement, as a sentence. */
  readonly title: string
  run(context: AcceptanceContext): Promise<void>
}

type Scale = 'full' | 'ci'

export interface AcceptanceContext {
  readonly seed: number
  /** `ci` is the small run of `.ci/run`; only `full` counts as met. */
  readonly scale: Scale
  readonly machine: Machine
  /** Temporary folder of this run, removed at its end. */
  readonly folder: string
  /** `--data`: folder outside of the repository that keeps the stored rows of this run for its next ones. */
  readonly data?: string
  /** `--minutes`: duration of a steady load; undefined: the default of the run. */
  readonly minutes?: number
  /** The first value at full scale, the second in CI. */
  size<T>(full: T, ci: T): T
  /** Records a measured value. `unit`: `ms`, `MB/s`, `events`. */
  figure(name: string, value: number | string, unit?: string): void
  /** Records an expectation. The run continues after a failed one, and is then not met. */
  expect(condition: boolean, sentence: string): void
  /** Like `expect`, for speed: in CI it is printed and not judged. */
  expectSpeed(condition: boolean, sentence: string): void
  /** Ends the run as skipped because a prerequisite is missing. test/skips.json must list `acceptance NAME`. */
  skip(reason: string): never
}

interface Machine {
  readonly cores: number
  readonly cpu: string
  readonly memoryGiB: number
  readonly kernel: string
  readonly node: string
}

type Verdict = 'met' | 'not met' | 'skipped'

export interface AcceptanceResult {
  readonly name: string
  readonly issue: string
  readonly title: string
  readonly verdict: Verdict
  readonly seed: number
  readonly scale: Scale
  readonly machine: Machine
  readonly seconds: number
  readonly figures: readonly { readonly name: string; readonly value: number | string; readonly unit: string }[]
  readonly expectations: readonly { readonly holds: boolean; readonly sentence: string }[]
  /** Reason of a skip, or the error. */
  readonly reason?: string
}

export function describeMachine(): Machine {
  return {
    cores: availableParallelism(),
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: `${type()} ${release()} ${arch()}`,
    node: process.version,
  }
}

class Skipped extends Error {}

/** Executes a run and passes each line of output to `print`. Never throws: an error is `not met`. */
export async function runAcceptance(
  target: AcceptanceRun,
  options: { seed: number; scale: Scale; minutes?: number; data?: string },
  print: (line: string) => void,
): Promise<AcceptanceResult> {
  const machine = describeMachine()
  const figures: { name: string; value: number | string; unit: string }[] = []
  const expectations: { holds: boolean; sentence: string }[] = []
  const folder = await mkdtemp(join(tmpdir(), `weir-acceptance-${target.name}-`))
  const started = performance.now()
  let reason: string | undefined
  let verdict: Verdict

  print(`acceptance ${target.name} (issue ${target.issue}): ${target.title}`)
  print(`  seed ${options.seed}, scale ${options.scale}`)
  print(
    `  machine ${machine.cores} cores ${machine.cpu}, ${machine.memoryGiB} GiB, ${machine.kernel}, Node ` +
      `${machine.node}`,
  )
  try {
    await target.run({
      ...options,
      machine,
      folder,
      size: (full, ci) => (options.scale === 'full' ? full : ci),
      figure(name, value, unit = '') {
        figures.push({ name, value, unit })
        print(`  ${name}: ${typeof value === 'number' ? formatNumber(value) : value} ${unit}`.trimEnd())
      },
      expect(holds, sentence) {
        expectations.push({ holds, sentence })
        print(`  ${holds ? 'yes' : 'NO '} ${sentence}`)
      },
      expectSpeed(holds, sentence) {
        if (options.scale === 'full') {
          expectations.push({ holds, sentence })
          print(`  ${holds ? 'yes' : 'NO '} ${sentence}`)
        } else {
          print(`  ${holds ? 'yes' : 'no '} ${sentence} (not judged at the scale of CI)`)
        }
      },
      skip(why) {
        throw new Skipped(why)
      },
    })
    if (expectations.length === 0) reason = 'it expected nothing'
    verdict = expectations.length > 0 && expectations.every((one) => one.holds) ? 'met' : 'not met'
  } catch (error) {
    verdict = error instanceof Skipped ? 'skipped' : 'not met'
    reason = error instanceof Skipped ? error.message : inspect(error)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  if (reason !== undefined) print(`  ${reason}`)
  print(`  verdict: ${verdict}${options.scale === 'ci' && verdict === 'met' ? ' at the scale of CI' : ''}`)
  return {
    name: target.name,
    issue: target.issue,
    title: target.title,
    verdict,
    seed: options.seed,
    scale: options.scale,
    machine,
    seconds: Math.round((performance.now() - started) / 100) / 10,
    figures,
    expectations,
    ...(reason === undefined ? {} : { reason }),
  }
}

function formatNumber(value: number) {
  if (Number.isInteger(value)) return value.toLocaleString('en-US')
  return value.toLocaleString('en-US', { maximumFractionDigits: Math.abs(value) >= 100 ? 0 : 3 })
}
