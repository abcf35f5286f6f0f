import type { ServerResponse } from 'node:http'
import { expect, onTestFinished, test } from 'vitest'
import { ScriptedApiServer, type Scene } from '../../../test/kit/scripted-api-server.ts'
import { realHost } from '../../host/index.ts'
import { openClient } from './client.ts'
import { followObject, readItems, readState } from './follow-object.ts'

const place = { paths: ['/apis/example/v2/things', '/apis/example/v1/things'], name: 'cluster' }
const thing = (value: number, version: number): object => ({
  metadata: { name: 'cluster', resourceVersion: String(version) },
  spec: { value },
})
const json = (response: ServerResponse, status: number, value: object): void =>
  void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
const list =
  (version: number, ...items: readonly object[]): Scene =>
  (response) =>
    json(response, 200, { metadata: { resourceVersion: String(version) }, items })
const refused =
  (code: number, message: string): Scene =>
  (response) =>
    json(response, code, { kind: 'Status', code, message })
const watch =
  (...events: readonly (readonly [type: string, object: object])[]): Scene =>
  (response) => {
    response.writeHead(200)
    response.end(events.map(([type, object]) => `${JSON.stringify({ type, object })}\n`).join(''))
  }
const open: Scene = (response) => {
  response.writeHead(200).flushHeaders()
}

async function serve(...scenes: Scene[]) {
  const server = await ScriptedApiServer.start(...scenes)
  const client = openClient({ url: server.url })
  onTestFinished(async () => {
    client.close()
    await server.close()
  })
  return { server, ask: client.ask }
}

/** States and problems until there are `count`. */
async function followed(count: number, ...scenes: Scene[]) {
  const { server, ask } = await serve(...scenes)
  const seen: unknown[] = []
  const stop = new AbortController()
  const record = (one: unknown): void => {
    seen.push(one)
    if (seen.length === count) stop.abort()
  }
  await followObject({
    ask,
    host: realHost(),
    place,
    signal: stop.signal,
    onState: (object) => Promise.resolve(record((object as { spec?: { value: number } } | undefined)?.spec?.value)),
    onTrouble: record,
  })
  return { seen, received: server.received.map(({ query }) => query.get('resourceVersion')) }
}

test('an object is read in the preferred version that is served', async () => {
  const { server, ask } = await serve(refused(404, 'no such version'), list(7, thing(1, 5)))
  expect(await readState(ask, place, AbortSignal.timeout(60_000))).toEqual({
    path: '/apis/example/v1/things',
    version: '7',
    object: thing(1, 5),
  })
  expect(server.received.map(({ query }) => query.get('fieldSelector'))).toEqual([
    'metadata.name=cluster',
    'metadata.name=cluster',
  ])
})

test.each([
  [[refused(403, 'not yours')], 'status 403: not yours'],
  [
    [refused(404, 'no'), refused(404, 'no')],
    '/apis/example/v1/things does not exist: install the custom resource definition',
  ],
])('without access the reason is named', async (scenes, message) => {
  const { ask } = await serve(...scenes)
  await expect(readState(ask, place, AbortSignal.timeout(60_000))).rejects.toThrow(message)
})

test('changes and the deletion are followed from the version of the list', async () => {
  const { seen, received } = await followed(
    3,
    list(5, thing(1, 4)),
    watch(['MODIFIED', thing(2, 6)], ['BOOKMARK', { metadata: { resourceVersion: '9' } }], ['DELETED', thing(2, 10)]),
  )
  expect(seen).toEqual([1, 2, undefined])
  expect(received).toEqual([null, '5'])
})

test('a watch that ended is continued from the last version', async () => {
  const { seen, received } = await followed(
    3,
    list(5, thing(1, 4)),
    watch(['MODIFIED', thing(2, 6)]),
    watch(['MODIFIED', thing(3, 8)]),
  )
  expect(seen).toEqual([1, 2, 3])
  expect(received).toEqual([null, '5', '6'])
})

test('after an expired version and after a failure, the object is listed again', async () => {
  const { seen } = await followed(
    4,
    list(5, thing(1, 4)),
    watch(['ERROR', { kind: 'Status', code: 410, reason: 'Expired' }]),
    list(9, thing(2, 8)),
    refused(500, 'etcd is down'),
    list(12, thing(3, 11)),
    open,
  )
  expect(seen).toEqual([1, 2, 'status 500: etcd is down', 3])
})

test('a place without a name is the whole collection', async () => {
  const { server, ask } = await serve(
    list(5, thing(1, 3), thing(2, 4)),
    list(5, thing(1, 3), thing(2, 4)),
    watch(['ADDED', thing(3, 6)]),
    open,
  )
  const every = { paths: ['/apis/example/v1/others'] }
  const { items, version } = await readItems(ask, every, new AbortController().signal)
  expect([items, version]).toEqual([[thing(1, 3), thing(2, 4)], '5'])
  const stop = new AbortController()
  let states = 0
  await followObject({
    ask,
    host: realHost(),
    place: every,
    signal: stop.signal,
    onState: () => Promise.resolve(++states === 2 ? stop.abort() : undefined),
    onTrouble: (reason) => expect.unreachable(reason),
  })
  expect(server.received.map(({ query }) => query.get('fieldSelector'))).toEqual([null, null, null])
})
