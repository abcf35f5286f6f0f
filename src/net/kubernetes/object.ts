import type { Answer } from './types.ts'

/** The whole answer. */
export async function readObject(answer: Answer): Promise<unknown> {
  const pieces: Uint8Array[] = []
  for await (const piece of answer.body) pieces.push(piece.slice())
  return JSON.parse(Buffer.concat(pieces).toString('utf8'))
}
