import type { AnswerFrame } from '../../../src/api/published.ts'

export interface SeriesAnswer extends AnswerFrame {
  readonly step: number
}

/** Bytes per second of each bucket; buckets without flows are 0. */
export function ratesOf({
  columns,
  rows,
  span,
  step,
}: SeriesAnswer): Readonly<{ times: readonly number[]; values: readonly number[]; sum: number }> {
  const place = (name: string): number => columns.findIndex((column) => column.name === name)
  const [time, bytes] = [place('time'), place('bytes')]
  const first = Math.floor(Date.parse(span.from) / 1000 / step) * step
  const length = Math.max(1, Math.ceil((Date.parse(span.to) / 1000 - first) / step))
  const values = new Array<number>(length).fill(0)
  let sum = 0
  for (const row of rows) {
    const at = Math.round((Date.parse(row[time] as string) / 1000 - first) / step)
    sum += Number(row[bytes])
    if (at >= 0 && at < length) values[at] = (values[at] ?? 0) + Number(row[bytes]) / step
  }
  return { times: Array.from({ length }, (_, index) => first + index * step), values, sum }
}
