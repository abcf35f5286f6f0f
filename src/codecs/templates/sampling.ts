import { Applications } from './applications.ts'

export interface DomainFacts {
  sampling: number
  readonly selectors: Map<number, number>
  readonly interfaceSampling: Map<number, number>
  /** Unix ms (IE 160); NaN unknown. */
  initTime: number
  readonly interfaceNames: Map<number, string>
  readonly applications: Applications
  /** Of the exporter, version and domain, for keys of what it reports. */
  readonly seed: number
}

export function newFacts(seed = 0): DomainFacts {
  return {
    sampling: 0,
    selectors: new Map(),
    interfaceSampling: new Map(),
    initTime: Number.NaN,
    interfaceNames: new Map(),
    applications: new Applications(),
    seed,
  }
}

/** 0 and NaN if absent. */
export interface RecordSampling {
  /** IE 34 or 50. */
  interval: number
  taken: number
  skipped: number
  size: number
  population: number
  probability: number
}

export function intervalOf({ interval, taken, skipped, size, population, probability }: RecordSampling): number {
  if (interval > 0) return whole(interval)
  if (taken > 0) return whole((taken + skipped) / taken)
  if (size > 0 && population > 0) return whole(population / size)
  if (probability > 0 && probability <= 1) return whole(1 / probability)
  return 0
}

function whole(interval: number) {
  return Math.min(0xffffffff, Math.max(1, Math.round(interval)))
}

export function isEmpty(facts: DomainFacts): boolean {
  const { sampling, initTime, selectors, interfaceSampling, interfaceNames, applications } = facts
  const known = [selectors, interfaceSampling, interfaceNames, applications.names]
  return sampling === 0 && Number.isNaN(initTime) && known.every(({ size }) => size === 0)
}
