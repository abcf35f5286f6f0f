/**
 * The `Lease` by which replicas take turns: read and written with the version that was read, so that of two writers one
 * fails.
 */
import { readObject } from './object.ts'
import { readStatus } from './status.ts'
import type { Answer, Ask, Write } from './types.ts'

/** Versions of collections by their keys: up to there everything has been told. */
export type Told = Readonly<Record<string, string>>

export interface LeaseRecord {
  /** Another one at each write, by whomever. */
  readonly version: string
  /** Empty: nobody has it. */
  readonly holder: string
  /** How long the holder's silence is to be taken for life. */
  readonly seconds: number
  /** One more with each holder. */
  readonly epoch: number
  /** ISO 8601, by the clock of the holder: for people, and for nothing else. */
  readonly acquired?: string
  readonly checkpoint: Told
  /** Of one that was just taken, where that can be known: what others told until then. */
  readonly toldSince?: Told
  /** As it was read, with what others may have written into it. */
  readonly object: LeaseObject
}

/** What a holder writes. */
export type LeaseWish = Pick<LeaseRecord, 'holder' | 'seconds' | 'epoch' | 'checkpoint'> & {
  readonly acquired: string
  readonly renewed: string
}

export interface LeaseClient {
  /** Undefined: there is none. Rejects when the server does not answer, or refuses. */
  read(signal: AbortSignal): Promise<LeaseRecord | undefined>
  /** Over the one that was read, or anew. Undefined: somebody else has written since. */
  write(before: LeaseRecord | undefined, wish: LeaseWish, signal: AbortSignal): Promise<LeaseRecord | undefined>
}

export interface LeasePlace {
  readonly namespace: string
  readonly name: string
}

interface LeaseObject {
  readonly metadata?: {
    readonly resourceVersion?: string
    readonly annotations?: Readonly<Record<string, string>>
    readonly [other: string]: unknown
  }
  readonly spec?: {
    readonly holderIdentity?: string
    readonly leaseDurationSeconds?: number
    readonly leaseTransitions?: number
    readonly acquireTime?: string
    readonly [other: string]: unknown
  }
  readonly [other: string]: unknown
}

/** Annotation with what the holder has told. */
const toldKey = 'weir/told'
/** All annotations of an object together may have 256 KiB. */
export const mostTold = 128 * 1024

export function leaseClient({ namespace, name }: LeasePlace, ask: Ask, write: Write): LeaseClient {
  const all = `/apis/coordination.k8s.io/v1/namespaces/${encodeURIComponent(namespace)}/leases`
  const one = `${all}/${encodeURIComponent(name)}`
  return {
    async read(signal) {
      const answer = await ask(one, {}, signal)
      if (answer.status === 404) {
        answer.close()
        return undefined
      }
      if (answer.status !== 200) throw await refused('read', answer)
      return recordOf((await readObject(answer)) as LeaseObject)
    },
    async write(before, { holder, seconds, epoch, acquired, renewed, checkpoint: told }, signal) {
      const { metadata, spec, ...rest } = before?.object ?? { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' }
      const object: LeaseObject = {
        ...rest,
        metadata: { ...metadata, name, namespace, annotations: { ...metadata?.annotations, [toldKey]: textOf(told) } },
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
        before === undefined ? await write('POST', all, object, signal) : await write('PUT', one, object, signal)
      // Gone is another's doing, too.
      if (answer.status === 409 || (before !== undefined && answer.status === 404)) {
        answer.close()
        return undefined
      }
      if (answer.status !== 200 && answer.status !== 201) throw await refused('written', answer)
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
    checkpoint: toldOf(object.metadata?.annotations?.[toldKey]),
    object,
  }
}

/** What does not fit is left out: a replica that stands by keeps more of it in mind, and tells some of it again. */
function textOf(told: Told): string {
  const text = JSON.stringify(told)
  if (text.length <= mostTold) return text
  let size = 2
  return JSON.stringify(
    Object.fromEntries(
      Object.entries(told).filter(([key, version]) => (size += key.length + version.length + 6) <= mostTold),
    ),
  )
}

function toldOf(text: string | undefined): Told {
  try {
    const found: unknown = JSON.parse(text ?? '{}')
    if (typeof found !== 'object' || found === null) return {}
    return Object.fromEntries(
      Object.entries(found).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
    )
  } catch {
    return {}
  }
}

async function refused(what: string, answer: Answer): Promise<Error> {
  const { code, message = '' } = await readStatus(answer)
  return new Error(
    `it can’t be ${what}: ` +
      `${code}${message === '' ? '' : ` ${message}`}${code === 403 ? '. Give the account `get`, `create` and `update` of it' : ''}`,
  )
}
