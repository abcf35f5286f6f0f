import { expect, test } from 'vitest'
import { DemoCluster } from './cluster.ts'
import { addresses } from './shop.ts'

const imagesOf = (object: unknown): unknown =>
  (
    object as { spec: { template: { spec: { containers: { image: string }[] } } } } | undefined
  )?.spec.template.spec.containers.map(({ image }) => image)

test('a rollout changes the API and is taken back by the same person, and the pods follow', async () => {
  const cluster = new DemoCluster(1)
  const url = await cluster.server.open()
  const pods = async (): Promise<string[]> => {
    const { items } = (await (await fetch(`${url}/api/v1/pods`)).json()) as {
      items: { metadata: { name: string }; status: { podIP: string } }[]
    }
    return items.filter(({ metadata: { name } }) => name.startsWith('api-')).map(({ status }) => status.podIP)
  }
  try {
    cluster.live(44_000)
    expect([imagesOf(cluster.server.get('Deployment', 'api')), await pods()]).toEqual([
      ['registry.example/shop/api:1.7'],
      [addresses.api],
    ])
    cluster.audits()
    cluster.traces()
    cluster.live(45_000)
    expect([imagesOf(cluster.server.get('Deployment', 'api')), await pods()]).toEqual([
      ['registry.example/shop/api:1.8'],
      [addresses.apiRolledOut],
    ])
    const [who] = cluster
      .audits()
      .filter(({ objectRef }) => (objectRef as { resource: string }).resource === 'deployments')
      .map(({ user }) => (user as { username: string }).username)
    // The same person was at the cloud just before, which calls him by the same name.
    expect(
      cluster
        .traces()
        .map(({ data }) => data as { audit: { actor: { name: string }; action: string } })
        .map(({ audit: { actor, action } }) => `${actor.name} ${action}`),
    ).toEqual([`${who} login`, `${who} pushImage`])
    cluster.live(85_000)
    expect([imagesOf(cluster.server.get('Deployment', 'api')), await pods()]).toEqual([
      ['registry.example/shop/api:1.7'],
      [addresses.api],
    ])
    expect(
      cluster
        .audits()
        .filter(({ objectRef }) => (objectRef as { resource: string }).resource === 'deployments')
        .map(({ user }) => (user as { username: string }).username),
    ).toEqual([who])
  } finally {
    await cluster.server.close()
  }
})

test('a watch continues from the version of a list, and one that is too old gets an error', async () => {
  const cluster = new DemoCluster(1)
  const url = await cluster.server.open()
  const stop = new AbortController()
  try {
    const { metadata } = (await (await fetch(`${url}/api/v1/configmaps`)).json()) as {
      metadata: { resourceVersion: string }
    }
    cluster.live(20_000)
    const watch = await fetch(`${url}/api/v1/configmaps?watch=true&resourceVersion=${metadata.resourceVersion}`, {
      signal: stop.signal,
    })
    const { value } = await (watch.body as ReadableStream<Uint8Array>).getReader().read()
    expect(JSON.parse(new TextDecoder().decode(value).split('\n')[0] ?? '')).toMatchObject({
      type: 'MODIFIED',
      object: { kind: 'ConfigMap', metadata: { name: 'prices' } },
    })
    for (let at = 20_000; at < 13_000_000; at += 4000) cluster.live(at)
    expect(
      await (await fetch(`${url}/api/v1/configmaps?watch=true&resourceVersion=${metadata.resourceVersion}`)).text(),
    ).toContain('"code":410')
  } finally {
    stop.abort()
    await cluster.server.close()
  }
})
