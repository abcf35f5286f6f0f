/** A secret value becomes `redacted:` and its keyed digest: changes are visible, but the value cannot be guessed. */
import { hash } from 'node:crypto'
import { isSecretValue, mark, redactArguments, TextRedactor } from '../../../codecs/redact/index.ts'
import { keysOf } from '../../../model/kubernetes.ts'
import { isRecord } from '../../../model/json.ts'
import { canonical } from '../../../codecs/canonical-json/index.ts'
import type { KubeObject } from '../client/types.ts'

type RedactRules = Readonly<{
  key: Uint8Array
  /** Names of keys, variables, annotations and flags with secret values, besides the known names. */
  names?: RegExp | undefined
  paths?: readonly Readonly<{ kind?: string; path: string }>[]
}>

const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration'
const digits = 16
const blockBytes = 64
const metadataTexts = ['annotations', 'labels'] as const

type Dict = Readonly<Record<string, unknown>>

/** Annotations of tools contain secrets of a Secret, too. */
type ObjectKind = 'secret' | 'other'

export class Redactor {
  readonly #rules: RedactRules
  readonly #texts: TextRedactor
  readonly #mask = (value: string) => this.digest(value)
  readonly #text = (value: string) => this.#texts.redact(value)
  readonly #suspicion = (name: string) => this.#texts.suspicionOf(name)

  readonly #inner: Buffer
  readonly #outer: Buffer

