import { loadavg } from 'node:os'
import type { AcceptanceContext } from '../../harness.ts'

type Limit = Readonly<{ most: number } | { least: number }>

type Line = Readonly<{ what: string; target: string; value: string; holds: boolean }>

const format = new Intl.NumberFormat('en-US', { maximumFractionDigits: 1 })

/** Figures with targets. They are judged at full scale and printed as one table at the end. */
export class Targets {
  readonly #context: AcceptanceContext
  readonly #lines: Line[] = []
  readonly #load: number[] = []

  constructor(context: AcceptanceContext) {
    this.#context = context
  }

  judge(what: string, value: number, unit: string, limit: Limit): void {
    const [holds, target] =
      'most' in limit
        ? [value <= limit.most, `at most ${format.format(limit.most)}`]
        : [value >= limit.least, `at least ${format.format(limit.least)}`]
    this.#context.figure(what, value, unit)
    this.#context.expectSpeed(holds, `${what}: ${target} ${unit}`.trimEnd())
    this.#lines.push({
      what,
      target: `${target} ${unit}`.trimEnd(),
      value: `${format.format(value)} ${unit}`.trimEnd(),
      holds,
    })
    this.#load.push(loadavg()[0] ?? 0)
  }

  /** Prints the table, and the load average that explains slow figures of a busy machine. */
  print(): void {
    const { cores } = this.#context.machine
    const most = Math.max(0, ...this.#load)
    this.#context.figure('load average, from', Math.min(...this.#load))
    this.#context.figure('load average, to', most)
    const widths = (['what', 'target', 'value'] as const).map((column) =>
      Math.max(...this.#lines.map((line) => line[column].length)),
    )
    for (const { what, target, value, holds } of this.#lines)
      console.log(
        `  | ${what.padEnd(widths[0]!)} | ${target.padEnd(widths[1]!)} | ${value.padStart(widths[2]!)} | ` +
          `${holds ? 'yes' : 'NO '} |`,
      )
    if (most > 2 * cores)
      console.log(
        `  The machine was busy: load average up to ${most.toFixed(1)} on ${cores} cores. Processor times above are ` +
          'comparable, durations are not.',
      )
  }
}
