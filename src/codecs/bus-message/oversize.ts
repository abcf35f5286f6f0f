import { hash } from 'node:crypto'
import { isUtf8 } from 'node:buffer'
import type { BusMessage } from './index.ts'
import type { InMessage } from './read.ts'
import { parsedJson } from '../../model/json.ts'

/** Parameters as in RFC 2046, 5.2.2: `id`, `number` (from 1), `total`; and `sha256` (hex) and `type` of the body. */
const partType = 'application/vnd.weir.part'
const claimType = 'application/vnd.weir.claim+json'

export type Part = Readonly<{
  message: string
  number: number
  total: number
  sha256: string
  contentType: string | undefined
}>

export type Claim = Readonly<{
  url: string
  size: number
  /** Hex; also the last part of `url`. */
  sha256: string
  contenttype?: string
}>

const maxParts = 100_000

/** Ids are equal for every attempt with the same cuts. Parts have a key, which keeps them together. */
export function splitMessage<Message extends BusMessage>(message: Message, maxBytes: number): Message[] {
  const { body, id, contentType } = message
  const total = Math.ceil(body.length / maxBytes)
  const sha256 = hash('sha256', body)
  const cut = hash('sha256', `${sha256} ${maxBytes}`, 'base64url').slice(0, 8)
  const type = contentType === undefined ? '' : `; type="${contentType.replaceAll(/["\\]/g, String.raw`\$&`)}"`
  return Array.from({ length: total }, (_, at) => ({
    ...message,
    id: `${id}.${cut}.${at + 1}`,
    key: message.key ?? id,
    body: body.subarray(at * maxBytes, (at + 1) * maxBytes),
    contentType: `${partType}; id="${id}"; number=${at + 1}; total=${total}; sha256=${sha256}${type}`,
  }))
}

export function claimMessage<Message extends BusMessage>(message: Message, url: string, sha256: string): Message {
  const {
    contentType: contenttype,
    body: { length: size },
  } = message
  const claim: Claim = { url, size, sha256, ...(contenttype === undefined ? {} : { contenttype }) }
  return { ...message, contentType: claimType, body: new TextEncoder().encode(JSON.stringify(claim)) }
}

/** Undefined if it is no part; throws if invalid. */
export function partOf({ contentType }: InMessage): Part | undefined {
  if (!is(contentType, partType)) return undefined
  const results = new Map<string, string>()
  for (const [, name = '', quoted, plain] of contentType.matchAll(
    /;\s*([a-z0-9]+)=(?:"((?:[^"\\]|\\.)*)"|([^;\s"]*))/g,
  )) {
    results.set(name, quoted === undefined ? (plain ?? '') : quoted.replaceAll(/\\(.)/g, '$1'))
  }
  const [id, sha256, number, total] = [
    results.get('id'),
    results.get('sha256'),
    Number(results.get('number')),
    Number(results.get('total')),
  ]
  if (
    id === undefined ||
    !isHash(sha256) ||
    !Number.isInteger(number) ||
    !Number.isInteger(total) ||
    number < 1 ||
    number > total ||
    total > maxParts
  ) {
    throw new Error(`it is a part of a message without a valid id, number or total: ${contentType.slice(0, 300)}`)
  }
  return { message: `${id} ${sha256} ${total}`, number, total, sha256, contentType: results.get('type') }
}

/** Throws if the body differs from the original. */
export function joinParts(messages: readonly InMessage[], { sha256, contentType, total }: Part): InMessage {
  const [first] = messages
  const body = Buffer.concat(messages.map((message) => message.body))
  if (first === undefined || messages.length !== total || hash('sha256', body) !== sha256)
    throw new Error(`its ${total} parts differ from the sent body (sha256)`)
  return { ...first, contentType, body }
}

export function isClaim({ contentType }: Pick<InMessage, 'contentType'>): boolean {
  return is(contentType, claimType)
}

/** Undefined if it is no claim; throws if invalid. */
export function claimOf({ contentType, body }: InMessage): Claim | undefined {
  if (!is(contentType, claimType)) return undefined
  const claim: unknown = isUtf8(body)
    ? parsedJson(Buffer.from(body.buffer, body.byteOffset, body.length).toString())
    : undefined
  if (
    typeof claim === 'object' &&
    claim !== null &&
    'url' in claim &&
    'size' in claim &&
    'sha256' in claim &&
    typeof claim.url === 'string' &&
    Number.isInteger(claim.size) &&
    isHash(claim.sha256)
  ) {
    return claim as Claim
  }
  throw new Error('it is a claim without a valid reference to a stored body')
}

/** Throws if the stored body differs from the original. */
export function withBody(message: InMessage, { sha256, size, contenttype }: Claim, body: Uint8Array): InMessage {
  if (body.length !== size || hash('sha256', body) !== sha256)
    throw new Error(`its stored body differs from the original (${body.length} bytes of ${size}, or another sha256)`)
  return { ...message, contentType: contenttype, body }
}

function is(contentType: string | undefined, type: string): contentType is string {
  return contentType !== undefined && (contentType === type || contentType.startsWith(`${type};`))
}

function isHash(value: unknown): value is string {
  return typeof value === 'string' && /^[0-9a-f]{64}$/.test(value)
}
