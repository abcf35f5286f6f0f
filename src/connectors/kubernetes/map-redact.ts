/**
 * Objects without their secrets. A value that must not be seen becomes `redacted:` and a keyed digest of it: that it changed can
 * be seen, what it is can't be, nor guessed by who has no key.
 */
import { createHmac } from 'node:crypto'
import { canonical } from './map-canonical.ts'
import { keysOf } from '../../model/kubernetes.ts'
import type { KubeObject } from './client-types.ts'

export interface RedactRules {
  /** Of the digests; replicas share it. */
  readonly key: Uint8Array
  /** Names of keys, variables, annotations and flags whose values are secret. */
  readonly names: RegExp
  /** Further places, as JSON pointers in which `*` is any entry; `kind` undefined: of every kind. */
  readonly paths?: readonly { readonly kind?: string; readonly path: string }[]
}

/** Names under which secrets usually are. */
export const sensitiveNames = /pass(?:word|wd|phrase)?|secret|token|credential|api[-_.]?key|private[-_.]?key|access[-_.]?key|connection[-_.]?string|\bdsn\b/i

const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration'
const mark = 'redacted:'
const digits = 16

type Dict = Readonly<Record<string, unknown>>

export class Redactor {
  readonly #rules: RedactRules
  readonly #lines: RegExp
  readonly #flags: RegExp
  readonly #flagAlone: RegExp
  readonly #inline: readonly RegExp[]

