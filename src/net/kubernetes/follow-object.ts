import { backoffMs } from '../../host/backoff.ts'
import type { Host } from '../../host/index.ts'
import { messageOf } from '../../model/errors.ts'
import { isRecord, type Fields } from '../../model/json.ts'
import { readObject } from './object.ts'
import { readStatus, type Refusal } from './status.ts'
import type { Answer, Ask } from './types.ts'

const watchSeconds = 300
/** The server ends a watch before. */
const silentMs = (watchSeconds + 30) * 1000
const limits = { firstMs: 800, maxMs: 30_000, jitter: 1 }

export type ObjectPlace = Readonly<{
  /** Collections of the same kind by API version, the preferred one first. */
  paths: readonly string[]
  name?: string
}>

type ObjectState = Readonly<{
  path: string
  version: string
  object: unknown
}>

/** Rejects with the reason if no version is served, or access is denied. */
export async function readState(ask: Ask, location: ObjectPlace, signal: AbortSignal): Promise<ObjectState> {
  const { path, version, items } = await readItems(ask, location, signal)
  return { path, version, object: items[0] }
}

export async function readItems(
  ask: Ask,
  { paths, name }: ObjectPlace,
  signal: AbortSignal,
): Promise<Omit<ObjectState, 'object'> & { readonly items: readonly unknown[] }> {
  let reason = 'no version of it is served'
  for (const path of paths) {
    const answer = await ask(path, selectorOf(name), signal)
    if (answer.status !== 200) {
      const refusal = await readStatus(answer)
      if (answer.status !== 404) throw new Error(reasonOf(refusal))
      reason = `${path} does not exist: install the custom resource definition`
      continue
    }
    const { items, metadata } = await readList(answer, path)
    return { path, version: String(metadata['resourceVersion']), items }
  }
  throw new Error(reason)
}

type FollowOptions = Readonly<{
  ask: Ask
  host: Pick<Host, 'timers' | 'random'>
  place: ObjectPlace
  signal: AbortSignal
  /** The next state waits for it. Without a name: any object that changed; read all with {@link readItems}. */
  onState: (object: unknown) => Promise<void>
  onTrouble: (reason: string) => void
}>

export async function followObject({ ask, host, place, signal, onState, onTrouble }: FollowOptions): Promise<void> {
  let tries = 0
  while (!signal.aborted) {
    try {
      let state = await readState(ask, place, signal)
      await onState(state.object)
      tries = 0
      for (let next: ObjectState | undefined = state; next !== undefined;) {
        const version = await watchFrom(state.version, {
          ask,
          host,
          path: state.path,
          query: selectorOf(place.name),
          signal,
          onEvent: (object, isGone) => onState(isGone ? undefined : object),
        })
        next = version === undefined ? undefined : { ...state, version }
        state = next ?? state
        // Some servers end watches at once.
        await host.timers.sleep(limits.firstMs, signal)
        if (isAborted(signal)) return
      }
    } catch (error) {
      if (isAborted(signal)) return
      onTrouble(messageOf(error))
      await host.timers.sleep(Math.ceil(backoffMs(limits, tries++, host.random.next())), signal)
    }
  }
}

function selectorOf(name: string | undefined): Readonly<Record<string, string>> {
  return name === undefined ? {} : { fieldSelector: `metadata.name=${name}` }
}

type WatchOptions = Pick<FollowOptions, 'ask' | 'host' | 'signal'> &
  Readonly<{
    path: string
    query: Readonly<Record<string, string>>
    accept?: string
    onEvent: (object: unknown, isGone: boolean) => Promise<void> | void
  }>

/** The version at which the next watch begins; undefined: list again. */
export async function watchFrom(
  from: string,
  { ask, host, path, query, accept, signal, onEvent }: WatchOptions,
): Promise<string | undefined> {
  if (isAborted(signal)) return undefined
  const connecting = new AbortController()
  let answer: Answer | undefined
  // An aborted response would throw while an object is being applied.
  const end = () => (answer === undefined ? connecting.abort() : answer.close())
  const silent = host.timers.after(silentMs, end)
  signal.addEventListener('abort', end, { once: true })
  let version = from
  try {
    const watch = { watch: 'true', allowWatchBookmarks: 'true', timeoutSeconds: String(watchSeconds) }
    answer = await ask(path, { ...watch, ...query, resourceVersion: version }, connecting.signal, accept)
    if (answer.status === 410) return undefined
    if (answer.status !== 200) throw new Error(reasonOf(await readStatus(answer)))
    for await (const { type, object } of linesOf(answer)) {
      if (type === 'ERROR') return undefined
      version = versionOf(object) ?? version
      if (type !== 'BOOKMARK') await onEvent(object, type === 'DELETED')
    }
    return isAborted(signal) ? undefined : version
  } finally {
    silent.cancel()
    signal.removeEventListener('abort', end)
    answer?.close()
  }
}

export async function readList(
  answer: Answer,
  path: string,
): Promise<Readonly<{ items: readonly unknown[]; metadata: Fields }>> {
  const list = await readObject(answer)
  const { items, metadata } = isRecord(list) ? list : {}
  if (!Array.isArray(items) || !isRecord(metadata)) throw new Error(`the response for ${path} is no list`)
  return { items, metadata }
}

/** A call may have aborted it since the last check. */
function isAborted(signal: AbortSignal) {
  return signal.aborted
}

export function reasonOf({ code, message }: Refusal): string {
  return message === undefined ? `status ${code}` : `status ${code}: ${message}`
}

function versionOf(object: unknown): string | undefined {
  const metadata = isRecord(object) ? object['metadata'] : undefined
  const version = isRecord(metadata) ? metadata['resourceVersion'] : undefined
  return typeof version === 'string' ? version : undefined
}

async function* linesOf({ body }: Answer): AsyncGenerator<Readonly<{ type: unknown; object: unknown }>> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const piece of body) {
    rest += decoder.decode(piece, { stream: true })
    const lines = rest.split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      if (line.trim() === '') continue
      const event: unknown = JSON.parse(line)
      if (isRecord(event)) yield { type: event['type'], object: event['object'] }
    }
  }
}
