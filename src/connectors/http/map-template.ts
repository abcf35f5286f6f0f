import type { BinaryMessage } from '../../codecs/cloudevents/index.ts'
import { isoTime } from '../../codecs/flow-json/index.ts'
import { alertTypes } from '../../model/alerts.ts'
import type { WeirEvent } from '../../model/events.ts'
import { parseExact, stringifyExact } from '../../model/exact-json.ts'
import { fieldsOf, isRecord, type Fields } from '../../model/json.ts'
import type { HttpConfig } from './config.ts'
import type { Form } from './map.ts'

type Template = Exclude<HttpConfig['template'], 'none'>
type Note = Readonly<{ title: string; text: string; event: WeirEvent; labels: Readonly<Record<string, string>> }>

/** Slack's limit of a header, and of a section. */
const [maxTitle, maxText] = [150, 3000]
const placeholder = /\{\{([\w.@-]+)\}\}/g

/** A message for users instead of a CloudEvent. */
export function templateForm(template: Template, config: Pick<HttpConfig, 'title' | 'text' | 'labels'>): Form {
  const noteOf = (event: WeirEvent): Note => {
    let data: Fields | undefined
    const fill = (pattern: string) =>
      pattern.replaceAll(placeholder, (_, name: string) => valueOf(name, event, () => (data ??= dataOf(event))))
    return {
      event,
      title: cut(fill(config.title), maxTitle) || event.type,
      text: cut(
        withCause(fill(config.text), event, () => (data ??= dataOf(event))),
        maxText,
      ),
      labels: Object.fromEntries(Object.entries(config.labels).map(([name, pattern]) => [name, fill(pattern)])),
    }
  }
  if (template !== 'alertmanager') return { single: (event) => asJson(bodies[template](noteOf(event))) }
  const alert = (event: WeirEvent) => (isAlert(event) ? ownAlertOf(event, noteOf(event)) : alertOf(noteOf(event)))
  return {
    single: (event) => asJson([alert(event)]),
    batched: {
      one: (event) => Buffer.from(JSON.stringify(alert(event))),
      many: (alerts) => ({ headers, body: Buffer.from(`[${alerts.map(String).join(',')}]`) }),
    },
  }
}

const headers = { 'content-type': 'application/json' }

function asJson(value: unknown): BinaryMessage {
  return { headers, body: Buffer.from(JSON.stringify(value)) }
}

/** Values are in elements without markup. Only the text of a notification has markup, and is escaped. */
const bodies = {
  slack({ title, text }: Note) {
    const plain = (content: string) => ({ type: 'plain_text', text: content, emoji: false })
    const section = text === '' ? [] : [{ type: 'section', text: plain(text) }]
    return { text: escapeSlack(title), blocks: [{ type: 'header', text: plain(title) }, ...section] }
  },

  teams({ title, text }: Note) {
    const run = (content: string, style: object) => ({
      type: 'RichTextBlock',
      inlines: [{ type: 'TextRun', text: content, ...style }],
    })
    const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '')
    const content = {
      $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
      type: 'AdaptiveCard',
      version: '1.4',
      body: [run(title, { size: 'Large', weight: 'Bolder' }), ...lines.map((line) => run(line, {}))],
    }
    const contentType = 'application/vnd.microsoft.card.adaptive'
    return { type: 'message', attachments: [{ contentType, contentUrl: null, content }] }
  },
} as const

/** The characters that begin links, channels and users in Slack. */
function escapeSlack(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

/** Alertmanager groups and deduplicates alerts by all labels. A label without a value is none. */
function alertOf({ title, text, event, labels }: Note) {
  const startsAt = event.time === undefined ? '' : isoTime(event.time)
  return {
    labels: { alertname: title, ...labels },
    annotations: { ...(text === '' ? {} : { description: text }), event_id: event.id, event_source: event.source },
    ...(startsAt === '' ? {} : { startsAt }),
  }
}

function isAlert({ type }: WeirEvent) {
  return type === alertTypes.firing || type === alertTypes.resolved
}

/** A repetition for Alertmanager, which is no news. */
export function isRefresh(event: WeirEvent): boolean {
  return event.type === alertTypes.firing && dataOf(event)['refresh'] === true
}

/** Duration of an alert that is sent once: without an end Alertmanager would resolve it after `resolve_timeout`. */
const yearMs = 366 * 86_400_000

/** Alert of an alert rule: its labels, the configured ones if it lacks a label, and its times. */
function ownAlertOf(event: WeirEvent, { labels }: Note) {
  const data = dataOf(event)
  const { labels: ownValue, annotations, startsAt, endsAt, validUntil, generatorURL, value } = data
  const begin = typeof startsAt === 'string' ? Date.parse(startsAt) : (event.time ?? 0)
  return {
    labels: { ...labels, ...fieldsOf(ownValue) },
    annotations: { ...fieldsOf(annotations), value: plainText(value), event_id: event.id, ...causeOf(data) },
    startsAt,
    endsAt: [endsAt, validUntil].find((time) => typeof time === 'string') ?? isoTime(begin + yearMs),
    generatorURL,
  }
}

/** Unless the text of the configuration has it. */
function withCause(text: string, event: WeirEvent, data: () => Fields) {
  if (!isAlert(event)) return text
  const { cause, cause_url: url = '' } = causeOf(data())
  return cause === undefined || text.includes(cause) ? text : `${text}\nBefore: ${cause}\n${url}`.trim()
}

/** What preceded it. */
function causeOf({ cause }: Fields): Readonly<{ cause?: string; cause_url?: string }> {
  const { text, url } = fieldsOf(cause)
  return typeof text === 'string' ? { cause: text, cause_url: plainText(url) } : {}
}

function valueOf(name: string, event: WeirEvent, data: () => Fields): string {
  if (name === 'time') return event.time === undefined ? '' : isoTime(event.time)
  if (name === 'family') return event.family ?? 'event'
  if (name === 'id' || name === 'source' || name === 'type' || name === 'subject') return event[name] ?? ''
  let value: unknown = data()
  if (isRecord(value) && name in value) value = value[name]
  else for (const part of name.split('.')) value = fieldsOf(value)[part]
  return plainText(value)
}

function plainText(value: unknown): string {
  if (value === undefined || value === null) return ''
  return typeof value === 'string' ? value : (stringifyExact(value) ?? '')
}

function dataOf({ encoding, data }: WeirEvent): Fields {
  if (encoding !== 'json' || data === undefined) return {}
  return fieldsOf(parseExact(Buffer.from(data.buffer, data.byteOffset, data.length).toString()))
}

function cut(text: string, limit: number): string {
  const whole = text.trim()
  // No half of a surrogate pair.
  return whole.length <= limit
    ? whole
    : `${whole
        .slice(0, limit - 1)
        .toWellFormed()
        .replace(/\ufffd$/, '')}…`
}
