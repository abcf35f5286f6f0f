import { helpText, labelText, numberText } from '../../model/prometheus-text.ts'
import type { FlowAggregator } from './aggregator.ts'
import type { Family } from './family.ts'

type TextFormat = 'prometheus' | 'openmetrics'

const setsPerChunk = 500

export function exposition(aggregator: FlowAggregator, format: TextFormat): string {
  return [...expositionChunks(aggregator, format)].join('')
}

/** As {@link exposition}, in parts. Flows may be added between two parts; `sweep` must wait for the last one. */
export function* expositionChunks(aggregator: FlowAggregator, format: TextFormat): Generator<string> {
  for (const family of aggregator.families()) yield* writeFamily(family, format)
  if (format === 'openmetrics') yield '# EOF\n'
}

function* writeFamily(family: Family, format: TextFormat): Generator<string> {
  let parts: string[] = []
  const { name, type, help, series, raw, unit } = family
  // OpenMetrics names the family without the suffix of its samples.
  const title = format === 'openmetrics' && type === 'counter' ? name.replace(/_total$/, '') : name
  const sample = format === 'openmetrics' && type === 'counter' && !name.endsWith('_total') ? `${name}_total` : name
  parts.push(`# HELP ${title} ${helpText(help)}\n# TYPE ${title} ${type}\n`)
  if (format === 'openmetrics' && unit !== undefined && title.endsWith(`_${unit}`))
    parts.push(`# UNIT ${title} ${unit}\n`)
  let written = 0
  for (let set = 0; set < series.changed.length; set++) {
    if (series.changed[set] === 0) continue
    const labels = labelText(family.labels, family.valuesOf(set))
    if (type === 'histogram') writeHistogram(family, set, labels, parts)
    else
      parts.push(
        `${sample}${labels === '' ? '' : `{${labels}}`} ${numberText((raw ? series.raw! : series.values)[set]!)}\n`,
      )
    if (++written % setsPerChunk === 0) {
      yield parts.join('')
      parts = []
    }
  }
  yield parts.join('')
}

function writeHistogram({ name, bounds, series }: Family, set: number, labels: string, parts: string[]) {
  const before = labels === '' ? '' : `${labels},`
  let count = 0
  bounds.forEach((bound, b) => {
    count += series.counts[set * series.buckets + b]!
    parts.push(`${name}_bucket{${before}le="${boundText(bound)}"} ${count}\n`)
  })
  count += series.counts[set * series.buckets + bounds.length]!
  parts.push(
    `${name}_bucket{${before}le="+Inf"} ${count}\n`,
    `${name}_sum${labels === '' ? '' : `{${labels}}`} ${numberText(series.values[set]!)}\n`,
    `${name}_count${labels === '' ? '' : `{${labels}}`} ${count}\n`,
  )
}

/** Canonical in OpenMetrics: whole bounds have a decimal. */
function boundText(bound: number) {
  return Number.isInteger(bound) && Math.abs(bound) < 1e21 ? `${bound}.0` : String(bound)
}
