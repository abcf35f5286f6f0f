/** Records and places of a polled API. Pure. */
import { createHash } from 'node:crypto'
import { isUtf8 } from 'node:buffer'
import { parseRaw } from '../../model/exact-json.ts'
import { assertShallow, maxJsonDepth, nestsDeeper } from '../../model/json-depth.ts'
import { withoutUrlSecrets } from '../../model/url-text.ts'
import { jsonMemory } from '../../model/json-memory.ts'
import { jsonAt } from '../../model/json-pointer.ts'
import type { HttpPollConfig } from './config.ts'

/** Position of the next poll. It is stored with the rows that it covers. */
export type PollState = Readonly<{
  /** Unix ms of the last complete poll or page. */
  at: number
  etag?: string
  modified?: string
  /** The next page of an unfinished poll: a URL, page number or cursor. */
  next?: string
  since?: string
  /** Digests of the newest keys, oldest first. */
  seen: readonly string[]
}>

export const noState: PollState = { at: 0, seen: [] }

const maxCursorText = 200

/** For people; a next page may be an address with secrets. */
export function cursorText({ next, since }: PollState): string | undefined {
  if (next !== undefined) return `page ${withoutUrlSecrets(next).replace(/\?.*/s, '?…').slice(0, maxCursorText)}`
  return since === undefined ? undefined : `since ${since.slice(0, maxCursorText)}`
}

export type PolledRecord = Readonly<{
  /** Undefined if the record has no value of the key. */
  key: string | undefined
  data: Uint8Array
  isJson: boolean
  since: string | undefined
}>

export type PolledPage = Readonly<{
  records: readonly PolledRecord[]
  document: unknown
}>

const utf8 = new TextEncoder()

/** With exact numbers, which are objects; a line is a text and its bytes. */
const [numberMemory, lineMemory] = [90, 250]
/** Memory of a record, and of its event until it is stored. */
const recordMemory = 500

/** Memory that {@link readPage} needs before it makes the records. */
export function pageMemory(body: Uint8Array, { format }: HttpPollConfig): number {
  if (format === 'json') return jsonMemory(body, numberMemory)
  if (format === 'text') return body.length
  let lines = 1
  for (let at = body.indexOf(10); at >= 0; at = body.indexOf(10, at + 1)) lines++
  return 3 * body.length + lineMemory * lines
}

/** Throws with the reason. `reserve`: gets the bytes of the records before they are made, and may throw. */
export function readPage(body: Uint8Array, config: HttpPollConfig, reserve: (bytes: number) => void): PolledPage {
  const { format, records: pointer, key, since } = config
  if (format === 'json') {
    if (nestsDeeper(body)) throw new Error(`the response nests deeper than ${maxJsonDepth} levels`)
    const text = new TextDecoder('utf-8', { fatal: true }).decode(body)
    let document: unknown
    try {
      document = parseRaw(text)
    } catch (error) {
      throw new Error('the response is not valid JSON', { cause: error })
    }
    const json = jsonAt(document, pointer)
    if (json === undefined) throw new Error(`the response has nothing at \`${pointer}\``)
    const all = (Array.isArray(json) ? (json as unknown[]) : [json]).filter((value) => value !== null)
    reserve(recordMemory * all.length)
    return {
      document,
      records: all.map((record) => {
        const data = utf8.encode(JSON.stringify(record))
        const value = since === null ? undefined : scalarText(jsonAt(record, since.at))
        return { data, isJson: true, key: keyOf(record, key), since: value }
      }),
    }
  }
  const parts =
    format === 'text'
      ? [body].filter((part) => part.length > 0)
      : new TextDecoder()
          .decode(body)
          .split('\n')
          .map((line) => line.replace(/\r$/, ''))
          .filter((line) => line.trim() !== '')
          .map((line) => utf8.encode(line))
  reserve(recordMemory * parts.length)
  const records = parts.map((data) => {
    const document = key.length === 0 ? undefined : jsonOf(data)
    return {
      data,
      isJson: false,
      key: document === undefined ? (key.length === 0 ? undefined : digest(data)) : keyOf(document, key),
      since: undefined,
    }
  })
  return { records, document: undefined }
}

function jsonOf(data: Uint8Array): unknown {
  try {
    assertShallow(data)
    return parseRaw(new TextDecoder().decode(data))
  } catch {
    return undefined
  }
}

