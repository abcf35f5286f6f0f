import type { AnswerFrame } from '../../../src/api/published.ts'

export interface SeriesAnswer extends AnswerFrame {
  readonly step: number
}

/** Begins of the buckets in Unix seconds, and the bucket of a time; -1: outside. */
export function bucketsOf({ span, step }: Pick<SeriesAnswer, 'span' | 'step'>) {
  const first = Math.floor(Date.parse(span.from) / 1000 / step) * step
  const length = Math.max(1, Math.ceil((Date.parse(span.to) / 1000 - first) / step))
  return {
    times: Array.from({ length }, (_, index) => first + index * step),
    at: (time: unknown) => {
      const index = Math.round((Date.parse(time as string) / 1000 - first) / step)
      return index < length ? Math.max(-1, index) : -1
    },
    zeros: () => new Array<number>(length).fill(0),
  }
}

/** Bytes per second of each bucket; buckets without flows are 0. */
export function ratesOf({
  columns,
  rows,
  span,
  step,
}: SeriesAnswer): Readonly<{ times: readonly number[]; values: readonly number[]; sum: number }> {
  const place = (name: string) => columns.findIndex((column) => column.name === name)
  const [time, bytes] = [place('time'), place('bytes')]
  const buckets = bucketsOf({ span, step })
  const values = buckets.zeros()
  let sum = 0
  for (const row of rows) {
    const at = buckets.at(row[time])
    sum += Number(row[bytes])
    if (at >= 0) values[at] = (values[at] ?? 0) + Number(row[bytes]) / step
  }
  return { times: buckets.times, values, sum }
}
