import { createHash } from 'node:crypto'
import type { CloudChange, CloudResource } from '../../model/cloud.ts'
import { changesOf, contentOf } from '../../model/cloud-changes.ts'
import { sorted } from '../../model/json.ts'

const absences = 2
const observedMs = 86_400_000

export type KnownResource = Readonly<{
  resource: CloudResource
  hash: string
  /** Events so far: two changes to the same state have different ids. */
  revision: number
  /** Unix ms of the last event. */
  emitted: number
  /** Consecutive complete snapshots without it. */
  missing: number
}>

export type CollectorState = Readonly<{
  /** Unix ms of the baseline; part of every event id. */
  since: number
  /** Unix ms of the last snapshot. */
  read: number
  known: ReadonlyMap<string, KnownResource>
  /** Deleted resources by key, with their revision: a resource may return under the same id. */
  gone: ReadonlyMap<string, number>
}>

export type Difference = Readonly<{
  kind: 'observed' | 'created' | 'changed' | 'deleted'
  key: string
  id: string
  body: CloudChange
  time: number
}>

export function keyOf({ provider, account, region, type, id }: CloudResource): string {
  return [provider, account, region, type, id].map((part) => part.replace(/[%/]/g, encodeURIComponent)).join('/')
}

/** Undefined `before`: the first complete snapshot. Its resources are `observed`, never `created`. */
export function differences(
  before: CollectorState | undefined,
  current: readonly CloudResource[],
  { complete, now, since }: Readonly<{ complete: boolean; now: number; since: number }>,
): Readonly<{ events: readonly Difference[]; after: CollectorState }> {
  const events: Difference[] = []
  const resources = new Map(before?.known)
  const gone = new Map(before?.gone)
  const present = new Set<string>()
  const put = (
    kind: Difference['kind'],
    key: string,
    resource: CloudResource,
    more: Readonly<{ hash: string; from: string; revision: number; time?: number; changes?: CloudChange['changes'] }>,
  ) => {
    const { hash, from, revision, time = now, changes } = more
    const body = { ...resource, ...(changes === undefined ? {} : { changes }), detectedAt: now }
    events.push({ kind, key, id: hashOf([key, kind, from, hash, since, revision]), body, time })
  }
  for (const resource of current) {
    const key = keyOf(resource)
    if (present.has(key)) continue
    present.add(key)
    const hash = hashOf(contentOf(resource))
    const last = resources.get(key)
    const revision = (last?.revision ?? gone.get(key) ?? 0) + 1
    if (resource.state === 'deleted') {
      if (last !== undefined) put('deleted', key, resource, { hash, from: last.hash, revision })
      if (last !== undefined) gone.set(key, revision)
      resources.delete(key)
      continue
    }
    const entry = { resource, hash, revision, emitted: now, missing: 0 }
    if (last === undefined) {
      const kind = before === undefined ? 'observed' : 'created'
      put(kind, key, resource, { hash, from: '', revision, time: createdTime(resource, before, now) })
      gone.delete(key)
    } else if (last.hash !== hash) {
      put('changed', key, resource, { hash, from: last.hash, revision, changes: changesOf(last.resource, resource) })
    } else if (now - last.emitted >= observedMs) {
      put('observed', key, resource, { hash, from: hash, revision })
    } else {
      resources.set(key, { ...last, resource, missing: 0 })
      continue
    }
    resources.set(key, entry)
  }
  if (complete && before !== undefined)
    for (const [key, last] of before.known) {
      if (present.has(key)) continue
      const missing = last.missing + 1
      if (missing < absences) {
        resources.set(key, { ...last, missing })
        continue
      }
      const revision = last.revision + 1
      put('deleted', key, { ...last.resource, state: 'deleted' }, { hash: '', from: last.hash, revision })
      resources.delete(key)
      gone.set(key, revision)
    }
  return { events, after: { since, read: now, known: resources, gone: newest(gone) } }
}

const maxGone = 10_000

function newest(gone: Map<string, number>): ReadonlyMap<string, number> {
  return gone.size <= maxGone ? gone : new Map([...gone].slice(-maxGone))
}

/** An older time would be a resource that became visible, for example by a new permission. */
function createdTime({ createdAt }: CloudResource, before: CollectorState | undefined, now: number) {
  const time = createdAt === undefined || before === undefined ? Number.NaN : Date.parse(createdAt)
  return time >= (before?.read ?? now) - 15 * 60_000 && time <= now ? time : now
}

function hashOf(value: unknown): string {
  return createHash('sha256')
    .update(JSON.stringify(sorted(value)))
    .digest('hex')
    .slice(0, 32)
}
