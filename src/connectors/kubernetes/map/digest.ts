import { hash } from 'node:crypto'

/** A 16-byte digest (base64url). Collisions are harmless: both documents belong to the same user's object. */
export function digestOf(document: Uint8Array | string): string {
  return hash('sha1', document, 'buffer').toString('base64url', 0, 16)
}
