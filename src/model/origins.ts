/** Where a frame that was copied from a shared journal came from: the same for everybody who copies it. Kept as its cursor. */
export interface Origin {
  readonly partition: number
  /** Rises within the partition. */
  readonly place: number
  readonly epoch: number
  readonly sequence: number
}

export function originCursor(origin: Origin): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(origin))
}

/** Undefined: the frame came from no bus. */
export function originOf(cursor: Uint8Array | undefined): Origin | undefined {
  if (cursor === undefined) return undefined
  try {
    const said = JSON.parse(new TextDecoder().decode(cursor)) as Partial<Origin> | null
    return typeof said?.place === 'number' && typeof said.partition === 'number' ? (said as Origin) : undefined
  } catch {
    return undefined
  }
}

/** How far each partition has come, by the newest frame of each source. */
export function placesOf(cursors: Iterable<Uint8Array | undefined>): Map<number, number> {
  const places = new Map<number, number>()
  for (const cursor of cursors) {
    const origin = originOf(cursor)
    if (origin !== undefined) places.set(origin.partition, Math.max(places.get(origin.partition) ?? 0, origin.place))
  }
  return places
}
