import { expect, test } from 'vitest'
import {
  aggregated,
  fromAggregated,
  isAggregated,
  pathOf,
  type ResourceType,
} from '../../src/connectors/kubernetes/client/discovery.ts'
import { openClient, type Client } from '../../src/net/kubernetes/client.ts'
import { Reader } from '../../src/connectors/kubernetes/client/reader.ts'
import type { SeenObject } from '../../src/connectors/kubernetes/client/strip.ts'
import type { KubeObject, Target } from '../../src/connectors/kubernetes/client/types.ts'
import { realHost } from '../../src/host/index.ts'
import { useKube } from './kit/kube-stage.ts'

const stage = useKube('weir-kube', ['--min-request-timeout=30'])

const configMaps: ResourceType = {
  group: '',
  version: 'v1',
  resource: 'configmaps',
  kind: 'ConfigMap',
  namespaced: true,
}
const path = '/api/v1/namespaces/default/configmaps'
const named = (name: string, value: string): object => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, labels: { test: 'reader' } },
  data: { value },
})
const create = (name: string, value: string): Promise<unknown> => stage.kube.call('POST', path, named(name, value))
const change = (name: string, value: string): Promise<unknown> =>
  stage.kube.call('PATCH', `${path}/${name}`, { data: { value } }, 'application/merge-patch+json')

/** The collection as reported. */
class Mirror implements Target {
  cursor: string | undefined
  readonly values = new Map<string, string>()
  readonly emitted: string[] = []
  #seen: Set<string> | undefined
  listing(): void {
    this.#seen = new Set()
  }
  present({ object }: SeenObject): void {
    const name = object.metadata?.name ?? ''
    this.#seen?.add(name)
    this.#put(name, object)
  }
  listed(version: string): void {
    for (const name of this.values.keys()) if (this.#seen?.has(name) !== true) this.#remove(name)
    this.#seen = undefined
    this.cursor = version
  }
  changed(type: string, { object }: SeenObject): void {
    const name = object.metadata?.name ?? ''
    if (type === 'DELETED') this.#remove(name)
    else this.#put(name, object)
    this.cursor = object.metadata?.resourceVersion
  }
  reached(version: string): void {
    this.cursor = version
  }
  #put(name: string, object: KubeObject): void {
    const value = (object['data'] as { value?: string } | undefined)?.value ?? ''
    if (this.values.get(name) !== value) this.emitted.push(`${name}=${value}`)
    this.values.set(name, value)
  }
  #remove(name: string): void {
    if (this.values.delete(name)) this.emitted.push(`-${name}`)
  }
}

async function reading<T>(mirror: Mirror, streams: boolean, act: (reader: Reader) => Promise<T>): Promise<T> {
  const client: Client = openClient({
    url: stage.kube.url,
    tls: { ca: stage.kube.ca() },
    identity: async () => ({ headers: { authorization: `Bearer ${stage.kube.tokens.admin}` } }),
  })
  const reader = new Reader({
    path: pathOf(configMaps, 'default'),
    selectors: { labelSelector: 'test=reader' },
    streams,
    ask: client.ask,
    target: mirror,
    host: realHost(),
  })
  const stop = new AbortController()
  const ended = reader.run(stop.signal)
  try {
    return await act(reader)
  } finally {
    stop.abort()
    await ended
    client.close()
  }
}

test('discovery names what can be watched', async () => {
  const client = openClient({
    url: stage.kube.url,
    tls: { ca: stage.kube.ca() },
    identity: async () => ({ headers: { authorization: `Bearer ${stage.kube.tokens.admin}`, accept: aggregated } }),
  })
  const [core, groups] = await Promise.all(
    ['/api', '/apis'].map(async (each) => {
      const answer = await client.ask(each, {}, new AbortController().signal)
      let text = ''
      for await (const piece of answer.body) text += Buffer.from(piece).toString()
      return JSON.parse(text) as unknown
    }),
  )
  client.close()
  if (!isAggregated(core) || !isAggregated(groups)) throw new Error('it answers in the old way')
  const { types, unavailable } = fromAggregated(core, groups)
  expect(types).toContainEqual(configMaps)
  expect(types).toContainEqual({
    group: 'apps',
    version: 'v1',
    resource: 'deployments',
    kind: 'Deployment',
    namespaced: true,
  })
  expect(types.filter(({ kind }) => kind === 'Event')).toHaveLength(1)
  expect(unavailable).toEqual([])
})

test.each([[true], [false]])('every change is reported once and in order, with lists by watch: %s', async (streams) => {
  const prefix = streams ? 's' : 'p'
  await create(`${prefix}-before`, '0')
  const mirror = new Mirror()
  await reading(mirror, streams, async (reader) => {
    await expect.poll(() => reader.status().state, { timeout: 20_000 }).toBe('watching')
    for (let index = 1; index <= 20; index++) await change(`${prefix}-before`, String(index))
    await create(`${prefix}-new`, 'x')
    await stage.kube.call('DELETE', `${path}/${prefix}-before`)
    await expect.poll(() => mirror.emitted.at(-1), { timeout: 20_000 }).toBe(`-${prefix}-before`)
    expect(reader.status()).toMatchObject({ lists: 1, watches: 1 })
  })
  expect(mirror.emitted.filter((line) => line.includes(`${prefix}-before`))).toEqual([
    ...Array.from({ length: 21 }, (_, index) => `${prefix}-before=${index}`),
    `-${prefix}-before`,
  ])
  // Meanwhile there is no watch.
  await create(`${prefix}-late`, 'y')
  await reading(mirror, streams, async (reader) => {
    await expect.poll(() => mirror.emitted.at(-1), { timeout: 20_000 }).toBe(`${prefix}-late=y`)
    expect(reader.status().lists).toBe(0)
  })
})

test('after a compaction it lists again and reports the difference', async () => {
  await create('kept', '1')
  await create('gone', '1')
  const mirror = new Mirror()
  await reading(mirror, true, async () => {
    await expect.poll(() => mirror.values.size, { timeout: 20_000 }).toBeGreaterThan(1)
  })
  mirror.emitted.length = 0
  await stage.kube.call('DELETE', `${path}/gone`)
  await change('kept', '2')
  for (let index = 0; index < 12; index++) await change('kept', `${index + 3}`)
  await stage.kube.compact()
  await stage.kube.restart()
  await reading(mirror, true, async (reader) => {
    await expect.poll(() => mirror.values.get('kept'), { timeout: 30_000 }).toBe('14')
    expect(reader.status().lists).toBe(1)
  })
  expect(mirror.emitted).toEqual(['kept=14', '-gone'])
}, 120_000)

test('a restart of the server and a connection that freezes lose nothing', async () => {
  const mirror = new Mirror()
  await reading(mirror, true, async (reader) => {
    await expect.poll(() => reader.status().state, { timeout: 20_000 }).toBe('watching')
    await create('through', '1')
    // A restarted server has forgotten every version but the last.
    await expect.poll(() => mirror.values.get('through'), { timeout: 20_000 }).toBe('1')
    await stage.kube.restart('SIGKILL')
    await change('through', '2')
    await expect.poll(() => mirror.values.get('through'), { timeout: 60_000 }).toBe('2')
    stage.kube.pause()
    await new Promise((resolve) => setTimeout(resolve, 2000))
    stage.kube.resume()
    await change('through', '3')
    await expect.poll(() => mirror.values.get('through'), { timeout: 60_000 }).toBe('3')
  })
  expect(mirror.emitted.filter((line) => line.startsWith('through'))).toEqual(['through=1', 'through=2', 'through=3'])
}, 180_000)
