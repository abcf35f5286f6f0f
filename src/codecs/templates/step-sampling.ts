import type { GrowingColumn } from '../../model/flow-builder.ts'
import type { DataSet, FieldPlace } from './data-set.ts'
import { float, lengthOf, numberIn, startOf } from './read.ts'
import { egressKey, intervalOf, type DomainFacts, type RecordSampling } from './sampling.ts'
import type { Step } from './step-numbers.ts'

export type SamplingPlaces = Readonly<{
  algorithm: FieldPlace | undefined
  interval: FieldPlace | undefined
  taken: FieldPlace | undefined
  skipped: FieldPlace | undefined
  takenTime: FieldPlace | undefined
  skippedTime: FieldPlace | undefined
  size: FieldPlace | undefined
  population: FieldPlace | undefined
  probability: FieldPlace | undefined
  /** IE 48 or 302. */
  selector: FieldPlace | undefined
}>

export interface SamplingDefaults {
  facts: DomainFacts
  /** Id of the template of the current rows. */
  template: number
  /** 0: none. */
  configured: number
}

const values: RecordSampling = {
  algorithm: 0,
  interval: 0,
  taken: 0,
  skipped: 0,
  takenTime: 0,
  skippedTime: 0,
  size: 0,
  population: 0,
  probability: 0,
}

export function readSampling(set: DataSet, places: SamplingPlaces, record: number): RecordSampling {
  const value = (position: FieldPlace | undefined, absent: number) =>
    position === undefined ? absent : numberIn(set, position, record)
  values.algorithm = value(places.algorithm, 0)
  values.interval = value(places.interval, 0)
  values.taken = value(places.taken, 0)
  values.skipped = value(places.skipped, Number.NaN)
  values.takenTime = value(places.takenTime, 0)
  values.skippedTime = value(places.skippedTime, Number.NaN)
  values.size = value(places.size, 0)
  values.population = value(places.population, 0)
  const { probability } = places
  values.probability =
    probability === undefined
      ? 0
      : float(set.view, startOf(set, probability, record), lengthOf(set, probability, record))
  return values
}

export type SamplingScopes = Readonly<{
  input: FieldPlace | undefined
  output: FieldPlace | undefined
  direction: FieldPlace | undefined
}>

/**
 * Sampling of the record, or of its scope: selector, template, interface, domain. Else the configured one, or absent.
 */
export function samplingStep(
  columns: { readonly sampling: GrowingColumn<Uint32Array> },
  places: SamplingPlaces,
  scopes: SamplingScopes,
  defaults: SamplingDefaults,
): Step {
  const { sampling } = columns
  const inRecord = Object.values(places).some((position) => position !== undefined)
  const hasInterface = scopes.input !== undefined || scopes.output !== undefined
  return (set, row) => {
    const { facts, configured, template } = defaults
    const usual = facts.templateSampling.get(template) ?? (facts.sampling > 0 ? facts.sampling : configured)
    const byInterface = hasInterface && facts.interfaceSampling.size > 0 && !facts.templateSampling.has(template)
    if (!inRecord && !byInterface) {
      if (usual > 0) sampling.fill(usual, row, row + set.count)
      return
    }
    for (let i = 0; i < set.count; i++) {
      let interval = inRecord ? intervalOf(readSampling(set, places, i)) : 0
      if (interval === 0 && places.selector !== undefined)
        interval = facts.selectors.get(numberIn(set, places.selector, i)) ?? 0
      if (interval === 0 && byInterface) interval = ofInterface(set, scopes, facts, i)
      if (interval === 0) interval = usual
      if (interval === 0) continue
      sampling.items[row + i] = interval
      sampling.mark(row + i)
    }
  }
}

/** An outgoing flow was sampled at its output. */
function ofInterface(
  set: DataSet,
  { input, output, direction }: SamplingScopes,
  { interfaceSampling }: DomainFacts,
  record: number,
) {
  const isOutgoing = output !== undefined && direction !== undefined && numberIn(set, direction, record) === 1
  const index = isOutgoing ? output : input
  return (
    (index === undefined ? undefined : interfaceSampling.get(numberIn(set, index, record))) ??
    (output === undefined ? undefined : interfaceSampling.get(egressKey(numberIn(set, output, record)))) ??
    0
  )
}
