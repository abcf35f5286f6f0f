export type SourceHealth = Readonly<{
  why: string
  /** `lasting`: nothing works now. `now`: nothing worked since the start. `partly`: other parts work. */
  counts: 'lasting' | 'now' | 'partly'
}>

/** From `health()`, or a `problem` in the status. Undefined: healthy. */
export function healthOf(source: object): SourceHealth | undefined {
  if ('health' in source && typeof source.health === 'function') return source.health() as SourceHealth | undefined
  const status: unknown = 'status' in source && typeof source.status === 'function' ? source.status() : undefined
  if (typeof status !== 'object' || status === null || !('problem' in status) || typeof status.problem !== 'string')
    return undefined
  return { why: status.problem, counts: 'lasting' }
}

/** `lastPoll`: last successful poll, Unix ms. */
export function healthOfPlaces(
  places: readonly (Readonly<{ why?: string; lastPoll?: number | undefined }> | undefined)[],
): SourceHealth | undefined {
  const failing = places.filter((target) => target?.why !== undefined)
  const why = failing[0]?.why
  if (why === undefined) return undefined
  if (failing.length < places.length)
    return { why: `${failing.length} of ${places.length} places cannot be read: ${why}`, counts: 'partly' }
  return { why, counts: failing.every((target) => target?.lastPoll === undefined) ? 'now' : 'lasting' }
}
