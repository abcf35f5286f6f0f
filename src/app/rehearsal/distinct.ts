import type { Preview } from '../../engine/contracts.ts'
import type { Distinct } from './report.ts'

const most = 100_000

/** Counts different texts up to a limit. */
export class DistinctValues {
  readonly #values = new Set<string>()
  #more = false

  add(text: string): void {
    if (this.#values.size < most) this.#values.add(text)
    else if (!this.#values.has(text)) this.#more = true
  }

  get result(): Distinct {
    return { values: this.#values.size, more: this.#more }
  }
}

const ofMetrics = new Set(['prometheus', 'remote-write', 'otlp'])

/** Series that a message adds to; undefined: the type has none. */
export function seriesOf(type: string, preview: Preview | undefined): readonly string[] | undefined {
  if (type === 'loki') return preview === undefined || 'problem' in preview ? [] : [preview.headers?.['stream'] ?? '']
  if (!ofMetrics.has(type)) return undefined
  if (preview === undefined || 'problem' in preview) return []
  const text = new TextDecoder().decode(preview.body)
  if (text.startsWith('{')) return []
  return text.split('\n').flatMap((line) => (line === '' ? [] : [line.replace(/(?<=[}\w]) [^}]*$/, '')]))
}
