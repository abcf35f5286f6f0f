import {
  batchedType,
  encodeBinary,
  encodeStructured,
  joinBatch,
  protobufBatchType,
  protobufType,
  structuredType,
  type BinaryMessage,
  type Extensions,
} from '../../codecs/cloudevents/index.ts'
import type { Attempt } from '../../engine/delivery/in-order.ts'
import type { Probe } from '../../engine/contracts.ts'
import type { WeirEvent } from '../../model/events.ts'
import type { HttpAnswer } from '../../net/http/client.ts'
import { retryAfterMs } from '../../net/http/retry-after.ts'
import type { HttpConfig } from './config.ts'
import { templateForm } from './map-template.ts'

export const shownBytes = 200

export type Form = Readonly<{
  single: (event: WeirEvent) => BinaryMessage
  batched?: Readonly<{
    one: (event: WeirEvent) => Uint8Array
    many: (events: readonly Uint8Array[]) => BinaryMessage
  }>
}>

type Content = Pick<HttpConfig, 'mode' | 'extensions' | 'template' | 'title' | 'text' | 'labels'>

export async function formOf({ mode, extensions, template, ...content }: Content): Promise<Form> {
  if (template !== 'none') {
    const { single, batched } = templateForm(template, content)
    return mode === 'batched' && batched !== undefined ? { single, batched } : { single }
  }
  if (mode === 'binary') return { single: (event) => encodeBinary(event, extensions) }
  const { one, join, type, batchType } =
    mode === 'structured' || mode === 'batched' ? inJson(extensions) : await inProtobuf(extensions)
  const single = (event: WeirEvent): BinaryMessage => ({ headers: { 'content-type': type }, body: one(event) })
  if (mode === 'structured' || mode === 'protobuf') return { single }
  return {
    single,
    batched: { one, many: (events) => ({ headers: { 'content-type': batchType }, body: join(events) }) },
  }
}

type Format = Readonly<{
  one: (event: WeirEvent) => Uint8Array
  join: (events: readonly Uint8Array[]) => Uint8Array
  type: string
  batchType: string
}>

function inJson(extensions: Extensions): Format {
  return {
    one: (event) => encodeStructured(event, extensions),
    join: joinBatch,
    type: `${structuredType}; charset=utf-8`,
    batchType: `${batchedType}; charset=utf-8`,
  }
}

async function inProtobuf(extensions: Extensions): Promise<Format> {
  const { encodeProtobuf, joinProtobuf } = await import('../../codecs/cloudevents/protobuf.ts')
  return {
    one: (event) => encodeProtobuf(event, extensions),
    join: joinProtobuf,
    type: protobufType,
    batchType: protobufBatchType,
  }
}

/** 408, 425, 429, 5xx and `passing` are transient; 401, 403 and 407 concern the configuration. */
export function outcomeOf({ status, headers, body }: HttpAnswer, now: number, passing: readonly number[]): Attempt {
  if (status >= 200 && status < 300) return undefined
  const reason = `HTTP ${status}${shown(body)}`
  if (status >= 300 && status < 400) {
    return {
      is: 'retry',
      reason: `${reason}: redirects are not followed; set \`url\` to ${headers.location ?? 'the final address'}`,
      away: true,
    }
  }
  if (status === 401 || status === 407)
    return { is: 'retry', reason: `${reason}: the server rejected the login; correct \`auth\``, away: true }
  if (status === 403)
    return {
      is: 'retry',
      reason: `${reason}: the server denies access; correct \`auth\` or the rights of its user`,
    }
  const passes = status === 408 || status === 425 || status === 429 || status >= 500 || passing.includes(status)
  if (!passes) return { is: 'reject', reason }
  const afterMs = retryAfterMs(headers['retry-after'], now, longestWait)
  return afterMs === undefined
    ? { is: 'retry', reason, away: status === 429 }
    : { is: 'retry', reason, afterMs, away: true }
}

/** Many receivers do not support OPTIONS and still accept events. */
export function probeOf(url: string, answer: HttpAnswer): Probe {
  const { status } = answer
  const outcome = outcomeOf(answer, 0, [])
  if (outcome === undefined) return { is: 'ok', message: `${url}: HTTP ${status}, it responds and accepts the request` }
  if (status === 401 || status === 403 || status === 407 || (status >= 300 && status < 400))
    return { is: 'fail', message: `${url}: ${outcome.reason}` }
  if (status === 404)
    return {
      is: 'warn',
      message:
        `${url}: HTTP 404: it responds, but the path or the method OPTIONS is unknown; check the path ` + `of \`url\``,
    }
  if (status >= 500 && status !== 501) return { is: 'fail', message: `${url}: ${outcome.reason}` }
  return { is: 'ok', message: `${url}: it responds; HTTP ${status} to OPTIONS does not show whether it accepts events` }
}

const longestWait = 3_600_000

function shown(body: Uint8Array): string {
  const text = Buffer.from(body.subarray(0, shownBytes))
    .toString()
    .replaceAll(/[\s\p{Cc}\ufffd]+/gu, ' ')
    .trim()
  return text === '' ? '' : `: ${text}`
}
