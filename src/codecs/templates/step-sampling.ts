import type { GrowingColumn } from '../../model/flow-builder.ts'
import type { DataSet, FieldPlace } from './data-set.ts'
import { float, lengthOf, numberIn, startOf } from './read.ts'
import { intervalOf, type DomainFacts, type RecordSampling } from './sampling.ts'
import type { Step } from './step-numbers.ts'

export type SamplingPlaces = Readonly<{
  interval: FieldPlace | undefined
  taken: FieldPlace | undefined
  skipped: FieldPlace | undefined
  size: FieldPlace | undefined
  population: FieldPlace | undefined
  probability: FieldPlace | undefined
  /** IE 48 or 302. */
  selector: FieldPlace | undefined
}>

export interface SamplingDefaults {
  facts: DomainFacts
  /** 0: none. */
  configured: number
}

const values: RecordSampling = { interval: 0, taken: 0, skipped: 0, size: 0, population: 0, probability: 0 }

export function readSampling(set: DataSet, places: SamplingPlaces, record: number): RecordSampling {
  values.interval = places.interval === undefined ? 0 : numberIn(set, places.interval, record)
  values.taken = places.taken === undefined ? 0 : numberIn(set, places.taken, record)
  values.skipped = places.skipped === undefined ? 0 : numberIn(set, places.skipped, record)
  values.size = places.size === undefined ? 0 : numberIn(set, places.size, record)
  values.population = places.population === undefined ? 0 : numberIn(set, places.population, record)
  const { probability } = places
  values.probability =
    probability === undefined
      ? 0
      : float(set.view, startOf(set, probability, record), lengthOf(set, probability, record))
  return values
}

/** Of the record, selector, interface or domain, or the configured one; else absent. */
export function samplingStep(
  columns: { readonly sampling: GrowingColumn<Uint32Array> },
  places: SamplingPlaces,
  input: FieldPlace | undefined,
  defaults: SamplingDefaults,
): Step {
  const { sampling } = columns
  const inRecord = Object.values(places).some((place) => place !== undefined)
  return (set, row) => {
    const { facts, configured } = defaults
    const usual = facts.sampling > 0 ? facts.sampling : configured
    const byInterface = input !== undefined && facts.interfaceSampling.size > 1 ? input : undefined
    if (!inRecord && byInterface === undefined) {
      if (usual > 0) sampling.fill(usual, row, row + set.count)
      return
    }
    for (let i = 0; i < set.count; i++) {
      let interval = inRecord ? intervalOf(readSampling(set, places, i)) : 0
      if (interval === 0 && places.selector !== undefined)
        interval = facts.selectors.get(numberIn(set, places.selector, i)) ?? 0
      if (interval === 0 && byInterface !== undefined)
        interval = facts.interfaceSampling.get(numberIn(set, byInterface, i)) ?? 0
      if (interval === 0) interval = usual
      if (interval === 0) continue
      sampling.items[row + i] = interval
      sampling.mark(row + i)
    }
  }
}
