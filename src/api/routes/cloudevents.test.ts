import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { WeirError } from '../../model/errors.ts'
import { protobufBatch, protobufEvent } from '../../../test/kit/cloudevents-proto.ts'
import { start } from '../testing/kit.ts'

const structured = 'application/cloudevents+json'
const batched = 'application/cloudevents-batch+json'
const event = (id: string, data = '{"a":1}'): string =>
  `{"specversion":"1.0","id":"${id}","source":"/a","type":"t","data":${data}}`

function send(
  url: string,
  type: string | undefined,
  body: string | undefined,
  headers: Record<string, string> = {},
): Promise<Response> {
  const bytes = body === undefined ? {} : { body: Buffer.from(body) }
  return fetch(`${url}/events`, {
    method: 'POST',
    headers: { ...(type === undefined ? {} : { 'content-type': type }), ...headers },
    ...bytes,
  })
}

test('every JSON response ends with a line end, so that the prompt of a shell begins a line', async () => {
  const { api } = await start()
  expect(await (await send(api.url, structured, event('1'))).text()).toBe('{"accepted":1,"duplicates":0}\n')
  expect(await (await send(api.url, structured, 'no JSON')).text()).toMatch(/^\{.*\}\n$/)
  expect(await (await fetch(`${api.url}/api/v1/nothing`)).text()).toMatch(/^\{.*\}\n$/)
})

test('accepts one event, a batch and binary mode, and counts them', async () => {
  const { api, control } = await start()
  expect(await (await send(api.url, structured, event('1'))).json()).toEqual({ accepted: 1, duplicates: 0 })
  expect(await (await send(api.url, `${batched}; charset=utf-8`, `[${event('2')},${event('3')}]`)).json()).toEqual({
    accepted: 2,
    duplicates: 0,
  })
  expect(
    await (
      await send(api.url, 'text/plain', 'hello', {
        'ce-specversion': '1.0',
        'ce-id': '4',
        'ce-source': '/b',
        'ce-type': 't',
      })
    ).json(),
  ).toEqual({ accepted: 1, duplicates: 0 })
  expect(
    await (
      await send(api.url, undefined, undefined, {
        'ce-specversion': '1.0',
        'ce-id': '5',
        'ce-source': '/b',
        'ce-type': 't',
      })
    ).json(),
  ).toEqual({ accepted: 1, duplicates: 0 })
  expect(await (await send(api.url, batched, '[]')).json()).toEqual({ accepted: 0, duplicates: 0 })
  expect(control.ingested.map(({ id, source }) => `${source} ${id}`)).toEqual(['/a 1', '/a 2', '/a 3', '/b 4', '/b 5'])
  expect(Buffer.from(control.ingested[3]!.data!).toString()).toBe('hello')
})

test('accepts protobuf as JSON: single, batched, all or nothing, packed', async () => {
  const { api, control } = await start()
  const [one, many] = ['application/cloudevents+protobuf', 'application/cloudevents-batch+protobuf']
  const post = async (type: string, body: Uint8Array, headers: Record<string, string> = {}): Promise<unknown> =>
    (
      await fetch(`${api.url}/events`, {
        method: 'POST',
        headers: { 'content-type': type, ...headers },
        body: Buffer.from(body),
      })
    ).json()
  const attributes = {
    subject: 'größe',
    datacontenttype: 'application/json',
    count: 7,
    flag: true,
    time: new Date(1_522_949_460_123),
  }
  expect(
    await post(
      one,
      protobufEvent({
        id: '1',
        source: '/a',
        type: 't',
        attributes,
        binaryData: Buffer.from('{"a":12345678901234567890}'),
      }),
    ),
  ).toEqual({ accepted: 1, duplicates: 0 })
  const two = [
    protobufEvent({ id: '2', source: '/a', type: 't', textData: 'hello' }),
    protobufEvent({
      id: '3',
      source: '/a',
      type: 't',
      attributes: { datacontenttype: 'image/png' },
      binaryData: Buffer.of(0, 255),
    }),
  ]
  expect(await post(`${many}; charset=utf-8`, gzipSync(protobufBatch(two)), { 'content-encoding': 'gzip' })).toEqual({
    accepted: 2,
    duplicates: 0,
  })
  expect(await post(many, protobufBatch([]))).toEqual({ accepted: 0, duplicates: 0 })
  expect(control.ingested).toMatchObject([
    {
      id: '1',
      subject: 'größe',
      key: 'größe',
      time: 1_522_949_460_123,
      extensions: { count: 7, flag: true },
      encoding: 'json',
      data: new Uint8Array(Buffer.from('{"a":12345678901234567890}')),
    },
    { id: '2', encoding: 'text', data: new Uint8Array(Buffer.from('hello')) },
    { id: '3', datacontenttype: 'image/png', encoding: 'binary', data: Uint8Array.of(0, 255) },
  ])
  expect(await post(many, protobufBatch([...two, protobufEvent({ id: '', source: '/a', type: 't' })]))).toMatchObject({
    status: 400,
    code: 'WEIR_API_EVENT',
    detail: expect.stringMatching(/^Event 2: .*No event of this request was accepted\.$/) as string,
  })
  expect(await post(one, Buffer.from('{"specversion":"1.0"}'))).toMatchObject({
    status: 400,
    code: 'WEIR_API_EVENT',
    detail: expect.stringContaining('no protobuf') as string,
  })
  expect(control.ingested).toHaveLength(3)
})

