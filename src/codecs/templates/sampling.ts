/**
 * What the options records of one observation domain told (RFC 3954 section 6, RFC 7011 section 3.4.2). Kept by
 * exporter, version and domain, across its source ports and restarts of either side.
 */
export interface DomainFacts {
  /** One in N for the whole domain; 0 unknown. */
  sampling: number
  /** One in N by sampler or selector id. */
  readonly selectors: Map<number, number>
  /** One in N by interface index. */
  readonly interfaceSampling: Map<number, number>
  /** Unix ms at which the exporter started (IE 160); NaN unknown. */
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

/** What a record says about sampling; 0 and NaN where it says nothing. */
export interface SamplingSaid {
  /** IE 34 or 50: one in so many. */
  interval: number
  /** IE 305 and 306: so many taken, then so many skipped. */
  taken: number
  skipped: number
  /** IE 309 and 310: so many of so many. */
  size: number
  population: number
  /** IE 311. */
  probability: number
}

/** One in N; 0 when the record does not say. */
export function intervalOf({ interval, taken, skipped, size, population, probability }: SamplingSaid): number {
  if (interval > 0) return whole(interval)
  if (taken > 0) return whole((taken + skipped) / taken)
  if (size > 0 && population > 0) return whole(population / size)
  if (probability > 0 && probability <= 1) return whole(1 / probability)
  return 0
}

function whole(interval: number): number {
  return Math.min(0xffffffff, Math.max(1, Math.round(interval)))
}

/** Nothing was told. */
export function isEmpty({ sampling, initTime, selectors, interfaceSampling, interfaceNames }: DomainFacts): boolean {
  return sampling === 0 && Number.isNaN(initTime) && selectors.size + interfaceSampling.size + interfaceNames.size === 0
}