  constructor(rules: RedactRules) {
    this.#rules = rules
    // As long as a name may be: a megabyte of them without a break would otherwise be looked through again from each.
    const name = `[\\w.-]{0,100}(?:${rules.names.source})[\\w.-]{0,100}`
    // `password: x`, `"db.password" = x`, `export TOKEN=x` in a file that is a value.
    this.#lines = new RegExp(`^(?<begin>[ \\t]*(?:export[ \\t]+)?["']?${name}["']?[ \\t]*[:=][ \\t]*)(?<value>\\S.*)$`, 'gim')
    this.#flags = new RegExp(`^(?<begin>--?${name}=)(?<value>[\\s\\S]+)$`, 'i')
    this.#flagAlone = new RegExp(`^--?${name}$`, 'i')
    // `--password x`, `PGPASSWORD=x psql`, `{"token": "x"}`.
    this.#inline = [
      new RegExp(`(?<begin>(?<![\\w.-])${name}=|(?<![\\w.-])--?${name}[ \\t]+)(?<value>"[^"]+"|'[^']+'|[^\\s"';|&,<>()]+)`, 'gi'),
      new RegExp(`(?<begin>"${name}"\\s*:\\s*)(?<value>"(?:[^"\\\\]|\\\\.)+"|[\\w.+-]+)`, 'gi'),
    ]
  }

  /** Of the digests. */
  get key(): Uint8Array {
    return this.#rules.key
  }

  /** A copy where something had to be replaced; parts without secrets are shared with what was given. */
  redact<T extends KubeObject>(object: T): T {
    let safe: Dict = object
    if (object.kind === 'Secret' && object.apiVersion === 'v1') safe = this.#fields(safe, ['data', 'stringData'], (value, field) => this.digest(field === 'data' && typeof value === 'string' ? Buffer.from(value, 'base64') : value))
    else if (object.kind === 'ConfigMap' && object.apiVersion === 'v1') safe = this.#fields(safe, ['data', 'binaryData'], (value, _, name) => this.#named(name, value))
    else safe = this.#specs(safe) as Dict
    safe = this.#annotations(safe, object.kind === 'Secret')
    for (const { kind, path } of this.#rules.paths ?? []) if (kind === undefined || kind === object.kind) safe = this.#at(safe, keysOf(path)) as Dict
    return safe as T
  }

  /** The same for the same value, whether it was written as text or as bytes. */
  digest(value: unknown): string {
    const bytes = value instanceof Uint8Array || typeof value === 'string' ? value : canonical(value)
    return mark + createHmac('sha256', this.#rules.key).update(bytes).digest('hex').slice(0, digits)
  }

  #named(name: string, value: unknown): unknown {
    if (this.#rules.names.test(name)) return this.digest(value)
    return typeof value === 'string' ? this.#inText(value) : value
  }

  #inText(text: string): string {
    if (!this.#rules.names.test(text)) return text
    let safe = text.replaceAll(this.#lines, (...found) => partsOf(found, ({ begin, value }) => begin + this.digest(value.trimEnd())))
    for (const inline of this.#inline) safe = safe.replaceAll(inline, (...found) => partsOf(found, ({ begin, value }) => begin + (/^["']?redacted:/.test(value) ? value : this.#quoted(value))))
    return safe
  }

  #quoted(value: string): string {
    const quote = /^(["'])[\s\S]*\1$/.exec(value)?.[1] ?? ''
    return quote + this.digest(quote === '' ? value : value.slice(1, -1)) + quote
  }

  #fields(object: Dict, names: readonly string[], replace: (value: unknown, field: string, name: string) => unknown): Dict {
    const changed: Record<string, unknown> = {}
    for (const field of names) {
      const values = object[field]
      if (!isDict(values)) continue
      const safe = mapDict(values, (value, name) => replace(value, field, name))
      if (safe !== values) changed[field] = safe
    }
    return Object.keys(changed).length === 0 ? object : { ...object, ...changed }
  }

  #annotations(object: Dict, isSecret: boolean): Dict {
    const metadata = object['metadata']
    const annotations = isDict(metadata) ? metadata['annotations'] : undefined
    if (!isDict(metadata) || !isDict(annotations)) return object
    let safe = mapDict(annotations, (value, name) => (name === lastApplied ? (isSecret ? undefined : this.#applied(value)) : this.#named(name, value)))
    if (isSecret && Object.hasOwn(safe, lastApplied)) {
      const { [lastApplied]: _gone, ...others } = safe
      safe = others
    }
    return safe === annotations ? object : { ...object, metadata: { ...metadata, annotations: safe } }
  }

  /** The object as it was sent once, which holds the same secrets. */
  #applied(written: unknown): string {
    try {
      const object = JSON.parse(String(written)) as unknown
      if (isDict(object)) return canonical(this.redact(object))
    } catch {
      // It is no object: nothing is known of what is in it.
    }
    return this.digest(written)
  }

  /** Variables and arguments of programs, wherever a kind has them. */
  #specs(value: unknown, field = ''): unknown {
    if (Array.isArray(value)) {
      if (field === 'env') return mapList(value, (entry) => (isDict(entry) && typeof entry['name'] === 'string' && entry['value'] !== undefined ? replaced(entry, 'value', this.#named(entry['name'], entry['value'])) : entry))
      if (field === 'args' || field === 'command') return mapList(value, (entry, index) => (typeof entry === 'string' ? this.#argument(entry, value[index - 1]) : entry))
      return mapList(value, (entry) => this.#specs(entry))
    }
    if (!isDict(value)) return value
    let copy: Record<string, unknown> | undefined
    for (const name in value) {
      const part = value[name]
      if (typeof part !== 'object' || part === null || name === 'managedFields') continue
      const safe = this.#specs(part, name)
      if (safe !== part) (copy ??= { ...value })[name] = safe
    }
    return copy ?? value
  }

  #argument(text: string, before: unknown): string {
    // The flag and its value are two arguments.
    if (typeof before === 'string' && this.#flagAlone.test(before) && !/^(?:--|-\w$)/.test(text)) return this.digest(text)
    const { begin, value } = this.#flags.exec(text)?.groups ?? {}
    return begin === undefined || value === undefined ? this.#inText(text) : begin + this.digest(value)
  }

  #at(value: unknown, path: readonly string[]): unknown {
    const [key, ...rest] = path
    if (key === undefined) return this.digest(value)
    if (Array.isArray(value)) return mapList(value, (entry, index) => (key === '*' || key === String(index) ? this.#at(entry, rest) : entry))
    if (!isDict(value)) return value
    if (key === '*') return mapDict(value, (entry) => this.#at(entry, rest))
    return Object.hasOwn(value, key) ? replaced(value, key, this.#at(value[key], rest)) : value
  }
}

interface Found {
  readonly begin: string
  readonly value: string
}

/** What `replaceAll` hands over last: parts by name, since a configured expression may have numbered ones of its own. */
function partsOf(found: readonly unknown[], replace: (parts: Found) => string): string {
  return replace(found.at(-1) as Found)
}

function isDict(value: unknown): value is Dict {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function replaced(dict: Dict, key: string, value: unknown): Dict {
  return value === dict[key] ? dict : { ...dict, [key]: value }
}

/** The dictionary itself where nothing was replaced. */
function mapDict(dict: Dict, map: (value: unknown, name: string) => unknown): Dict {
  let copy: Record<string, unknown> | undefined
  for (const name in dict) {
    const value = map(dict[name], name)
    if (value !== dict[name]) (copy ??= { ...dict })[name] = value
  }
  return copy ?? dict
}

/** The list itself where nothing was replaced. */
function mapList(list: readonly unknown[], map: (value: unknown, index: number) => unknown): readonly unknown[] {
  let copy: unknown[] | undefined
  for (let index = 0; index < list.length; index++) {
    const value = map(list[index], index)
    if (value !== list[index]) (copy ??= [...list])[index] = value
  }
  return copy ?? list
}
