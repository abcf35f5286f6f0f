import { afterEach, expect, test } from 'vitest'
import { json, refusal, ScriptedApiServer, type Scene } from '../../../test/kit/scripted-api-server.ts'
import { leaseClient, type LeaseClient, type LeaseRecord, type LeaseWish } from './lease.ts'
import { openClient } from './client.ts'

const ends: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

interface Written {
  readonly method: string
  readonly url: string
  readonly body: Record<string, Record<string, unknown>>
}

async function scripted(...scenes: Scene[]): Promise<{ client: LeaseClient; written: Written[] }> {
  const written: Written[] = []
  const server = await ScriptedApiServer.start(
    ...scenes.map((scene): Scene => async (response, query, request) => {
      let text = ''
      for await (const piece of request) text += String(piece)
      if (text !== '')
        written.push({
          method: request.method ?? '',
          url: request.url ?? '',
          body: JSON.parse(text) as Written['body'],
        })
      await scene(response, query, request)
    }),
  )
  const { ask, write, close } = openClient({ url: server.url })
  ends.push(() => server.close(), close)
  return { client: leaseClient({ namespace: 'kollect', name: 'weir' }, ask, write), written }
}

const { signal } = new AbortController()
const wish: LeaseWish = {
  holder: 'me',
  seconds: 10,
  epoch: 4,
  acquired: '2026-01-01T00:00:00.000000Z',
  renewed: '2026-01-01T00:00:02.000000Z',
  checkpoint: { '/pods': '8' },
}
const found = {
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  metadata: {
    name: 'weir',
    namespace: 'kollect',
    resourceVersion: '77',
    uid: 'u',
    labels: { team: 'shop' },
    annotations: { note: 'ours', 'weir/told': '{"/pods":"7","odd":5}' },
  },
  spec: {
    holderIdentity: 'other',
    leaseDurationSeconds: 15,
    leaseTransitions: 3,
    acquireTime: '2025-12-31T00:00:00.000000Z',
    renewTime: '2025-12-31T00:00:01.000000Z',
    strategy: 'OldestEmulationVersion',
  },
}

test('what another one wrote is read, and written over with its version, its labels and what else is in it', async () => {
  const { client, written } = await scripted(json(found), json(found))
  const record = (await client.read(signal)) as LeaseRecord
  expect(record).toMatchObject({
    version: '77',
    holder: 'other',
    seconds: 15,
    epoch: 3,
    acquired: '2025-12-31T00:00:00.000000Z',
    checkpoint: { '/pods': '7' },
  })
  expect(await client.write(record, wish, signal)).toMatchObject({ version: '77' })
  expect(written).toEqual([
    {
      method: 'PUT',
      url: '/apis/coordination.k8s.io/v1/namespaces/kollect/leases/weir',
      body: {
        ...found,
        metadata: { ...found.metadata, annotations: { note: 'ours', 'weir/told': '{"/pods":"8"}' } },
        spec: {
          holderIdentity: 'me',
          leaseDurationSeconds: 10,
          leaseTransitions: 4,
          acquireTime: wish.acquired,
          renewTime: wish.renewed,
          strategy: 'OldestEmulationVersion',
        },
      },
    },
  ])
})

test('where there is none it is made; who is not the first is told so', async () => {
  const { client, written } = await scripted(json(refusal(404), 404), json(refusal(409), 409), json(found, 201))
  expect(await client.read(signal)).toBeUndefined()
  expect(await client.write(undefined, wish, signal)).toBeUndefined()
  expect(await client.write(undefined, wish, signal)).toMatchObject({ version: '77' })
  expect(written.map(({ method, url, body }) => [method, url, body['metadata']])).toEqual(
    Array(2).fill([
      'POST',
      '/apis/coordination.k8s.io/v1/namespaces/kollect/leases',
      { name: 'weir', namespace: 'kollect', annotations: { 'weir/told': '{"/pods":"8"}' } },
    ]),
  )
})

test('a conflict, or that it is gone, is no error; a refusal is one that says what to do', async () => {
  const { client } = await scripted(
    json(found),
    json(refusal(409), 409),
    json(refusal(404), 404),
    json(refusal(403), 403),
    json(refusal(500), 500),
  )
  const record = await client.read(signal)
  expect([await client.write(record, wish, signal), await client.write(record, wish, signal)]).toEqual([
    undefined,
    undefined,
  ])
  await expect(client.write(record, wish, signal)).rejects.toThrow(/403.*`get`, `create` and `update`/)
  await expect(client.read(signal)).rejects.toThrow(/can’t be read: 500/)
})

test('an annotation that somebody has spoilt tells nothing, and one that would be too large leaves some out', async () => {
  const spoilt = { ...found, metadata: { ...found.metadata, annotations: { 'weir/told': '[1' } } }
  const { client, written } = await scripted(json(spoilt), json(found))
  const record = await client.read(signal)
  expect(record?.checkpoint).toEqual({})
  const many = Object.fromEntries(
    Array.from({ length: 9000 }, (_, index) => [`/configmaps namespace-${index}`, '123456789']),
  )
  await client.write(record, { ...wish, checkpoint: many }, signal)
  const text = JSON.stringify(written[0]?.body['metadata']?.['annotations'])
  const { 'weir/told': told = '' } = JSON.parse(text) as Record<string, string>
  expect(told.length).toBeLessThanOrEqual(128 * 1024)
  expect(Object.keys(JSON.parse(told) as object).length).toBeGreaterThan(2500)
})