function keyOf(record: unknown, pointers: readonly string[]): string | undefined {
  if (pointers.length === 0) return undefined
  const values = pointers.map((pointer) =>
    pointer === '' ? digest(utf8.encode(JSON.stringify(record))) : scalarText(jsonAt(record, pointer)),
  )
  return values.some((value) => value === undefined) ? undefined : values.join(':')
}

export function digest(data: Uint8Array): string {
  return createHash('sha256').update(data).digest('base64url').slice(0, 22)
}

export const seenDigest = (key: string): string => digest(utf8.encode(key)).slice(0, 11)

/** Raw numbers are objects that only `JSON.stringify` understands. */
function scalarText(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined
  return typeof value === 'string' ? value : JSON.stringify(value)
}

const rfc3339 = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.(\d+))?(?:[Zz]|[+-]\d\d:\d\d)$/

/** Unix seconds, and the digits of the fraction; undefined: no time of RFC 3339. */
function instantOf(text: string): readonly [seconds: number, fraction: string] | undefined {
  const match = rfc3339.exec(text)
  const ms = match === null ? Number.NaN : Date.parse(text)
  return Number.isNaN(ms) ? undefined : [Math.floor(ms / 1000), (match?.[1] ?? '').replace(/0+$/, '')]
}

/** The greater value: times of RFC 3339 as instants, numbers by size, other text by its characters. */
export function greater(one: string | undefined, other: string | undefined): string | undefined {
  if (one === undefined || other === undefined) return one ?? other
  const [a, b] = [Number(one), Number(other)]
  if (!Number.isNaN(a) && !Number.isNaN(b)) return b > a ? other : one
  const [first, second] = [instantOf(one), instantOf(other)]
  if (first === undefined || second === undefined) return other > one ? other : one
  const isLater = second[0] === first[0] ? second[1] > first[1] : second[0] > first[0]
  return isLater ? other : one
}

/** The place of the next page; undefined after the last one. */
export function nextPage(
  { paging }: HttpPollConfig,
  { records, document }: PolledPage,
  link: string | undefined,
  current: string | undefined,
): string | undefined {
  switch (paging.type) {
    case 'none':
      return undefined
    case 'link':
      return nextLink(link)
    case 'page':
      return records.length === 0 ? undefined : String(Number(current ?? paging.first) + 1)
    case 'cursor': {
      const cursor = scalarText(jsonAt(document, paging.at))
      return cursor === '' || cursor === 'false' || cursor === current ? undefined : cursor
    }
  }
}

const linkParameter = /;\s*([\w.*-]+)\s*(?:=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;,"]*)))?/g

/** RFC 8288. */
function nextLink(header: string | undefined): string | undefined {
  for (const [, target, parameters = ''] of (header ?? '').matchAll(/<([^>]*)>((?:"(?:[^"\\]|\\.)*"|[^",])*)/g))
    for (const [, name = '', quoted, bare = ''] of parameters.matchAll(linkParameter))
      if (name.toLowerCase() === 'rel' && (quoted ?? bare).toLowerCase().split(/\s+/).includes('next')) return target
  return undefined
}

export function addressOf(config: HttpPollConfig, state: Pick<PollState, 'next' | 'since'>, current: string): URL {
  const { paging, since } = config
  const { next } = state
  const url = new URL(paging.type === 'link' && next !== undefined ? next : config.url, current)
  if (paging.type === 'page') url.searchParams.set(paging.parameter, next ?? String(paging.first))
  if (paging.type === 'cursor' && next !== undefined) url.searchParams.set(paging.parameter, next)
  const from = state.since ?? since?.start
  if (since !== null && from !== null && from !== undefined && !(paging.type === 'link' && next !== undefined))
    url.searchParams.set(since.parameter, from)
  return url
}

export function dataOf({ data, isJson }: PolledRecord) {
  if (isJson) return { datacontenttype: 'application/json', encoding: 'json', data } as const
  return { encoding: isUtf8(data) ? 'text' : 'binary', data } as const
}

export function stateOf(value: unknown): PollState | undefined {
  const given = value as Partial<PollState> | null | undefined
  return typeof given?.at === 'number' && Array.isArray(given.seen) ? (given as PollState) : undefined
}

export function stateFrom(cursor: Uint8Array | undefined): PollState | undefined {
  if (cursor === undefined) return undefined
  try {
    return stateOf(JSON.parse(new TextDecoder().decode(cursor)))
  } catch {
    return undefined
  }
}
