import { afterEach, expect, test } from 'vitest'
import { json, refusal, ScriptedApiServer, type Scene } from '../../../test/kit/scripted-api-server.ts'
import { leaseClient, type LeaseClient, type LeaseRecord, type LeaseUpdate } from './lease.ts'
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
const update: LeaseUpdate = {
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
    annotations: { note: 'local', 'weir/checkpoint': '{"/pods":"7","odd":5}' },
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

test('an update keeps the version, the labels and unknown members of the object as read', async () => {
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
  expect(await client.write(record, update, signal)).toMatchObject({ version: '77' })
  expect(written).toEqual([
    {
      method: 'PUT',
      url: '/apis/coordination.k8s.io/v1/namespaces/kollect/leases/weir',
      body: {
        ...found,
        metadata: { ...found.metadata, annotations: { note: 'local', 'weir/checkpoint': '{"/pods":"8"}' } },
        spec: {
          holderIdentity: 'me',
          leaseDurationSeconds: 10,
          leaseTransitions: 4,
          acquireTime: update.acquired,
          renewTime: update.renewed,
          strategy: 'OldestEmulationVersion',
        },
      },
    },
  ])
})

test('a missing Lease is created; the second creation is a conflict', async () => {
  const { client, written } = await scripted(json(refusal(404), 404), json(refusal(409), 409), json(found, 201))
  expect(await client.read(signal)).toBeUndefined()
  expect(await client.write(undefined, update, signal)).toBeUndefined()
  expect(await client.write(undefined, update, signal)).toMatchObject({ version: '77' })
  expect(written.map(({ method, url, body }) => [method, url, body['metadata']])).toEqual(
    Array(2).fill([
      'POST',
      '/apis/coordination.k8s.io/v1/namespaces/kollect/leases',
      { name: 'weir', namespace: 'kollect', annotations: { 'weir/checkpoint': '{"/pods":"8"}' } },
    ]),
  )
})

test('a conflict or a removed Lease is no error; a denial is an error with advice', async () => {
  const { client } = await scripted(
    json(found),
    json(refusal(409), 409),
    json(refusal(404), 404),
    json(refusal(403), 403),
    json(refusal(500), 500),
  )
  const record = await client.read(signal)
  expect([await client.write(record, update, signal), await client.write(record, update, signal)]).toEqual([
    undefined,
    undefined,
  ])
  await expect(client.write(record, update, signal)).rejects.toThrow(/403.*`get`, `create` and `update`/)
  await expect(client.read(signal)).rejects.toThrow(/cannot be read: 500/)
})

test('an invalid annotation is an empty checkpoint, and a too large one omits entries', async () => {
  const damaged = { ...found, metadata: { ...found.metadata, annotations: { 'weir/checkpoint': '[1' } } }
  const { client, written } = await scripted(json(damaged), json(found))
  const record = await client.read(signal)
  expect(record?.checkpoint).toEqual({})
  const many = Object.fromEntries(
    Array.from({ length: 9000 }, (_, index) => [`/configmaps namespace-${index}`, '123456789']),
  )
  await client.write(record, { ...update, checkpoint: many }, signal)
  const text = JSON.stringify(written[0]?.body['metadata']?.['annotations'])
  const { 'weir/checkpoint': checkpoint = '' } = JSON.parse(text) as Record<string, string>
  expect(checkpoint.length).toBeLessThanOrEqual(128 * 1024)
  expect(Object.keys(JSON.parse(checkpoint) as object).length).toBeGreaterThan(2500)
})
