import { Applications } from './applications.ts'

export interface DomainFacts {
  sampling: number
  readonly selectors: Map<number, number>
  /** By index; of outgoing flows by {@link egressKey}. */
  readonly interfaceSampling: Map<number, number>
  readonly templateSampling: Map<number, number>
  /** The exporter writes code * 256 + type. */
  icmpReversed: boolean
  /** Unix ms (IE 160); NaN unknown. */
  initTime: number
  readonly interfaceNames: Map<number, string>
  readonly applications: Applications
  /** Seed of the exporter, version and domain, for keys of what it reports. */
  readonly seed: number
}

export function newFacts(seed = 0): DomainFacts {
  return {
    sampling: 0,
    selectors: new Map(),
    interfaceSampling: new Map(),
    templateSampling: new Map(),
    icmpReversed: false,
    initTime: Number.NaN,
    interfaceNames: new Map(),
    applications: new Applications(),
    seed,
  }
}

export const egressKey = (index: number): number => index + 0x1_0000_0000

/** 0 and NaN if absent. */
export interface RecordSampling {
  /** IE 304. */
  algorithm: number
  /** IE 34 or 50. */
  interval: number
  taken: number
  skipped: number
  takenTime: number
  skippedTime: number
  size: number
  population: number
  probability: number
}

const bySpacing = 1
const byTime = 2
const bySize = 3
const byProbability = 4

/** The algorithm selects its parameters; without one, the first complete parameters count. */
export function intervalOf(values: RecordSampling): number {
  const { algorithm, interval } = values
  const isKnown = algorithm >= bySpacing && algorithm <= byProbability
  if (isKnown) return parameters(values, algorithm) || (interval > 0 ? whole(interval) : 0)
  if (interval > 0) return whole(interval)
  for (const number of [bySpacing, bySize, byProbability, byTime]) {
    const interval = parameters(values, number)
    if (interval > 0) return interval
  }
  return 0
}

function parameters(values: RecordSampling, algorithm: number): number {
  const { taken, skipped, takenTime, skippedTime, size, population, probability } = values
  switch (algorithm) {
    case bySpacing:
      return taken > 0 && skipped >= 0 ? whole((taken + skipped) / taken) : 0
    case byTime:
      return takenTime > 0 && skippedTime >= 0 ? whole((takenTime + skippedTime) / takenTime) : 0
    case bySize:
      return size > 0 && population > 0 ? whole(population / size) : 0
    default:
      return probability > 0 && probability <= 1 ? whole(1 / probability) : 0
  }
}

function whole(interval: number) {
  return Math.min(0xffffffff, Math.max(1, Math.round(interval)))
}

export function isEmpty(facts: DomainFacts): boolean {
  const { sampling, initTime, selectors, interfaceSampling, templateSampling, interfaceNames, applications } = facts
  const known = [selectors, interfaceSampling, templateSampling, interfaceNames, applications.names]
  return sampling === 0 && Number.isNaN(initTime) && known.every(({ size }) => size === 0)
}
