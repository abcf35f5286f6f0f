import { hash } from 'node:crypto'
import { posix } from 'node:path'
import type { ChangeData } from '../../model/kubernetes.ts'

const namespace = Buffer.from('9b4a43f27c1d5c58a6f7e41b2d3f8c60', 'hex')
const uuidText = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** A UUID event id stays; else a version 5 UUID, equal for all senders. */
export function envelopeId(eventId: string, { cluster, uid, operation, resourceVersion }: ChangeData): string {
  if (uuidText.test(eventId)) return eventId
  const name = JSON.stringify([cluster, uid, operation, ...(operation === 'deleted' ? [] : [resourceVersion])])
  const bytes = hash('sha1', Buffer.concat([namespace, Buffer.from(name)]), 'buffer').subarray(0, 16)
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x50
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}

/** As Go's path.Join: empty parts are omitted, `//` and `..` are resolved. */
export function messageKey(cluster: string, uid: string): string {
  const parts = [cluster, uid].filter((part) => part !== '')
  if (parts.length === 0) return ''
  const joined = posix.join(...parts)
  return joined.length > 1 && joined.endsWith('/') ? joined.slice(0, -1) : joined
}
