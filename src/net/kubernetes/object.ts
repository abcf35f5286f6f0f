import type { Answer } from './types.ts'

export async function readObject(answer: Answer): Promise<unknown> {
  return JSON.parse((await readBytes(answer)).toString('utf8'))
}

export async function readBytes({ body }: Answer): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  for await (const piece of body) pieces.push(new Uint8Array(piece))
  return Buffer.concat(pieces)
}
