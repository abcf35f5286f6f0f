import type { Extent } from '../engine/control.ts'

/** Beyond it, one span covers all: a header is limited. */
const maxSpans = 10

/** `what from/to`, comma-separated; undefined: nothing is lost. */
export function lostText(lost: Readonly<Record<string, readonly Extent[]>>): string | undefined {
  const iso = (ms: number) => new Date(ms).toISOString()
  const texts = Object.entries(lost).flatMap(([what, extents]) =>
    joined(extents).map(({ from, to }) => `${what} ${iso(from)}/${iso(to)}`),
  )
  return texts.length === 0 ? undefined : texts.join(', ')
}

function joined(extents: readonly Extent[]): readonly Readonly<{ from: number; to: number }>[] {
  const spans: { from: number; to: number }[] = []
  for (const { from, to } of extents.map(({ occurred }) => occurred).toSorted((a, b) => a.from - b.from)) {
    const last = spans.at(-1)
    if (last !== undefined && from <= last.to) last.to = Math.max(last.to, to)
    else spans.push({ from, to })
  }
  const [first] = spans
  return first === undefined || spans.length <= maxSpans ? spans : [{ from: first.from, to: spans.at(-1)!.to }]
}
