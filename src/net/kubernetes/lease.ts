import { readObject } from './object.ts'
import { readStatus } from './status.ts'
import type { Answer, Ask, Write } from './types.ts'

/** Emitted up to: resource version by collection key. */
export type LeaseCheckpoint = Readonly<Record<string, string>>

export type LeaseRecord = Readonly<{
  version: string
  /** Empty: the Lease is free. */
  holder: string
  seconds: number
  epoch: number
  /** ISO 8601, by the holder's clock; informational. */
  acquired?: string
  checkpoint: LeaseCheckpoint
  /** After a takeover, if known: emitted by the previous holder since its last renewal. */
  emittedSince?: LeaseCheckpoint
  /** The object as read, including members that other clients wrote. */
  object: LeaseObject
}>

export type LeaseUpdate = Pick<LeaseRecord, 'holder' | 'seconds' | 'epoch' | 'checkpoint'> &
  Readonly<{ acquired: string; renewed: string }>

export interface LeaseClient {
  /** Undefined: it does not exist. Rejects if the server does not respond, or denies it. */
  read(signal: AbortSignal): Promise<LeaseRecord | undefined>
  /** Compare-and-set; `before` undefined: creates it. Undefined: a conflict. */
  write(before: LeaseRecord | undefined, update: LeaseUpdate, signal: AbortSignal): Promise<LeaseRecord | undefined>
}

export type LeaseRef = Readonly<{
  namespace: string
  name: string
}>

type LeaseObject = Readonly<{
  metadata?: Readonly<{
    resourceVersion?: string
    annotations?: Readonly<Record<string, string>>
    [other: string]: unknown
  }>
  spec?: Readonly<{
    holderIdentity?: string
    leaseDurationSeconds?: number
    leaseTransitions?: number
    acquireTime?: string
    [other: string]: unknown
  }>
  [other: string]: unknown
}>

const checkpointKey = 'weir/checkpoint'
/** Characters. The annotations of an object are limited to 256 KiB in total. */
export const maxCheckpointLength = 128 * 1024

export function leaseClient({ namespace, name }: LeaseRef, request: Ask, write: Write): LeaseClient {
  const all = `/apis/coordination.k8s.io/v1/namespaces/${encodeURIComponent(namespace)}/leases`
  const leasePath = `${all}/${encodeURIComponent(name)}`
  return {
    async read(signal) {
      const answer = await request(leasePath, {}, signal)
      if (answer.status === 404) {
        answer.close()
        return undefined
      }
      if (answer.status !== 200) throw await leaseError('read', answer)
      return recordOf((await readObject(answer)) as LeaseObject)
    },
    async write(before, { holder, seconds, epoch, acquired, renewed, checkpoint }, signal) {
      const { metadata, spec, ...rest } = before?.object ?? { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' }
      const object: LeaseObject = {
        ...rest,
        metadata: {
          ...metadata,
          name,
          namespace,
          annotations: { ...metadata?.annotations, [checkpointKey]: formatCheckpoint(checkpoint) },
        },
        spec: {
          ...spec,
          holderIdentity: holder,
          leaseDurationSeconds: seconds,
          leaseTransitions: epoch,
          acquireTime: acquired,
          renewTime: renewed,
        },
      }
      const answer =
        before === undefined ? await write('POST', all, object, signal) : await write('PUT', leasePath, object, signal)
      // 404: another client removed it.
      if (answer.status === 409 || (before !== undefined && answer.status === 404)) {
        answer.close()
        return undefined
      }
      if (answer.status !== 200 && answer.status !== 201) throw await leaseError('written', answer)
      return recordOf((await readObject(answer)) as LeaseObject)
    },
  }
}

function recordOf(object: LeaseObject): LeaseRecord {
  const { holderIdentity, leaseDurationSeconds, leaseTransitions, acquireTime } = object.spec ?? {}
  return {
    version: object.metadata?.resourceVersion ?? '',
    holder: holderIdentity ?? '',
    seconds: leaseDurationSeconds ?? 0,
    epoch: leaseTransitions ?? 0,
    ...(acquireTime === undefined ? {} : { acquired: acquireTime }),
    checkpoint: parseCheckpoint(object.metadata?.annotations?.[checkpointKey]),
    object,
  }
}

/** Entries beyond the limit are omitted: their last changes may be emitted again. */
function formatCheckpoint(checkpoint: LeaseCheckpoint): string {
  const text = JSON.stringify(checkpoint)
  if (text.length <= maxCheckpointLength) return text
  let size = 2
  return JSON.stringify(
    Object.fromEntries(
      Object.entries(checkpoint).filter(
        ([key, version]) => (size += key.length + version.length + 6) <= maxCheckpointLength,
      ),
    ),
  )
}

function parseCheckpoint(text: string | undefined): LeaseCheckpoint {
  try {
    const value: unknown = JSON.parse(text ?? '{}')
    if (typeof value !== 'object' || value === null) return {}
    return Object.fromEntries(
      Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
    )
  } catch {
    return {}
  }
}

async function leaseError(what: string, answer: Answer): Promise<Error> {
  const { code, message = '' } = await readStatus(answer)
  return new Error(
    `it cannot be ${what}: ${code}${message === '' ? '' : ` ${message}`}` +
      (code === 403 ? '. Grant the account `get`, `create` and `update` on it' : ''),
  )
}