  constructor(rules: RedactRules) {
    this.#rules = rules
    const key = Buffer.alloc(blockBytes)
    Buffer.from(rules.key.length > blockBytes ? hash('sha256', rules.key, 'buffer') : rules.key).copy(key)
    this.#inner = key.map((byte) => byte ^ 0x36) as Buffer
    this.#outer = key.map((byte) => byte ^ 0x5c) as Buffer
    this.#texts = new TextRedactor({
      mask: this.#mask,
      more: rules.names,
      structure: (value) => this.#value(value, ''),
    })
  }

  get key(): Uint8Array {
    return this.#rules.key
  }

  redact<T extends KubeObject>(object: T): T {
    let redacted = this.#dict(object)
    for (const { kind, path } of this.#rules.paths ?? [])
      if (kind === undefined || kind === object.kind) redacted = this.#at(redacted, keysOf(path)) as Dict
    return redacted as T
  }

  text(value: string): string {
    return this.#texts.redact(value)
  }

  digest(value: unknown): string {
    const bytes =
      value instanceof Uint8Array ? value : Buffer.from(typeof value === 'string' ? value : canonical(value))
    // HMAC (RFC 2104) of one-shot hashes: a hash object for each value costs ten times as much.
    return (
      mark +
      hash(
        'sha256',
        Buffer.concat([this.#outer, hash('sha256', Buffer.concat([this.#inner, bytes]), 'buffer')]),
        'hex',
      ).slice(0, digits)
    )
  }

  #value(value: unknown, name: string): unknown {
    if (typeof value === 'string') return this.#string(value, name)
    if (typeof value === 'number')
      return name !== '' && this.#suspicion(name) === 'password' ? this.digest(String(value)) : value
    if (Array.isArray(value)) return this.#list(value, name)
    if (!isRecord(value)) return value
    return isRawNumber(value)
      ? this.#suspicion(name) === 'password'
        ? this.digest(String(value.rawJSON))
        : value
      : this.#dict(value)
  }

  #string(value: string, name: string) {
    if (value === '') return value
    const suspicion = name === '' ? 'none' : this.#suspicion(name)
    if (suspicion !== 'none' && isSecretValue(value, suspicion)) return this.digest(value)
    return this.#texts.redact(value)
  }

  #list(list: readonly unknown[], name: string): unknown {
    if (list.length === 0) return list
    const suspicion = name === '' ? 'none' : this.#suspicion(name)
    if (list.every((entry) => typeof entry === 'string')) {
      if (suspicion !== 'none' && suspicion !== 'weak')
        return mapList(list, (entry) => this.#string(entry as string, name))
      return redactArguments(list, this.#mask, this.#text, this.#suspicion)
    }
    return mapList(list, (entry) => this.#value(entry, typeof entry === 'object' ? '' : name))
  }

  #dict(dict: Dict): Dict {
    const { kind, command, args } = dict
    if (kind === 'Secret' && (dict['apiVersion'] === 'v1' || dict['apiVersion'] === undefined))
      return this.#secret(dict)
    const dictName = nameOf(dict)
    let copy: Record<string, unknown> | undefined
    const isCommandLine = isTexts(command) && isTexts(args)
    if (isCommandLine) {
      const all = [...command, ...args]
      const redacted = redactArguments(all, this.#mask, this.#text, this.#suspicion)
      if (redacted !== all)
        copy = { ...dict, command: redacted.slice(0, command.length), args: redacted.slice(command.length) }
    }
    for (const name in dict) {
      if (isCommandLine && (name === 'command' || name === 'args')) continue
      const part = dict[name]
      const value = this.#member(dict, name, part, dictName)
      if (value !== part) (copy ??= { ...dict })[name] = value
    }
    return copy ?? dict
  }

  #member(dict: Dict, name: string, part: unknown, named: string | undefined): unknown {
    if (name === 'value' && named !== undefined) return this.#value(part, named)
    if (name === 'metadata' && isRecord(part)) return this.#metadata(part, 'other')
    if (name === 'binaryData' && isRecord(part)) return mapDict(part, (value, key) => this.#bytes(value, key))
    // A SealedSecret is encrypted; an ExternalSecret only names the key of a Secret.
    if (
      (name === 'spec' && dict['kind'] === 'SealedSecret') ||
      (name === 'secretKey' && Object.hasOwn(dict, 'remoteRef'))
    )
      return part
    return this.#value(part, name)
  }

  #secret(secret: Dict): Dict {
    const values = ['data', 'stringData']
      .flatMap((field) => (isRecord(secret[field]) ? Object.values(secret[field]) : []))
      .filter((value) => typeof value === 'string')
    const copies = new Set(
      values
        .flatMap((value) => [value, Buffer.from(value, 'base64').toString('utf8')])
        .filter((value) => value.length >= 6),
    )
    const redacted: Record<string, unknown> = {}
    for (const name in secret) {
      const part = secret[name]
      if ((name === 'data' || name === 'stringData') && isRecord(part))
        redacted[name] = mapDict(part, (value) =>
          typeof value === 'string' && value.startsWith(mark)
            ? value
            : this.digest(name === 'data' && typeof value === 'string' ? Buffer.from(value, 'base64') : value),
        )
      else
        redacted[name] =
          name === 'metadata' && isRecord(part) ? this.#metadata(part, 'secret', copies) : this.#value(part, name)
    }
    return Object.keys(secret).every((name) => secret[name] === redacted[name]) ? secret : redacted
  }

  #metadata(metadata: Dict, kind: ObjectKind, copies: ReadonlySet<string> = noNames): Dict {
    let redacted = metadata
    for (const field of metadataTexts) {
      const texts = metadata[field]
      if (isRecord(texts))
        redacted = replaced(
          redacted,
          field,
          field === 'annotations'
            ? this.#annotations(texts, kind, copies)
            : mapDict(texts, (value, name) => this.#value(value, name)),
        )
    }
    return redacted
  }

  #annotations(annotations: Dict, kind: ObjectKind, copies: ReadonlySet<string>): Dict {
    const isSecret = kind === 'secret'
    const redacted = mapDict(annotations, (value, name) => {
      if (name === lastApplied) return isSecret ? undefined : this.#applied(value)
      if (
        typeof value === 'string' &&
        ((isSecret && /"(?:data|stringData)"\s*:|^\s*(?:data|stringData):/m.test(value)) || holds(value, copies))
      )
        return this.digest(value)
      return this.#value(value, name)
    })
    if (!isSecret || !Object.hasOwn(redacted, lastApplied)) return redacted
    const { [lastApplied]: _gone, ...others } = redacted
    return others
  }

  /** kubectl's copy of the object has the same secrets. */
  #applied(written: unknown): string {
    try {
      const object = JSON.parse(String(written)) as unknown
      if (isRecord(object)) return canonical(this.redact(object))
    } catch {
      // Text that is no valid JSON may contain secrets anywhere.
    }
    return this.digest(written)
  }

  #bytes(value: unknown, name: string): unknown {
    if (typeof value !== 'string') return value
    const suspicion = this.#suspicion(name)
    if (suspicion !== 'none' && suspicion !== 'weak') return this.digest(value)
    const text = Buffer.from(value, 'base64').toString('utf8')
    return text.includes('\uFFFD') || this.#texts.redact(text) === text ? value : this.digest(value)
  }

  #at(value: unknown, path: readonly string[]): unknown {
    const [key, ...rest] = path
    if (key === undefined) return this.digest(value)
    if (Array.isArray(value))
      return mapList(value, (entry, index) => (key === '*' || key === String(index) ? this.#at(entry, rest) : entry))
    if (!isRecord(value)) return value
    if (key === '*') return mapDict(value, (entry) => this.#at(entry, rest))
    return Object.hasOwn(value, key) ? replaced(value, key, this.#at(value[key], rest)) : value
  }
}

const noNames: ReadonlySet<string> = new Set()

function holds(text: string, copies: ReadonlySet<string>) {
  for (const copy of copies) if (text.includes(copy)) return true
  return false
}

function nameOf(dict: Dict): string | undefined {
  if (!Object.hasOwn(dict, 'value')) return undefined
  for (const field of ['name', 'key', 'header', 'path'] as const)
    if (typeof dict[field] === 'string') return dict[field]
  return undefined
}

function isRawNumber(value: Dict): value is Dict & { readonly rawJSON: string } {
  return Object.hasOwn(value, 'rawJSON') && Object.isFrozen(value)
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((entry) => typeof entry === 'string')
}

function replaced(dict: Dict, key: string, value: unknown) {
  return value === dict[key] ? dict : { ...dict, [key]: value }
}

function mapDict(dict: Dict, map: (value: unknown, name: string) => unknown): Dict {
  let copy: Record<string, unknown> | undefined
  for (const name in dict) {
    const value = map(dict[name], name)
    if (value !== dict[name]) (copy ??= { ...dict })[name] = value
  }
  return copy ?? dict
}

function mapList(list: readonly unknown[], map: (value: unknown, index: number) => unknown): readonly unknown[] {
  let copy: unknown[] | undefined
  for (let index = 0; index < list.length; index++) {
    const value = map(list[index], index)
    if (value !== list[index]) (copy ??= [...list])[index] = value
  }
  return copy ?? list
}
