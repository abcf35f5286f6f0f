import { expect, test } from 'vitest'
import { WeirError } from '../../model/errors.ts'
import { start } from '../testing/kit.ts'

const structured = 'application/cloudevents+json'
const batched = 'application/cloudevents-batch+json'
const event = (id: string, data = '{"a":1}'): string => `{"specversion":"1.0","id":"${id}","source":"/a","type":"t","data":${data}}`

function send(url: string, type: string | undefined, body: string | undefined, headers: Record<string, string> = {}): Promise<Response> {
  const bytes = body === undefined ? {} : { body: Buffer.from(body) }
  return fetch(`${url}/events`, { method: 'POST', headers: { ...(type === undefined ? {} : { 'content-type': type }), ...headers }, ...bytes })
}

test('one event, a batch and binary mode are taken, and the answer counts them', async () => {
  const { api, control } = await start()
  expect(await (await send(api.url, structured, event('1'))).json()).toEqual({ accepted: 1, duplicates: 0 })
  expect(await (await send(api.url, `${batched}; charset=utf-8`, `[${event('2')},${event('3')}]`)).json()).toEqual({ accepted: 2, duplicates: 0 })
  expect(await (await send(api.url, 'text/plain', 'hello', { 'ce-specversion': '1.0', 'ce-id': '4', 'ce-source': '/b', 'ce-type': 't' })).json()).toEqual({ accepted: 1, duplicates: 0 })
  expect(await (await send(api.url, undefined, undefined, { 'ce-specversion': '1.0', 'ce-id': '5', 'ce-source': '/b', 'ce-type': 't' })).json()).toEqual({ accepted: 1, duplicates: 0 })
  expect(await (await send(api.url, batched, '[]')).json()).toEqual({ accepted: 0, duplicates: 0 })
  expect(control.ingested.map(({ id, source }) => `${source} ${id}`)).toEqual(['/a 1', '/a 2', '/a 3', '/b 4', '/b 5'])
  expect(Buffer.from(control.ingested[3]!.data!).toString()).toBe('hello')
})

test('a batch is all or nothing, and the answer names the bad one', async () => {
  const { api, control } = await start()
  const answer = await send(api.url, batched, `[${event('1')},${event('2')},{"specversion":"1.0","id":"3"}]`)
  expect(answer.status).toBe(400)
  const { detail, code } = (await answer.json()) as { detail: string; code: string }
  expect(code).toBe('WEIR_API_EVENT')
  expect(detail).toMatch(/^Event 2: .*Nothing of this request was accepted\.$/)
  expect(control.ingested).toEqual([])
})

test('an event over 16 MiB is a 413 that names it', async () => {
  const { api, control } = await start({ limits: { bodyBytes: 64 << 20 } })
  const answer = await send(api.url, batched, `[${event('1')},${event('2', `"${'x'.repeat(17 << 20)}"`)}]`)
  expect(answer.status).toBe(413)
  expect(((await answer.json()) as { detail: string }).detail).toContain('vent 1')
  expect(control.ingested).toEqual([])
})

test('a media type that is no CloudEvent is a 415 that says what is supported', async () => {
  const { api } = await start()
  for (const type of ['application/json', 'application/cloudevents+avro', undefined]) {
    const answer = await send(api.url, type, type === undefined ? undefined : event('1'))
    expect(answer.status, String(type)).toBe(415)
    expect(((await answer.json()) as { hints: string[] }).hints.join(' ')).toContain('application/cloudevents-batch+json')
    expect(answer.headers.get('accept-post')).toContain('application/cloudevents+json')
  }
})

test('a journal that is full, or could not sync, asks the sender to come again', async () => {
  const { api, control } = await start()
  for (const code of ['WEIR_JOURNAL_FULL', 'WEIR_JOURNAL_SYNC'] as const) {
    control.failIngest = new WeirError(code, 'no room')
    const answer = await send(api.url, structured, event('1'))
    expect(answer.status).toBe(503)
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(await answer.json()).toMatchObject({ code, detail: 'no room' })
  }
})

test('with a subscribed sink the answer is what became of the events there', async () => {
  const { api, control } = await start()
  const answerTo = async (fate: typeof control.fate): Promise<string> => {
    control.fate = fate
    const answer = await send(api.url, structured, event('1'))
    return `${answer.status} ${((await answer.json()) as { code?: string }).code ?? ''}`.trim()
  }
  expect(await answerTo({ is: 'delivered' })).toBe('200')
  expect(await answerTo({ is: 'pending' })).toBe('503 WEIR_API_PENDING')
  expect(await answerTo({ is: 'dead-lettered', rows: 1 })).toBe('422 WEIR_API_DEAD_LETTERED')
  expect(await answerTo({ is: 'dropped', reason: 'behind' })).toBe('422 WEIR_API_DROPPED')
})

test('a web hook sender that asks first is allowed', async () => {
  const { api } = await start()
  const answer = await fetch(`${api.url}/events`, { method: 'OPTIONS', headers: { 'webhook-request-origin': 'sender.example', 'webhook-request-rate': '100' } })
  expect(answer.status).toBe(200)
  expect(answer.headers.get('webhook-allowed-origin')).toBe('sender.example')
  expect(answer.headers.get('webhook-allowed-rate')).toBe('*')
  expect(answer.headers.get('allow')).toBe('POST, OPTIONS')
})