test('a protobuf event over 16 MiB is a 413 that names it', async () => {
  const { api } = await start({ limits: { bodyBytes: 64 << 20 } })
  const large = protobufBatch([
    protobufEvent({ id: '1', source: '/a', type: 't' }),
    protobufEvent({ id: '2', source: '/a', type: 't', binaryData: Buffer.alloc(17 << 20) }),
  ])
  const answer = await fetch(`${api.url}/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/cloudevents-batch+protobuf' },
    body: Buffer.from(large),
  })
  expect([answer.status, await answer.json()]).toMatchObject([
    413,
    { code: 'WEIR_API_TOO_LARGE', detail: expect.stringMatching(/^Event 1: /) as string },
  ])
})

test('a batch is all or nothing, and the response names the invalid event', async () => {
  const { api, control } = await start()
  const answer = await send(api.url, batched, `[${event('1')},${event('2')},{"specversion":"1.0","id":"3"}]`)
  expect(answer.status).toBe(400)
  const { detail, code } = (await answer.json()) as { detail: string; code: string }
  expect(code).toBe('WEIR_API_EVENT')
  expect(detail).toMatch(/^Event 2: .*No event of this request was accepted\.$/)
  expect(control.ingested).toEqual([])
})

test('an event over 16 MiB is a 413 that names it', async () => {
  const { api, control } = await start({ limits: { bodyBytes: 64 << 20 } })
  const answer = await send(api.url, batched, `[${event('1')},${event('2', `"${'x'.repeat(17 << 20)}"`)}]`)
  expect(answer.status).toBe(413)
  expect(((await answer.json()) as { detail: string }).detail).toContain('vent 1')
  expect(control.ingested).toEqual([])
})

test('an unknown media type is a 415 that lists the supported ones', async () => {
  const { api } = await start()
  for (const type of ['application/json', 'application/cloudevents+avro', undefined]) {
    const answer = await send(api.url, type, type === undefined ? undefined : event('1'))
    expect(answer.status, String(type)).toBe(415)
    expect(((await answer.json()) as { hints: string[] }).hints.join(' ')).toContain(
      'application/cloudevents-batch+json',
    )
    expect(answer.headers.get('accept-post')).toContain('application/cloudevents+json')
  }
})

test('a full journal and a failed sync are answered with Retry-After', async () => {
  const { api, control } = await start()
  for (const code of ['WEIR_JOURNAL_FULL', 'WEIR_JOURNAL_SYNC'] as const) {
    control.failIngest = new WeirError(code, 'no room')
    const answer = await send(api.url, structured, event('1'))
    expect(answer.status).toBe(503)
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(await answer.json()).toMatchObject({ code, detail: 'no room' })
  }
})

test('with a subscribed sink the response has the outcome of the events there', async () => {
  const { api, control } = await start()
  const answerTo = async (outcome: typeof control.outcome): Promise<string> => {
    control.outcome = outcome
    const answer = await send(api.url, structured, event('1'))
    return `${answer.status} ${((await answer.json()) as { code?: string }).code ?? ''}`.trim()
  }
  expect(await answerTo({ is: 'delivered' })).toBe('200')
  expect(await answerTo({ is: 'pending' })).toBe('503 WEIR_API_PENDING')
  expect(await answerTo({ is: 'dead-lettered', rows: 1 })).toBe('422 WEIR_API_DEAD_LETTERED')
  expect(await answerTo({ is: 'dropped', reason: 'behind' })).toBe('422 WEIR_API_DROPPED')
})

test('answers the validation handshake of web hooks', async () => {
  const { api } = await start()
  const answer = await fetch(`${api.url}/events`, {
    method: 'OPTIONS',
    headers: { 'webhook-request-origin': 'sender.example', 'webhook-request-rate': '100' },
  })
  expect(answer.status).toBe(200)
  expect(answer.headers.get('webhook-allowed-origin')).toBe('sender.example')
  expect(answer.headers.get('webhook-allowed-rate')).toBe('*')
  expect(answer.headers.get('allow')).toBe('POST, OPTIONS')
})
