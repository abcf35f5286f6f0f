// An API server in memory behind the client interface: lists and watches by label, merge patches, preconditions.
import { isRecord, type Fields } from '../../src/model/json.ts'
import type { Client } from '../../src/net/kubernetes/client.ts'
import type { Answer } from '../../src/net/kubernetes/types.ts'

interface Metadata {
  readonly name: string
  readonly namespace: string
  readonly uid: string
  readonly resourceVersion: string
  readonly creationTimestamp: string
  readonly labels: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
}
interface Stored extends Fields {
  readonly metadata: Metadata
}
type Watcher = Readonly<{
  kind: string
  selector: string
  send: (line: object) => void
}>

export class MemoryCluster {
  /** Objects by `kind/namespace/name`. */
  readonly #objects = new Map<string, Stored>()
  readonly #watchers = new Set<Watcher>()
  readonly #removed: { readonly kind: string; readonly object: Stored }[] = []
  #version = 0
  /** `METHOD path` of each write. */
  readonly writes: string[] = []
  /** `PATH SELECTOR ACCEPT` of each list and watch, `PATH` of each object that was read. */
  readonly reads: string[] = []
  /** Writes that fail with status 500 before others succeed. */
  failures = 0

  readonly client: Client = {
    ask: (path, query, signal, accept) => {
      this.reads.push([path, query['labelSelector'], accept].filter((part) => part !== undefined).join(' '))
      return Promise.resolve(this.#ask(path, query, signal))
    },
    write: (method, path, body) => Promise.resolve(this.#write(method, path, body as Fields)),
    close: () => undefined,
  }

  get(kind: string, name: string, namespace = ''): Stored | undefined {
    return this.#objects.get(`${kind}/${namespace}/${name}`)
  }

  names(kind: string): readonly string[] {
    const keys = [...this.#objects.keys()].filter((key) => key.startsWith(`${kind}/`))
    return keys.map((key) => key.slice(kind.length + 1)).sort()
  }

  put(kind: string, object: Readonly<{ metadata: Partial<Metadata> }> & Fields): void {
    const { name = '', namespace = '' } = object.metadata
    const before = this.get(kind, name, namespace)
    this.#store(kind, object, before)
  }

  remove(kind: string, name: string, namespace = ''): void {
    const found = this.get(kind, name, namespace)
    if (found === undefined) return
    this.#objects.delete(`${kind}/${namespace}/${name}`)
    const object = { metadata: { ...found.metadata, resourceVersion: String(++this.#version) } }
    this.#removed.push({ kind, object })
    this.#emit('DELETED', kind, object)
  }

  #store(kind: string, object: Fields, before: Stored | undefined): Stored {
    const version = ++this.#version
    const given = (isRecord(object['metadata']) ? object['metadata'] : {}) as Partial<Metadata>
    const { name = '', namespace = '' } = given
    const stored: Stored = {
      ...object,
      metadata: {
        creationTimestamp: new Date(version * 1000).toISOString(),
        ...given,
        name,
        namespace,
        labels: given.labels ?? {},
        uid: before?.metadata.uid ?? `uid-${version}`,
        resourceVersion: String(version),
      },
    }
    this.#objects.set(`${kind}/${namespace}/${name}`, stored)
    this.#emit(before === undefined ? 'ADDED' : 'MODIFIED', kind, stored)
    return stored
  }

  #emit(type: string, kind: string, object: Stored): void {
    for (const watcher of this.#watchers)
      if (watcher.kind === kind && matches(object, watcher.selector)) watcher.send({ type, object })
  }

  #ask(path: string, query: Readonly<Record<string, string>>, signal: AbortSignal): Answer {
    const { kind, namespace, name } = placeOf(path)
    if (name !== undefined) {
      const found = this.get(kind, name, namespace ?? '')
      return found === undefined ? status(404, 'not found') : answer(200, found)
    }
    const selector = query['labelSelector'] ?? ''
    if (query['watch'] === 'true')
      return this.#watch(kind, selector, Number(query['resourceVersion'] ?? this.#version), signal)
    const items = [...this.#objects].filter(
      ([key, object]) =>
        key.startsWith(namespace === undefined ? `${kind}/` : `${kind}/${namespace}/`) && matches(object, selector),
    )
    return answer(200, {
      metadata: { resourceVersion: String(this.#version) },
      items: items.map(([, object]) => object),
    })
  }

  /** From the version of a list, so that no event between both is lost. */
  #watch(kind: string, selector: string, from: number, signal: AbortSignal): Answer {
    const lines = this.#since(kind, from)
      .filter(({ object }) => matches(object, selector))
      .map((event) => Buffer.from(`${JSON.stringify(event)}\n`))
    let more = Promise.withResolvers<void>()
    let isClosed = false
    const watcher = {
      kind,
      selector,
      send: (line: object): void => {
        lines.push(Buffer.from(`${JSON.stringify(line)}\n`))
        more.resolve()
      },
    }
    const close = (): void => {
      isClosed = true
      this.#watchers.delete(watcher)
      more.resolve()
    }
    this.#watchers.add(watcher)
    signal.addEventListener('abort', close)
    async function* body(): AsyncGenerator<Uint8Array> {
      while (!isClosed) {
        const line = lines.shift()
        if (line !== undefined) yield line
        else {
          await more.promise
          more = Promise.withResolvers()
        }
      }
    }
    return { status: 200, headers: {}, body: body(), close }
  }

  /** The last state of each object that changed after a version. */
  #since(kind: string, from: number): readonly { readonly type: string; readonly object: Stored }[] {
    const isNew = ({ metadata }: Stored): boolean => Number(metadata.resourceVersion) > from
    const known = [...this.#objects].flatMap(([key, object]) => (key.startsWith(`${kind}/`) ? [object] : []))
    return [
      ...known.filter(isNew).map((object) => ({ type: 'MODIFIED', object })),
      ...this.#removed
        .filter((gone) => gone.kind === kind && isNew(gone.object))
        .map(({ object }) => ({ type: 'DELETED', object })),
    ].sort((one, other) => Number(one.object.metadata.resourceVersion) - Number(other.object.metadata.resourceVersion))
  }

  #write(method: string, path: string, body: Fields): Answer {
    this.writes.push(`${method} ${path}`)
    if (this.failures > 0) {
      this.failures--
      return status(500, 'the server is unavailable')
    }
    const { kind, namespace = '', name } = placeOf(path)
    if (name === undefined) {
      const { name: given = '' } = body['metadata'] as Partial<Metadata>
      if (this.get(kind, given, namespace) !== undefined) return status(409, `${kind} "${given}" already exists`)
      return answer(
        201,
        this.#store(kind, { ...body, metadata: { ...(body['metadata'] as object), namespace } }, undefined),
      )
    }
    const found = this.get(kind, name, namespace)
    if (found === undefined) return status(404, 'not found')
    const wanted = (body[method === 'DELETE' ? 'preconditions' : 'metadata'] ?? {}) as Partial<Metadata>
    for (const key of ['uid', 'resourceVersion'] as const)
      if (wanted[key] !== undefined && wanted[key] !== found.metadata[key])
        return status(409, 'the object has been modified')
    if (method === 'DELETE') {
      this.remove(kind, name, namespace)
      return answer(200, {})
    }
    return answer(200, this.#store(kind, merged(found, body) as Stored, found))
  }
}

function placeOf(path: string): Readonly<{ kind: string; namespace?: string; name?: string }> {
  const [first = '', second, third = '', fourth] = path
    .replace(/^\/(?:api\/v1|apis\/[^/]+\/v1)\//, '')
    .split('/')
    .map(decodeURIComponent)
  if (first !== 'namespaces') return { kind: first, ...(second === undefined ? {} : { name: second }) }
  if (second === undefined) return { kind: first }
  if (third === '') return { kind: first, name: second }
  return { kind: third, namespace: second, ...(fourth === undefined ? {} : { name: fourth }) }
}

function matches({ metadata: { labels } }: Stored, selector: string): boolean {
  return selector === '' || selector in labels
}

/** A merge patch (RFC 7386). */
function merged(into: unknown, patch: unknown): unknown {
  if (!isRecord(patch)) return patch
  const result: Record<string, unknown> = { ...(isRecord(into) ? into : {}) }
  for (const [key, value] of Object.entries(patch))
    if (value === null) delete result[key]
    else result[key] = merged(result[key], value)
  return result
}

function status(code: number, message: string): Answer {
  return answer(code, { kind: 'Status', code, message })
}

function answer(code: number, object: object): Answer {
  async function* body(): AsyncGenerator<Uint8Array> {
    yield await Promise.resolve(Buffer.from(JSON.stringify(object)))
  }
  return { status: code, headers: {}, body: body(), close: () => undefined }
}
