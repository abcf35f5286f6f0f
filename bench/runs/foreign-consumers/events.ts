// CloudEvents with unusual attributes and data, and the expected values at the receiver.
import { isDeepStrictEqual } from 'node:util'
import type { WeirEvent } from '../../../src/model/events.ts'
import { SeededRandom } from '../../../test/kit/random.ts'

export interface ReceivedEvent {
  readonly attributes: Readonly<Record<string, string>>
  readonly extensions: Readonly<Record<string, unknown>> | null
  /** Base64. */
  readonly data: string | null
}

const words = ['plain', 'zwei Wörter', '100 % "quoted"', 'a%20b', '日本語', '😀', '<&>'] as const

/** Events with JSON, text, bytes and no data in turn. */
export function anyEvents(seed: number, count: number): WeirEvent[] {
  const random = new SeededRandom(seed)
  const word = (): string => random.pick([...words])
  return Array.from({ length: count }, (_, index): WeirEvent => {
    const common = {
      id: `e${index}`,
      source: `/shops/${index % 3}`,
      type: 'com.example.order',
      ...(index % 3 === 0 ? {} : { subject: `${word()} ${index}` }),
      ...(index % 4 === 0 ? {} : { time: Date.UTC(2026, 5, 1) + index * 1001 }),
      ...(index % 5 === 0 ? { key: `key-${index % 7}` } : {}),
      ...(index % 2 === 0 ? { extensions: { number: index - 50, flag: index % 4 === 0, words: word() } } : {}),
      ...(index % 6 === 0 ? { family: 'audit' as const } : {}),
    }
    switch (index % 6) {
      case 0:
        return {
          ...common,
          datacontenttype: 'application/json',
          dataschema: `https://example.com/schemas/${index % 3}`,
          encoding: 'json',
          data: Buffer.from(JSON.stringify({ number: index, word: word(), more: [null, true, 0.5, { deep: word() }] })),
        }
      case 1:
        return { ...common, datacontenttype: 'text/plain', encoding: 'text', data: Buffer.from(`${word()}\n${word()}`) }
      case 2:
        return {
          ...common,
          datacontenttype: 'application/octet-stream',
          encoding: 'binary',
          data: Buffer.from(Array.from({ length: 1 + (index % 50) }, (_byte, at) => (at * 37 + index) % 256)),
        }
      case 3:
        return { ...common, encoding: 'none' }
      // In structured events the Go SDK accepts only this and application/json as JSON.
      case 4:
        return {
          ...common,
          datacontenttype: 'text/json',
          encoding: 'json',
          data: Buffer.from(JSON.stringify([index, word()])),
        }
      default:
        return {
          ...common,
          datacontenttype: 'text/csv; charset=utf-8',
          encoding: 'text',
          data: Buffer.from(`number,word\n${index},"${word()}"\n`),
        }
    }
  })
}

/** Differences between the sent and the received event. `timed`: the receiver adds a missing time. */
export function eventDifferences(
  { attributes, extensions, data }: ReceivedEvent,
  sent: WeirEvent | undefined,
  timed: boolean,
): string[] {
  const id = attributes['id'] ?? ''
  if (sent === undefined) return [`${id}: never sent`]
  const wanted: Record<string, string | undefined> = {
    specversion: '1.0',
    id: sent.id,
    source: sent.source,
    type: sent.type,
    subject: sent.subject,
    time: sent.time === undefined ? (timed ? attributes['time'] : undefined) : new Date(sent.time).toISOString(),
    dataschema: sent.dataschema,
    datacontenttype: sent.datacontenttype,
  }
  const own: Record<string, string | undefined> = {
    ...Object.fromEntries(Object.entries(sent.extensions ?? {}).map(([name, value]) => [name, String(value)])),
    ...(sent.family === undefined ? {} : { weirfamily: sent.family }),
    ...(sent.key === undefined ? {} : { partitionkey: sent.key }),
  }
  // Kafka receivers add position and key of the record.
  const found = Object.fromEntries(
    Object.entries(extensions ?? {}).flatMap(([name, value]) =>
      name.startsWith('kafka') || (name === 'partitionkey' && sent.key === undefined && value === sent.subject)
        ? []
        : [[name, String(value)]],
    ),
  )
  const differing = (
    what: string,
    is: Readonly<Record<string, string | undefined>>,
    was: Readonly<Record<string, string | undefined>>,
  ) =>
    [...new Set([...Object.keys(is), ...Object.keys(was)])]
      .filter((name) => is[name] !== was[name])
      .map((name) => `${id}: ${what} ${name} is ${is[name]}, and was ${was[name]}`)
  const bytes = Buffer.from(data ?? '', 'base64')
  const same =
    sent.encoding === 'json'
      ? isDeepStrictEqual(json(bytes), json(Buffer.from(sent.data ?? [])))
      : bytes.equals(sent.data ?? Buffer.alloc(0))
  return [
    ...differing('attribute', attributes, wanted),
    ...differing('extension', found, own),
    ...(same ? [] : [`${id}: data is ${bytes.toString().slice(0, 80)}`]),
  ]
}

function json(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString()) as unknown
  } catch {
    return undefined
  }
}
