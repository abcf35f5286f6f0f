import { expect, test } from 'vitest'
import { start } from '../testing/kit.ts'

const binary = (id: string): Record<string, string> => ({
  'ce-specversion': '1.0',
  'ce-id': id,
  'ce-source': '/a',
  'ce-type': 't',
  'content-type': 'application/json',
})
const open = { eventsListen: [{ host: '0.0.0.0', port: 0 }], httpAuth: 'none' } as const

test('an events address accepts events on any path and Host, and its response body contains no event', async () => {
  const { api, control } = await start(open)
  const [url = ''] = api.eventsUrls
  for (const path of ['', '/', '/any/path?x=1']) {
    const answer = await fetch(`${url}${path}`, {
      method: 'POST',
      headers: { ...binary(`p${path}`), host: 'neo4j-sink.default.svc.cluster.local' },
      body: '{}',
    })
    expect([answer.status, await answer.text(), answer.headers.get('content-type')]).toEqual([200, '', null])
  }
  const many = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/cloudevents-batch+json' },
    body: '[{"specversion":"1.0","id":"b1","source":"/a","type":"t"},{"specversion":"1.0","id":"b2","source":"/a","type":"t"}]',
  })
  expect([many.status, control.ingested.map(({ id }) => id)]).toEqual([200, ['p', 'p/', 'p/any/path?x=1', 'b1', 'b2']])
})

test('it rejects other methods, non-events and events without id, and has no API', async () => {
  const { api, control } = await start(open)
  const [url = ''] = api.eventsUrls
  const answers = await Promise.all([
    fetch(url),
    fetch(`${url}/api/v1/pipeline`),
    fetch(`${url}/x`, { method: 'DELETE' }),
    fetch(url, { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } }),
    fetch(url, { method: 'POST', body: '{}', headers: { ...binary('1'), 'ce-source': '' } }),
    fetch(url, { method: 'OPTIONS', headers: { 'webhook-request-origin': 'x' } }),
  ])
  expect(answers.map(({ status }) => status)).toEqual([405, 405, 405, 415, 400, 200])
  expect([answers[0]?.headers.get('allow'), control.ingested]).toEqual(['OPTIONS, POST', []])
})

test('without `auth: none` it requires a token, and refuses an exposed address without tokens', async () => {
  await expect(start({ eventsListen: open.eventsListen })).rejects.toMatchObject({ code: 'WEIR_LISTEN_EXPOSED' })
  const {
    api: {
      eventsUrls: [url = ''],
    },
    control,
  } = await start({
    eventsListen: open.eventsListen,
    auth: { tokens: [{ name: 'sender', token: 'a-token-of-a-sender-0123' }] },
  })
  const post = async (headers: Record<string, string>): Promise<number> =>
    (await fetch(url, { method: 'POST', headers: { ...binary('1'), ...headers } })).status
  expect([
    await post({}),
    await post({ authorization: 'Bearer wrong' }),
    await post({ authorization: 'Bearer a-token-of-a-sender-0123' }),
    control.ingested.length,
  ]).toEqual([401, 401, 200, 1])
})
