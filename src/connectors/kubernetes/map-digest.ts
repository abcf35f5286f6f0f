import { hash } from 'node:crypto'

/** 16 bytes (base64url). Collisions are harmless: both documents belong to one user's object. */
export function digestOf(document: Uint8Array | string): string {
  return hash('sha1', document, 'buffer').toString('base64url', 0, 16)
}
