import { ProtoWriter } from '../proto-writer/index.ts'
import { eachSeries, type Entry, type WriteOptions } from './entries.ts'
import { metricTypes, writeValue } from './values.ts'

/** The symbols precede the series, because some receivers decode in one pass. */
export function encodeV2(entries: readonly Entry[], { labels: common, at, stale = false }: WriteOptions): Uint8Array {
  const series = new ProtoWriter()
  const table = new ProtoWriter()
  const symbols = new Map<string, number>()
  const symbol = (text: string) => {
    const existing = symbols.get(text)
    if (existing !== undefined) return existing
    table.text(4, text)
    symbols.set(text, symbols.size)
    return symbols.size - 1
  }
  symbol('')
  const refs: number[] = []
  for (const entry of entries) {
    const { type, help, unit = '' } = entry.family
    const since = type === 'gauge' || stale ? 0 : entry.family.series.since[entry.set]!
    const [helpRef, unitRef] = [symbol(help), symbol(unit)]
    eachSeries(entry, common, (labels, value) => {
      refs.length = 0
      for (const [name, text] of labels) refs.push(symbol(name), symbol(text))
      const start = series.begin(5)
      series.packed(1, refs)
      const sample = series.begin(2)
      writeValue(series, stale ? 'stale' : value)
      series.int(2, at)
      if (since > 0 && since < at) series.int(3, since)
      series.end(sample)
      const metadata = series.begin(5)
      series.uint(1, metricTypes[type])
      series.uint(3, helpRef)
      series.uint(4, unitRef)
      series.end(metadata)
      series.end(start)
    })
  }
  return entries.length === 0 ? new Uint8Array(0) : Buffer.concat([table.finish(), series.finish()])
}
