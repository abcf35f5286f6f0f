import { helpText, labelText, numberText } from '../model/prometheus-text.ts'
import type { MetricInfo } from './metric-table.ts'

/** A series and, from its first scrape on, the text before its value. */
export interface Sample {
  readonly values: readonly string[]
  readonly value: number
  text: string | undefined
}

const samplesPerChunk = 500

/** A metric after an empty line, in parts: long strings would be copied by the garbage collector. */
export function* metricText(
  name: string,
  { kind, help, labels }: MetricInfo,
  samples: Iterable<Sample>,
): Generator<string> {
  let chunk = `\n# HELP ${name} ${helpText(help)}\n# TYPE ${name} ${kind}\n`
  let written = 0
  for (const sample of samples) {
    sample.text ??= textBefore(name, labels, sample.values)
    chunk += sample.text + numberText(sample.value) + '\n'
    if (++written % samplesPerChunk > 0) continue
    yield chunk
    chunk = ''
  }
  yield chunk
}

/** One flat string: a template literal would stay a tree of its parts. */
function textBefore(name: string, labels: readonly string[], values: readonly string[]) {
  return labels.length === 0 ? `${name} ` : [name, '{', labelText(labels, values), '} '].join('')
}
