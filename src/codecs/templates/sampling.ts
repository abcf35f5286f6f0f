/**
 * Facts from the options records of one observation domain (RFC 3954 section 6, RFC 7011 section 3.4.2). Stored by
 * exporter, version and domain, across its source ports and restarts of either side.
 */
export interface DomainFacts {
  /** Sampling interval of the whole domain; 0 unknown. */
  sampling: number
  /** Sampling interval by sampler or selector id. */
  readonly selectors: Map<number, number>
  /** Sampling interval by interface index. */
  readonly interfaceSampling: Map<number, number>
  /** Unix ms of the exporter's start (IE 160); NaN unknown. */
  initTime: number
  readonly interfaceNames: Map<number, string>
}

export function newFacts(): DomainFacts {
  return {
    sampling: 0,
    selectors: new Map(),
    interfaceSampling: new Map(),
    initTime: Number.NaN,
    interfaceNames: new Map(),
  }
}

/** Sampling values of a record; 0 and NaN if absent. */
export interface RecordSampling {
  /** IE 34 or 50: one in N. */
  interval: number
  /** IE 305 and 306: selected packets, then skipped packets. */
  taken: number
  skipped: number
  /** IE 309 and 310: selected packets of a population. */
  size: number
  population: number
  /** IE 311. */
  probability: number
}

/** Sampling interval; 0 if the record has none. */
export function intervalOf({ interval, taken, skipped, size, population, probability }: RecordSampling): number {
  if (interval > 0) return whole(interval)
  if (taken > 0) return whole((taken + skipped) / taken)
  if (size > 0 && population > 0) return whole(population / size)
  if (probability > 0 && probability <= 1) return whole(1 / probability)
  return 0
}

function whole(interval: number): number {
  return Math.min(0xffffffff, Math.max(1, Math.round(interval)))
}

/** True without any fact. */
export function isEmpty({ sampling, initTime, selectors, interfaceSampling, interfaceNames }: DomainFacts): boolean {
  return sampling === 0 && Number.isNaN(initTime) && selectors.size + interfaceSampling.size + interfaceNames.size === 0
}
