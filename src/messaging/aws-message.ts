import { isUtf8 } from 'node:buffer'
import { hash } from 'node:crypto'
import type { BusMessage } from '../codecs/bus-message/index.ts'

export type AwsMessage = Readonly<{
  body: string
  attributes: Readonly<Record<string, string>>
  /** Size by AWS's rules: body, names, types and values. */
  bytes: number
  group: Readonly<{ id: string; deduplicationId: string }> | undefined
}>

type AwsForm = Readonly<{
  fifo: boolean
  group: string
}>

const typeOfText = 'String'
const maxAttributes = 10

export function toAwsMessage(
  {
    attributes,
    facts,
    contentType,
    body,
    id,
    key,
  }: Pick<BusMessage, 'attributes' | 'facts' | 'contentType' | 'body' | 'id' | 'key'>,
  { fifo, group }: AwsForm,
): AwsMessage {
  if (body.length === 0) throw new Error('AWS accepts no empty message; set `mode: structured`')
  const plain = textOf(body)
  const named: Record<string, string> = { ...facts, ...attributes }
  if (contentType !== undefined) named['content-type'] = contentType
  if (plain === undefined) named['base64encoded'] = 'true'
  const written = Object.fromEntries(
    Object.entries(named).map(([name, value]) => [attributeName(name), attributeValue(value)]),
  )
  const entries = Object.entries(written)
  if (entries.length > maxAttributes)
    throw new Error(`the message has ${entries.length} attributes, and AWS accepts ${maxAttributes}`)
  const text = plain ?? Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('base64')
  return {
    body: text,
    attributes: written,
    bytes: entries.reduce(
      (sum, [name, value]) => sum + name.length + typeOfText.length + Buffer.byteLength(value),
      Buffer.byteLength(text),
    ),
    group: fifo ? { id: key === undefined ? group : groupOf(key), deduplicationId: id } : undefined,
  }
}

export function awsEntry({ attributes, group }: AwsMessage, index: number) {
  return {
    Id: String(index),
    MessageAttributes: Object.fromEntries(
      Object.entries(attributes).map(([name, value]) => [name, { DataType: typeOfText, StringValue: value }]),
    ),
    ...(group === undefined ? {} : { MessageGroupId: group.id, MessageDeduplicationId: group.deduplicationId }),
  }
}

function textOf(body: Uint8Array): string | undefined {
  if (!isUtf8(body)) return undefined
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString()
  return forbidden.test(text) ? undefined : text
}

// oxlint-disable-next-line no-control-regex -- control characters are matched on purpose
const forbidden = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/

/** As in gocloud (kollect): invalid characters become `__0x` and their code in hexadecimal. */
export function attributeName(name: string): string {
  return Array.from(name, (character, index) =>
    /[A-Za-z0-9_-]/.test(character) || (character === '.' && index > 0 && name[index - 1] !== '.')
      ? character
      : `__0x${(character.codePointAt(0) ?? 0).toString(16)}__`,
  ).join('')
}

/** URL-escaped if necessary; other values stay readable for filters. */
export function attributeValue(value: string): string {
  // oxlint-disable-next-line no-control-regex -- these are the characters that are meant
  return value.replaceAll(/[%\u0000-\u0008\u000B\u000C\u000E-\u001F\uD800-\uDFFF\uFFFE\uFFFF]+/gu, (part) =>
    encodeURIComponent(part.toWellFormed()),
  )
}

/** A group id is limited to 128 characters; other keys are hashed. */
function groupOf(key: string) {
  return /^[!-~]{1,128}$/.test(key) ? key : hash('sha256', key, 'base64url')
}
