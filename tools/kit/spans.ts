import { readFileSync } from 'node:fs'
import { cpus } from 'node:os'

/** Times in ms since the epoch. */
export type Span = Readonly<{ name: string; from: number; to: number }>

const shown = 10
const began = Date.now()

/** Prints the longest and the last, in seconds since this process began: what ends last is the critical path. */
export function printLongest(what: string, spans: readonly Span[]): void {
  const longest = spans.toSorted((a, b) => b.to - b.from - (a.to - a.from)).slice(0, shown)
  const last = spans.toSorted((a, b) => b.to - a.to).slice(0, 3)
  console.log(`longest ${what}, seconds from start to end:`)
  for (const span of longest) console.log(`  ${formatSpan(span)}`)
  console.log(`last ${what}: ${last.map(formatSpan).join('; ')}`)
}

function formatSpan({ name, from, to }: Span): string {
  const seconds = (ms: number) => Math.round(ms / 1000)
  return `${seconds(to - from)} s: ${seconds(from - began)} to ${seconds(to - began)}, ${name}`
}

type Work = Readonly<{ at: number; busy: number }>

/** Processor time of the machine until now, in ms; undefined where there is no /proc. */
export function machineWork(): Work | undefined {
  try {
    const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = (
      readFileSync('/proc/stat', 'utf8').split('\n')[0] ?? ''
    )
      .split(/\s+/)
      .slice(1)
      .map(Number)
    return { at: Date.now(), busy: (user + nice + system + irq + softirq) * 10 }
  } catch {
    return undefined
  }
}

/** For example `81 % of 2 cores`. */
export function busyShare(before: Work | undefined, after: Work | undefined): string {
  if (before === undefined || after === undefined) return 'unknown'
  const cores = cpus().length
  const share = (after.busy - before.busy) / Math.max(1, after.at - before.at) / cores
  return `${Math.round(100 * share)} % of ${cores} cores`
}
