/** What keeps a source from its job. */
export interface SourceHealth {
  readonly why: string
  /** `lasting`: nothing works now. `now`: nothing has worked since the start. `partly`: the rest works. */
  readonly counts: 'lasting' | 'now' | 'partly'
}

/** As a running source states it: by `health()`, or by a `problem` in its status. Undefined: it does its job. */
export function healthOf(source: object): SourceHealth | undefined {
  if ('health' in source && typeof source.health === 'function') return source.health() as SourceHealth | undefined
  const status: unknown = 'status' in source && typeof source.status === 'function' ? source.status() : undefined
  if (typeof status !== 'object' || status === null || !('problem' in status) || typeof status.problem !== 'string')
    return undefined
  return { why: status.problem, counts: 'lasting' }
}

/** Of a source with several places: each states why it can't be read, if so, and when (Unix ms) it was last read. */
export function healthOfPlaces(
  places: readonly ({ readonly why?: string; readonly asked?: number | undefined } | undefined)[],
): SourceHealth | undefined {
  const failing = places.filter((place) => place?.why !== undefined)
  const why = failing[0]?.why
  if (why === undefined) return undefined
  if (failing.length < places.length)
    return { why: `${failing.length} of ${places.length} places cannot be read: ${why}`, counts: 'partly' }
  return { why, counts: failing.every((place) => place?.asked === undefined) ? 'now' : 'lasting' }
}
