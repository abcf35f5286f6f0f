import type { SourceContext } from '../../../engine/contracts.ts'
import type { Host } from '../../../host/index.ts'
import { readBytes } from '../../../net/kubernetes/object.ts'
import type { Ask } from '../../../net/kubernetes/types.ts'
import { messageOf } from '../../../model/errors.ts'
import type { ResourceType } from '../client/discovery.ts'
import type { Reader } from '../client/reader.ts'
import type { KubeObject, ReaderStatus } from '../client/types.ts'
import { gapEvent, uidByName } from '../map/change.ts'
import { numberOf, type Collection } from './steps.ts'
import type { Recorder } from './recorder.ts'

const metadataOnly = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1'

const pageRows = 500
/** The watch delivers the list's state within this time, or a bookmark. */
const longestMs = 90_000
const lookMs = 500

type ReconcileOptions = Readonly<{
  ask: Ask
  type?: Compared['type']
  path: string
  selectors: Readonly<Record<string, string>>
  collection: Collection
  /** Without a watch the list is compared at once: nothing else delivers its state. */
  isWatching?: () => boolean
  host: Host
}>

const untyped = { group: '', resource: '' }

type Difference = Readonly<{
  missing: readonly string[]
  stale: readonly string[]
  extra: readonly string[]
  objects: number
}>

export interface Compared {
  readonly type: Pick<ResourceType, 'group' | 'resource'>
  readonly path: string
  readonly selectors: Readonly<Record<string, string>>
  readonly collection: Collection
  readonly reader: Pick<Reader, 'relist'> & Readonly<{ status?(): Pick<ReaderStatus, 'state'> }>
  /** Unix ms of the last successful comparison. */
  verified?: number
}

type RepairParts = Readonly<{
  cluster: string
  context: Pick<SourceContext, 'host' | 'log' | 'metrics' | 'id'>
  ask: Ask
  recorder: Pick<Recorder, 'record'>
}>

export async function repair(
  watched: Compared,
  { cluster, context: { host, log, metrics, id }, ask, recorder }: RepairParts,
  signal: AbortSignal,
): Promise<void> {
  const { type, path, selectors, collection, reader } = watched
  const { group, resource } = type
  const isWatching = (): boolean => reader.status?.().state !== 'waiting' && reader.status?.().state !== 'unwatchable'
  try {
    const gaps = await gapsOf({ ask, type, path, selectors, collection, isWatching, host }, signal, (objects) =>
      metrics.count('weir_kubernetes_compared_objects_total', objects, { source: id }),
    )
    if (gaps === undefined) return
    const now = host.clock.now()
    if (!differs(gaps)) {
      watched.verified = now
      return
    }
    const sizes = { missing: gaps.missing.length, stale: gaps.stale.length, extra: gaps.extra.length }
    log.error('The cluster has changes that no watch delivered; the kind is listed again.', {
      source: id,
      group,
      resource,
      ...sizes,
    })
    metrics.count('weir_kubernetes_repaired_objects_total', sizes.missing + sizes.stale + sizes.extra, { source: id })
    await recorder.record(
      [
        gapEvent(
          {
            cluster,
            group,
            resource,
            ...sizes,
            cause: 'the watch did not deliver it',
            ...(watched.verified === undefined ? {} : { from: new Date(watched.verified).toISOString() }),
            to: new Date(now).toISOString(),
          },
          now,
        ),
      ],
      [],
    )
    reader.relist()
  } catch (error) {
    if (!signal.aborted)
      log.warn('A kind could not be compared with the server.', {
        source: id,
        path,
        error: messageOf(error),
      })
  }
}

export async function gapsOf(
  look: ReconcileOptions,
  signal: AbortSignal,
  onCompared: (objects: number) => void,
): Promise<Difference | undefined> {
  const first = await compare(look, signal)
  if (first === undefined) return undefined
  onCompared(first.objects)
  if (!differs(first)) return first
  const again = await compare(look, signal)
  return again === undefined ? undefined : inBoth(first, again)
}

/** Undefined without a watch or if it is too far behind. Rejects without a response. */
async function compare(
  { ask, type = untyped, path, selectors, collection, isWatching = () => true, host }: ReconcileOptions,
  signal: AbortSignal,
): Promise<Difference | undefined> {
  const before = numberOf(collection.cursor)
  if (before === undefined) return undefined
  const { versions, at } = await list({ ask, type, path, selectors }, signal)
  const listed = numberOf(at)
  if (listed === undefined) return undefined
  const until = host.clock.monotonic() + longestMs
  for (;;) {
    const reached = numberOf(collection.cursor)
    if (reached === undefined) return undefined
    if (reached >= listed) break
    // A quiet collection has one bookmark a minute: equal states need not wait for it.
    const now = difference(collection, versions, listed)
    if (!differs(now) || !isWatching()) return now
    if (host.clock.monotonic() >= until || signal.aborted) return undefined
    await host.timers.sleep(lookMs, signal)
  }
  return difference(collection, versions, listed)
}

function inBoth(first: Difference, second: Difference): Difference {
  const both = (name: 'missing' | 'stale' | 'extra'): readonly string[] =>
    second[name].filter((uid) => first[name].includes(uid))
  return { missing: both('missing'), stale: both('stale'), extra: both('extra'), objects: second.objects }
}

function differs({ missing, stale, extra }: Difference) {
  return missing.length + stale.length + extra.length > 0
}

function difference({ objects }: Collection, versions: ReadonlyMap<string, string>, listed: bigint): Difference {
  const missing: string[] = []
  const stale: string[] = []
  const extra: string[] = []
  for (const [uid, version] of versions) {
    const object = objects.get(uid)
    // It may have been deleted since the list.
    if (object === undefined) missing.push(uid)
    else if ((numberOf(object.version) ?? 0n) < (numberOf(version) ?? 0n)) stale.push(uid)
  }
  for (const [uid, { version }] of objects)
    if (!versions.has(uid) && (numberOf(version) ?? 0n) <= listed) extra.push(uid)
  return { missing, stale, extra, objects: versions.size }
}

async function list(
  { ask, type, path, selectors }: Pick<ReconcileOptions, 'ask' | 'path' | 'selectors'> & Pick<Compared, 'type'>,
  signal: AbortSignal,
): Promise<Readonly<{ versions: Map<string, string>; at: string | undefined }>> {
  const versions = new Map<string, string>()
  const pages = new Set<string>()
  let [at, page]: [string | undefined, string | undefined] = [undefined, undefined]
  do {
    const answer = await ask(
      path,
      { limit: String(pageRows), ...(page === undefined ? {} : { continue: page }), ...selectors },
      signal,
      metadataOnly,
    )
    const text = (await readBytes(answer)).toString('utf8')
    if (answer.status !== 200) throw new Error(`${path} answered ${answer.status}: ${text.slice(0, 300)}`)
    const { metadata, items } = JSON.parse(text) as {
      metadata?: { resourceVersion?: string; continue?: string }
      items?: readonly KubeObject[] | null
    }
    at ??= metadata?.resourceVersion
    for (const object of items ?? []) {
      const { uid = uidByName(type, object.metadata), resourceVersion } = object.metadata ?? {}
      if (resourceVersion !== undefined) versions.set(uid, resourceVersion)
    }
    page = metadata?.continue === '' ? undefined : metadata?.continue
    if (page !== undefined && pages.has(page)) throw new Error(`${path} repeats a page of the list`)
    if (page !== undefined) pages.add(page)
  } while (page !== undefined)
  return { versions, at }
}
