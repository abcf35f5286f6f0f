import type { SourceContext } from '../../engine/contracts.ts'
import { appendEvents } from '../../engine/sources/append-events.ts'
import { chunks, isTooLarge } from '../../polling/chunks.ts'
import type { ReadDocument } from './map.ts'

/** Emits documents of one place. */
export interface DocumentReader {
  /** Documents of the place, and those of them that are rejected. */
  readonly documents: number
  readonly rejected: number
  /** Why the place is not read. */
  readonly problem: string | undefined
  /** Ends after the signal aborts. */
  run(signal: AbortSignal): Promise<void>
}

/** Resolves when all events of the document are in the journal. `origin`: for the log. */
export async function emitDocument(
  context: SourceContext,
  { outcome, message, skipped, events: all }: ReadDocument,
  origin: string,
  signal: AbortSignal,
): Promise<void> {
  const { metrics, log, id } = context
  metrics.count('weir_sbom_documents_total', 1, { source: id, outcome })
  if (outcome !== 'accepted') {
    context.shed(outcome, 1)
    log.warn('A document about an image is rejected.', {
      source: id,
      path: origin,
      reason: outcome,
      error: message ?? '',
    })
  }
  if (skipped !== undefined)
    log.warn('Parts of a document about images are not readable; the others are stored.', {
      source: id,
      path: origin,
      error: skipped,
    })
  // The last event completes the report: it stays invisible if an append fails.
  const events = all.filter((event) => !isTooLarge(event))
  for (const [chunk] of chunks(events)) await appendEvents(context, chunk, { signal })
  for (const { family = 'event' } of events) metrics.count('weir_sbom_rows_total', 1, { source: id, family })
}
