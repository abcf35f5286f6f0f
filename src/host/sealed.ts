import { crc32 } from 'node:zlib'

/** JSON of a small state file with a checksum as the last field. */
export function sealed(content: object, indent?: number): string {
  return JSON.stringify({ ...content, crc: sumOf(content) }, undefined, indent)
}

/** Content of a state file. Throws if it is damaged; files of earlier versions have no checksum. */
export function unsealed(text: string): Readonly<Record<string, unknown>> {
  const parsed: unknown = JSON.parse(text)
  if (typeof parsed !== 'object' || parsed === null || !('crc' in parsed))
    return (parsed ?? {}) as Record<string, unknown>
  const { crc, ...content } = parsed
  if (crc !== sumOf(content)) throw new Error('wrong checksum')
  return content
}

function sumOf(content: object) {
  return crc32(JSON.stringify(content))
}
