// Positions of the frames of a journal folder and their events, to damage exactly one.
import { realHost } from '../../src/host/index.ts'
import { Parts } from '../../src/journal/reader.ts'
import { decodeBatch } from '../../src/journal/index.ts'
import { Walk } from '../../src/journal/walk.ts'
import { eventId } from '../../src/model/events.ts'
import { nowhere } from '../../src/model/positions.ts'

export interface PlacedFrame {
  readonly segment: string
  readonly offset: number
  readonly headerBytes: number
  readonly bodyBytes: number
  readonly sequence: number
  readonly ids: readonly string[]
}

/** Frames in order. Throws if the folder has unreadable ranges. */
export async function framesOfFolder(directory: string): Promise<PlacedFrame[]> {
  const parts = new Parts()
  const walk = new Walk({
    disk: realHost().disk,
    directory,
    after: nowhere,
    onUnreadable: ({ segment, offset }) => {
      throw new Error(`${segment} is not readable at ${offset}`)
    },
  })
  const frames: PlacedFrame[] = []
  try {
    for (let walked = await walk.next(); walked !== undefined; walked = await walk.next()) {
      const { header, headerBytes } = walked.decoded
      const frame = parts.add(walked)
      const batch = frame === undefined || header.kind !== 'events' ? undefined : decodeBatch('events', frame.body())
      const ids = batch?.kind === 'events' ? Array.from({ length: batch.count }, (_, row) => eventId(batch, row)) : []
      frames.push({
        segment: walked.segment,
        offset: walked.offset,
        headerBytes,
        bodyBytes: header.bodyBytes,
        sequence: header.sequence,
        ids,
      })
    }
  } finally {
    await walk.close()
  }
  return frames
}
