import type { EventBatch } from '../../model/batches.ts'
import { Decoder } from './decoder.ts'
import { naming } from './errors.ts'
import { checkEnd, skipSpace, wrong } from './json.ts'
import { notThere } from './values.ts'

export function decodeStructured(body: Uint8Array): EventBatch {
  const decoder = new Decoder(body)
  checkEndOf(
    decoder,
    naming(undefined, () => decoder.event(skipSpace(decoder.bytes, 0))),
  )
  return decoder.columns.finish()
}

/** May be empty. Throws CloudEventsError with the index of the first invalid event. */
export function decodeBatchToColumns(body: Uint8Array): EventBatch {
  const decoder = new Decoder(body)
  const { bytes } = decoder
  let at = skipSpace(bytes, 0)
  naming(undefined, () => {
    if (bytes[at] !== 0x5b) throw notThere(bytes, at, 'a batch is a JSON array')
  })
  at = skipSpace(bytes, at + 1)
  if (bytes[at] === 0x5d) {
    checkEndOf(decoder, at + 1)
    return decoder.columns.finish()
  }
  for (let index = 0; ; index++) {
    at = skipSpace(
      bytes,
      naming(index, () => decoder.event(at)),
    )
    if (bytes[at] === 0x5d) break
    naming(index, () => {
      if (bytes[at] !== 0x2c) throw wrong(bytes, at, 'not "," or "]" after the event')
    })
    at = skipSpace(bytes, at + 1)
  }
  checkEndOf(decoder, at + 1)
  return decoder.columns.finish()
}

function checkEndOf(decoder: Decoder, at: number) {
  naming(undefined, () => {
    checkEnd(decoder.bytes, at)
  })
}
