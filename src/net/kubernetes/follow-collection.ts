import { backoffMs } from '../../host/backoff.ts'
import type { Host } from '../../host/index.ts'
import { messageOf } from '../../model/errors.ts'
import { isRecord } from '../../model/json.ts'
import { linesOf, reasonOf, versionOf } from './follow-object.ts'
import { readObject } from './object.ts'
import { readStatus } from './status.ts'
import type { Answer, Ask } from './types.ts'

const watchSeconds = 300
/** The server ends a watch before. */
const silentMs = (watchSeconds + 30) * 1000
const limits = { firstMs: 800, maxMs: 30_000, jitter: 1 }
const pageSize = '250'
const metadataOnly = (kind: string): string => `application/json;as=${kind};g=meta.k8s.io;v=v1,application/json;q=0.5`

export type ObjectMeta = Readonly<{
  name: string
  namespace: string
  uid: string
  resourceVersion: string
  labels: Readonly<Record<string, string>>
  annotations: Readonly<Record<string, string>>
  deletionTimestamp?: string
  managedFields: readonly unknown[]
}>

type CollectionOptions = Readonly<{
  ask: Ask
  host: Pick<Host, 'timers' | 'random'>
  path: string
  selector: string
  whole?: true
  signal: AbortSignal
  onObject: (meta: ObjectMeta, object: unknown) => Promise<void> | void
  onGone: (meta: ObjectMeta) => Promise<void> | void
  onListed: (keys: ReadonlySet<string>) => Promise<void> | void
  onTrouble: (reason: string) => void
}>

export const keyOf = ({ namespace, name }: Pick<ObjectMeta, 'namespace' | 'name'>): string => `${namespace}/${name}`

export async function followCollection(options: CollectionOptions): Promise<void> {
  const { host, signal, onTrouble } = options
  for (let tries = 0; !signal.aborted;) {
    try {
      let version: string | undefined = await listAll(options)
      tries = 0
      while (version !== undefined && !signal.aborted) {
        version = await watch(options, version)
        // Some servers end watches at once.
        await host.timers.sleep(limits.firstMs, signal)
      }
    } catch (error) {
      if (signal.aborted) return
      onTrouble(messageOf(error))
      await host.timers.sleep(Math.ceil(backoffMs(limits, tries++, host.random.next())), signal)
    }
  }
}

async function listAll({ ask, path, selector, whole, signal, onObject, onListed }: CollectionOptions): Promise<string> {
  const keys = new Set<string>()
  for (let more = ''; ;) {
    const query = { limit: pageSize, ...selected(selector), ...(more === '' ? {} : { continue: more }) }
    const accept = whole === true ? 'application/json' : metadataOnly('PartialObjectMetadataList')
    const answer = await ask(path, query, signal, accept)
    if (answer.status !== 200) throw new Error(reasonOf(await readStatus(answer)))
    const list = await readObject(answer)
    const { items, metadata } = isRecord(list) ? list : {}
    if (!Array.isArray(items) || !isRecord(metadata)) throw new Error(`the response for ${path} is no list`)
    for (const item of items) {
      const meta = metaOf(item)
      if (meta === undefined) continue
      keys.add(keyOf(meta))
      await onObject(meta, item)
    }
    more = typeof metadata['continue'] === 'string' ? metadata['continue'] : ''
    if (more !== '') continue
    await onListed(keys)
    return String(metadata['resourceVersion'])
  }
}

/** The version at which the next watch begins; undefined: list again. */
async function watch(options: CollectionOptions, from: string): Promise<string | undefined> {
  const { ask, host, path, selector, whole, signal, onObject, onGone } = options
  const connecting = new AbortController()
  let answer: Answer | undefined
  // An aborted response would throw while an object is being applied.
  const end = (): void => (answer === undefined ? connecting.abort() : answer.close())
  const silent = host.timers.after(silentMs, end)
  signal.addEventListener('abort', end, { once: true })
  let version = from
  try {
    answer = await ask(
      path,
      {
        watch: 'true',
        allowWatchBookmarks: 'true',
        ...selected(selector),
        resourceVersion: version,
        timeoutSeconds: String(watchSeconds),
      },
      connecting.signal,
      whole === true ? 'application/json' : metadataOnly('PartialObjectMetadata'),
    )
    if (answer.status === 410) return undefined
    if (answer.status !== 200) throw new Error(reasonOf(await readStatus(answer)))
    for await (const { type, object } of linesOf(answer)) {
      if (type === 'ERROR') return undefined
      version = versionOf(object) ?? version
      const meta = metaOf(object)
      if (type === 'BOOKMARK' || meta === undefined) continue
      await (type === 'DELETED' ? onGone(meta) : onObject(meta, object))
    }
    return signal.aborted ? undefined : version
  } finally {
    silent.cancel()
    signal.removeEventListener('abort', end)
    answer?.close()
  }
}

function selected(selector: string): Readonly<Record<string, string>> {
  return selector === '' ? {} : { labelSelector: selector }
}

export function metaOf(object: unknown): ObjectMeta | undefined {
  const metadata = isRecord(object) ? object['metadata'] : undefined
  if (!isRecord(metadata) || typeof metadata['name'] !== 'string') return undefined
  const { deletionTimestamp } = metadata
  return {
    name: metadata['name'],
    namespace: text(metadata['namespace']),
    uid: text(metadata['uid']),
    resourceVersion: text(metadata['resourceVersion']),
    labels: texts(metadata['labels']),
    annotations: texts(metadata['annotations']),
    managedFields: Array.isArray(metadata['managedFields']) ? (metadata['managedFields'] as unknown[]) : [],
    ...(typeof deletionTimestamp === 'string' ? { deletionTimestamp } : {}),
  }
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function texts(value: unknown): Readonly<Record<string, string>> {
  return isRecord(value) ? (value as Record<string, string>) : {}
}
