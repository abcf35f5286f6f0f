/** Warnings and infos of an evaluation, in the words of Prometheus. */
import { floatText } from '../logql/template-values.ts'
import type { HistogramNotes } from './histograms.ts'

export type Note = (kind: 'warnings' | 'infos', text: string) => void

const counterName = /_(?:total|sum|count|bucket)$/
const monotonicityHint = '(see https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile)'

const ofMetric = (name: string): string => (name === '' ? '' : ` for metric name ${JSON.stringify(name)}`)

export class Notes {
  readonly #note: Note

  constructor(note: Note) {
    this.#note = note
  }

  quantile(value: number, position: string): void {
    if (value >= 0 && value <= 1) return
    const text = `PromQL warning: quantile value should be between 0 and 1, got ${floatText(value)}`
    this.#note('warnings', `${text} (${position})`)
  }

  ineffectiveSort(position: string): void {
    const text = 'sort is ineffective for range queries since results are always ordered by labels'
    this.#note('warnings', `PromQL warning: ${text} (${position})`)
  }

  counter(name: string, position: string): void {
    if (name === '' || counterName.test(name)) return
    const text = 'PromQL info: metric might not be a counter, name does not end in _total/_sum/_count/_bucket'
    this.#note('infos', `${text}: ${JSON.stringify(name)} (${position})`)
  }

  histogram(position: string): HistogramNotes {
    return {
      malformed: (text, name) => {
        const what = `bucket label "le" is missing or has a malformed value of ${JSON.stringify(text)}`
        this.#note('warnings', `PromQL warning: ${what}${ofMetric(name)} (${position})`)
      },
      forced: (name) => {
        const what = `input to histogram_quantile needed to be fixed for monotonicity ${monotonicityHint}`
        this.#note('infos', `PromQL info: ${what}${ofMetric(name)} (${position})`)
      },
    }
  }
}
