import { backoffMs } from '../../host/backoff.ts'
import type { Host } from '../../host/index.ts'
import { messageOf } from '../../model/errors.ts'
import { isRecord } from '../../model/json.ts'
import { readList, reasonOf, watchFrom } from './follow-object.ts'
import { readStatus } from './status.ts'
import type { Ask } from './types.ts'

const limits = { firstMs: 800, maxMs: 30_000, jitter: 1 }
const pageSize = '250'
const metadataOnly = (kind: string) => `application/json;as=${kind};g=meta.k8s.io;v=v1,application/json;q=0.5`

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
  const { host, selector, whole, signal, onObject, onGone, onTrouble } = options
  for (let tries = 0; !signal.aborted;) {
    try {
      let version: string | undefined = await listAll(options)
      tries = 0
      while (version !== undefined && !signal.aborted) {
        version = await watchFrom(version, {
          ...options,
          query: selected(selector),
          accept: whole === true ? 'application/json' : metadataOnly('PartialObjectMetadata'),
          onEvent: (object, isGone) => {
            const meta = metaOf(object)
            if (meta !== undefined) return isGone ? onGone(meta) : onObject(meta, object)
          },
        })
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
    const { items, metadata } = await readList(answer, path)
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

function text(value: unknown) {
  return typeof value === 'string' ? value : ''
}

function texts(value: unknown): Readonly<Record<string, string>> {
  return isRecord(value) ? (value as Record<string, string>) : {}
}
