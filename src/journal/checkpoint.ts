/** Frames with totals and cursors, first in each segment. */
import type { FrameHeader, SourceTotals } from './types.ts'

/** Component ids begin with a letter or digit. */
export const journalSource = '~journal'
export const checkpointStream = 'checkpoint'

type Checkpoint = Readonly<{
  sources: Record<string, { accepted: number; duplicates: number; shed: Record<string, number>; cursor?: string }>
  /** Valid bytes of earlier segments that have more. */
  ends?: Readonly<Record<string, number>>
  boot?: string
}>

/** Totals and cursors, so that a start need not read older segments. */
export function encodeCheckpoint(
  totals: ReadonlyMap<string, Readonly<SourceTotals>>,
  ends: ReadonlyMap<string, number>,
  boot?: string,
): Uint8Array {
  const sources: Checkpoint['sources'] = {}
  for (const [name, total] of totals) {
    sources[name] = {
      accepted: total.accepted,
      duplicates: total.duplicates,
      shed: total.shed,
      ...(total.cursor === undefined ? {} : { cursor: Buffer.from(total.cursor).toString('base64') }),
    }
  }
  const checkpoint: Checkpoint = {
    sources,
    ...(ends.size === 0 ? {} : { ends: Object.fromEntries(ends) }),
    ...(boot === undefined ? {} : { boot }),
  }
  return new TextEncoder().encode(JSON.stringify(checkpoint))
}

/** Empty for other frames. */
export function* checkpointTotals(header: FrameHeader): Generator<[source: string, accepted: number]> {
  for (const [name, { accepted }] of checkpointSources(header)) yield [name, accepted]
}

export function checkpointSources(
  header: FrameHeader,
): [source: string, totals: Pick<SourceTotals, 'accepted' | 'duplicates' | 'shed'>][] {
  return Object.entries(checkpointOf(header)?.sources ?? {})
}

export function parseCheckpoint(cursor: Uint8Array): Checkpoint {
  try {
    return JSON.parse(new TextDecoder().decode(cursor)) as Checkpoint
  } catch {
    // Totals then follow from headers.
    return { sources: {} }
  }
}

export function checkpointEnds(header: FrameHeader): Readonly<Record<string, number>> | undefined {
  const checkpoint = checkpointOf(header)
  return checkpoint === undefined ? undefined : (checkpoint.ends ?? {})
}

/** Boot id of the kernel that wrote the checkpoint. */
export function checkpointBoot(header: FrameHeader): string | undefined {
  return checkpointOf(header)?.boot
}

function checkpointOf(header: FrameHeader): Checkpoint | undefined {
  const { cursor } = header
  return cursor === undefined || !isCheckpoint(header) ? undefined : parseCheckpoint(cursor)
}

export function isCheckpoint(header: FrameHeader): boolean {
  return header.source === journalSource && header.stream === checkpointStream && header.cursor !== undefined
}
