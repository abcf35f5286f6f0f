import type { EventBatch } from '../../model/batches.ts'
import { eventAt, type WeirEvent } from '../../model/events.ts'
import { decodeBinary, type Headers } from './binary.ts'
import { CloudEventsError } from './errors.ts'
import { httpMode } from './media.ts'
import { decodeBatchToColumns, decodeStructured } from './structured.ts'

/** `headers`: names in lower case; `body`: uncompressed. Throws {@link CloudEventsError}. */
export function decodeHttp(headers: Headers, body: Uint8Array): EventBatch {
  const contentType = headers['content-type']
  const mode = httpMode(typeof contentType === 'string' ? contentType : contentType?.[0])
  switch (mode) {
    case 'structured':
      return decodeStructured(body)
    case 'batched':
      return decodeBatchToColumns(body)
    case 'binary':
      return decodeBinary(headers, body)
    case undefined:
      throw new CloudEventsError(
        'malformed',
        undefined,
        'of the CloudEvents formats only JSON is understood: send application/cloudevents+json or ' +
          'application/cloudevents-batch+json',
      )
  }
}

export function toEvents(batch: EventBatch): WeirEvent[] {
  return Array.from({ length: batch.count }, (_, row) => eventAt(batch, row))
}
