import type { InMessage } from './read.ts'

/** One JSON value per line. */
export const linesType = 'application/x-ndjson'

const lineEnd = 0x0a

export function isLines({ contentType }: Pick<InMessage, 'contentType'>): boolean {
  return contentType?.split(';', 1)[0]?.trim().toLowerCase() === linesType
}

/** Messages of the lines that are not empty; line numbers, from 1, end their places. */
export function* linesOf(message: InMessage): Generator<InMessage> {
  const { body, place } = message
  for (let from = 0, line = 1; from < body.length; line++) {
    const index = body.indexOf(lineEnd, from)
    const end = index === -1 ? body.length : index
    if (end > from) yield { ...message, body: body.subarray(from, end), place: `${place}/${line}` }
    from = end + 1
  }
}
