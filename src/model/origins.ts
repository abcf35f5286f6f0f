/** Origin of a frame copied from a shared journal: equal on all instances. Stored as its cursor. */
export type Origin = Readonly<{
  partition: number
  place: number
  epoch: number
  sequence: number
}>

export function originCursor(origin: Origin): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(origin))
}

export function originOf(cursor: Uint8Array | undefined): Origin | undefined {
  if (cursor === undefined) return undefined
  try {
    const parsed = JSON.parse(new TextDecoder().decode(cursor)) as Partial<Origin> | null
    return typeof parsed?.place === 'number' && typeof parsed.partition === 'number' ? (parsed as Origin) : undefined
  } catch {
    return undefined
  }
}

export function placesOf(cursors: Iterable<Uint8Array | undefined>): Map<number, number> {
  const places = new Map<number, number>()
  for (const cursor of cursors) {
    const origin = originOf(cursor)
    if (origin !== undefined) places.set(origin.partition, Math.max(places.get(origin.partition) ?? 0, origin.place))
  }
  return places
}
