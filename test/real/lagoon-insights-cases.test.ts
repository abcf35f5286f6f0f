// Numbers in names are cases of insights-remote's behavior; the others are in lagoon-insights.test.ts, and 1, 2, 3, 10
// and 20 to 33 also in insights-remote.test.ts, which compares with the original.
import { createHmac, randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { gunzipSync, gzipSync } from 'node:zlib'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { mintToken } from '../../src/net/lagoon-token.ts'
import { memoryOf } from '../kit/proc.ts'
import type { WeirProcess } from '../kit/weir-process.ts'
import { findKubernetes } from './install/kubernetes.ts'
import { rabbitmq as program } from './install/rabbitmq.ts'
import {
  enabled,
  environmentLabels,
  golden,
  inNamespace,
  LagoonStage,
  queue,
  sbom,
  secret,
  until,
} from './kit/lagoon.ts'
import { need } from './kit/need.ts'

const missing = findKubernetes()
const stage = new LagoonStage()
const { createConfigMap, createNamespace, metaOf, annotated, processed, messagesWith, messageWith } = stage
const { patch, request, tokenOf } = stage
const processedKey = 'lagoon.sh/insightsProcessed'
const claims = { environmentId: '777', environmentName: 'main', namespace: 'proj-main', projectName: 'proj' }

interface Message {
  readonly payload: unknown
  readonly binaryPayload: Readonly<Record<string, string>>
  readonly labels: Readonly<Record<string, string>>
  readonly project: string
  readonly type: string
}

beforeAll(async () => {
  if (await stage.start()) await stage.run()
}, 240_000)
afterAll(() => stage.stop())

beforeEach(async (context) => {
  if (missing.path === undefined) return context.skip(missing.reason)
  await need(context, program)
})

const messageOf = async (part: string): Promise<Message> =>
  JSON.parse((await messageWith(part)).content.toString()) as Message

/** A ConfigMap after all earlier ones: what it follows was seen, too. */
async function barrier(name: string): Promise<void> {
  await createConfigMap(name, sbom(name))
  await processed(name)
}

describe('ConfigMaps', () => {
  test('2: the trigger label selects the type', async () => {
    const { labels, ...rest } = sbom('two')
    await createConfigMap('two', { ...rest, labels: { ...labels, 'lagoon.sh/insightsType': 'image-gz' } })
    expect(await messageOf('two.cyclonedx')).toMatchObject({ type: 'inspect' })
  })

  test('4, 5 and 7: without the trigger, processed, or given up, an object is neither sent nor changed', async () => {
    const { labels, annotations, ...rest } = sbom('ignored')
    const time = { [processedKey]: '2026-07-09T10:00:00Z' }
    await createConfigMap('four', { ...rest, labels: { 'lagoon.sh/service': 'cli' }, annotations: enabled })
    await createConfigMap('five', { ...rest, labels: labels!, annotations: { ...annotations, ...time } })
    await createConfigMap('five-label', {
      ...rest,
      labels: { ...labels, [processedKey]: 'true' },
      annotations: enabled,
    })
    const givenUp = { 'insights.lagoon.sh/max-retry-exceeded': 'MAX_RETRY_EXCEEDED' }
    await createConfigMap('seven', { ...rest, labels: { ...labels, ...givenUp }, annotations: enabled })
    const ignored = ['four', 'five', 'five-label', 'seven']
    const before = await Promise.all(ignored.map(metaOf))
    await barrier('seen')
    expect(await Promise.all(ignored.map(metaOf))).toEqual(before)
    expect(await messagesWith('ignored.cyclonedx')).toEqual([])
    // An administrator removes the label.
    await patch('configmaps', 'seven', { metadata: { labels: { 'insights.lagoon.sh/max-retry-exceeded': null } } })
    await processed('seven')
    expect(await messagesWith('ignored.cyclonedx')).toHaveLength(1)
  })

  test('6: a deferred object is sent once, when it is due', async () => {
    const { labels, ...rest } = sbom('six')
    const due = Math.ceil(Date.now() / 1000) + 3
    await createConfigMap('six', { ...rest, labels: { ...labels, 'lagoon.sh/insightsWriteDeferred': String(due) } })
    await processed('six')
    expect(Date.now()).toBeGreaterThanOrEqual(due * 1000)
    expect(await messagesWith('six.cyclonedx')).toHaveLength(1)
    expect((await metaOf('six'))?.labels).not.toHaveProperty('lagoon.sh/insightsWriteDeferred')
  })

  test('10: a report of a namespace without a project is sent', async () => {
    await createNamespace('no-project', { 'lagoon.sh/environment': 'main' })
    await createConfigMap('ten', sbom('ten'), 'no-project')
    expect(await messageOf('ten.cyclonedx')).toMatchObject({ project: '' })
  })

  test('13: a report in text is compressed, and its trigger label is one that the handler reads', async () => {
    const { labels } = sbom('thirteen')
    const types = { 'lagoon.sh/insightsType': 'sbom', 'insights.lagoon.sh/type': 'sbom' }
    const data = { 'thirteen.json': '{"bomFormat":"none"}' }
    await createConfigMap('thirteen', { labels: { ...labels, ...types }, annotations: enabled, data })
    const message = await messageOf('thirteen.json')
    expect([message.payload, message.labels['lagoon.sh/insightsType']]).toEqual([null, 'sbom-gz'])
    const file = Buffer.from(message.binaryPayload['thirteen.json.gz'] ?? '', 'base64')
    expect(gunzipSync(file).toString()).toBe(data['thirteen.json'])
  })

  test('17: a message that no queue takes is a failure, and is sent again', async () => {
    await barrier('seventeen-before')
    const channel = await stage.observer.channel()
    await channel.unbindQueue(queue, 'lagoon-insights', '')
    await createConfigMap('seventeen', sbom('seventeen'))
    await sleep(3000)
    expect((await metaOf('seventeen'))?.annotations).not.toHaveProperty(processedKey)
    await channel.bindQueue(queue, 'lagoon-insights', '')
    await processed('seventeen')
    expect(await messagesWith('seventeen.cyclonedx')).toHaveLength(1)
  })

  test('18: a rebuild that replaces the object is sent again', async () => {
    const { labels, annotations, ...content } = sbom('eighteen')
    await createConfigMap('eighteen', { labels: labels!, annotations: annotations!, ...content })
    await processed('eighteen')
    // The time of a change has seconds.
    await sleep(1100)
    await stage.kube.call('PUT', inNamespace('configmaps', 'eighteen'), {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'eighteen' },
      ...content,
    })
    await patch('configmaps', 'eighteen', { metadata: { annotations } })
    await patch('configmaps', 'eighteen', { metadata: { labels } })
    await processed('eighteen')
    expect(await messagesWith('eighteen.cyclonedx')).toHaveLength(2)
  })

  test('19: a change during the delivery does not prevent the mark', async () => {
    await stage.broker.kill()
    await createConfigMap('nineteen', sbom('nineteen'))
    await sleep(2000)
    await patch('configmaps', 'nineteen', { metadata: { annotations: { 'example.com/note': 'changed' } } })
    await stage.broker.restart()
    expect(await processed('nineteen')).toMatchObject({ 'example.com/note': 'changed' })
    const ids = (await messagesWith('nineteen.cyclonedx')).map(({ properties }) => String(properties.messageId))
    expect(new Set(ids).size).toBe(1)
  })

  test('41: tools of CycloneDX 1.3 are sent in the form that the handler reads', async () => {
    const { labels, annotations } = sbom('old')
    const bom = {
      bomFormat: 'CycloneDX',
      specVersion: '1.3',
      metadata: { tools: [{ vendor: 'anchore', name: 'syft', version: '0.70.0' }], component: { name: 'cli' } },
      components: [{ type: 'library', name: 'alpine', version: '3.20' }],
    }
    const binaryData = { 'old.json.gz': gzipSync(JSON.stringify(bom)).toString('base64') }
    await createConfigMap('old', { labels: labels!, annotations: annotations!, binaryData })
    const { binaryPayload } = await messageOf('old.json.gz')
    expect(JSON.parse(gunzipSync(Buffer.from(binaryPayload['old.json.gz'] ?? '', 'base64')).toString())).toEqual({
      ...bom,
      specVersion: '1.5',
      metadata: {
        component: { name: 'cli' },
        tools: { components: [{ type: 'application', author: 'anchore', name: 'syft', version: '0.70.0' }] },
      },
    })
  })

  test('a report of 950,000 bytes is delivered with its bytes', async () => {
    const { labels, annotations } = sbom('large')
    const content = gzipSync(JSON.stringify({ noise: randomBytes(712_000).toString('base64') }), { level: 0 })
    expect(Math.round(content.length / 10_000)).toBe(95)
    const binaryData = { 'large.json.gz': content.toString('base64') }
    await createConfigMap('large', { labels: labels!, annotations: annotations!, binaryData })
    const { binaryPayload } = await messageOf('large.json.gz')
    expect(Buffer.from(binaryPayload['large.json.gz'] ?? '', 'base64').equals(content)).toBe(true)
    await processed('large')
  })

  test('an SBOM that exceeds a ConfigMap is posted, and delivered with its bytes', async () => {
    const name = randomBytes(2_000_000).toString('base64')
    const bom = { bomFormat: 'CycloneDX', specVersion: '1.5', components: [{ type: 'file', name }] }
    const file = gzipSync(JSON.stringify({ ...bom, metadata: { component: {}, tools: { components: [{}] } } }))
    expect(file.length).toBeGreaterThan(1 << 20)
    expect(await request('POST', '/sbom/huge', { body: file })).toEqual({ status: 200, body: '{"message":"okay"}' })
    const { binaryPayload, project, type } = await messageOf('huge.cyclonedx')
    expect([project, type]).toEqual(['proj', 'sbom'])
    expect(Buffer.from(binaryPayload['huge.cyclonedx.json.gz'] ?? '', 'base64').equals(file)).toBe(true)
    const larger = await request('POST', '/sbom/huge', { body: randomBytes(9 << 20) })
    expect([larger.status, larger.body]).toEqual([413, expect.stringContaining('more than 8388608 bytes')])
  })

  test('36: a bomb of 900 KB that unpacks to 0.9 GB is rejected in flat memory', async () => {
    const { labels, annotations } = sbom('bomb')
    const file = gzipSync(Buffer.alloc(900 << 20), { level: 9 })
    expect(file.length).toBeLessThan(950_000)
    const memory = (): number => memoryOf(stage.weir?.pid ?? -1).peak
    const before = memory()
    await createConfigMap('bomb', {
      labels: labels!,
      annotations: annotations!,
      binaryData: { 'bomb.json.gz': file.toString('base64') },
    })
    expect(await annotated('bomb', 'insights.lagoon.sh/rejected')).toMatchObject({
      'insights.lagoon.sh/rejected': 'too-large-decompressed',
    })
    expect(memory() - before).toBeLessThan(100 << 20)
  })
})

describe('tokens', () => {
  test('38: a namespace without all labels, or one that is deleted, gets no token', async () => {
    for (const label of Object.keys(environmentLabels)) {
      const { [label]: _, ...labels } = environmentLabels as Record<string, string>
      await createNamespace(`without-${label.split('/')[1]?.toLowerCase()}`, labels)
    }
    await stage.kube.call('POST', '/api/v1/namespaces', {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'ending', labels: { 'example.com/x': 'y' }, finalizers: ['example.com/wait'] },
    })
    await stage.kube.call('DELETE', '/api/v1/namespaces/ending')
    await patch('namespaces', 'ending', { metadata: { labels: environmentLabels } })
    await createNamespace('last', environmentLabels)
    await until(() => tokenOf('last'), 'the token of a complete namespace')
    for (const name of ['without-environmentid', 'without-project', 'without-environment', 'ending'])
      expect([name, await tokenOf(name)]).toEqual([name, undefined])
  })

  test('a token follows the labels of its namespace, and the token before is refused', async () => {
    await createNamespace('moved', environmentLabels)
    const before = await until(() => tokenOf('moved'), 'the token')
    expect((await request('POST', '/facts', { body: '[]', token: before })).status).toBe(200)
    await patch('namespaces', 'moved', { metadata: { labels: { 'lagoon.sh/environmentId': '778' } } })
    const expected = await mintToken(secret, { ...claims, environmentId: '778', namespace: 'moved' })
    await until(async () => ((await tokenOf('moved')) === expected ? expected : undefined), 'the new token')
    expect((await request('POST', '/facts', { body: '[]', token: before })).status).toBe(403)
    expect((await request('POST', '/facts', { body: '[]', token: expected })).status).toBe(200)
  })

  test('39: the token of another namespace, an empty Secret and one without labels are repaired', async () => {
    const own = await mintToken(secret, { ...claims, namespace: 'last' })
    const path = inNamespace('secrets', 'insights-token', 'last')
    const isOwn = async (): Promise<true | undefined> => ((await tokenOf('last')) === own ? true : undefined)
    await until(isOwn, 'the token')
    for (const data of [{ INSIGHTS_TOKEN: Buffer.from(golden).toString('base64') }, { INSIGHTS_TOKEN: null }]) {
      await stage.kube.call('PATCH', path, { data }, 'application/merge-patch+json')
      await until(isOwn, 'the repaired token')
    }
    await stage.kube.call('DELETE', path)
    await stage.kube
      .call('POST', inNamespace('secrets', '', 'last'), {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 'insights-token' },
        data: { other: 'eA==' },
      })
      .catch(() => undefined)
    expect(await until(isOwn, 'the adopted Secret')).toBe(true)
  })

  test('33: a token without a claim, or with an unsigned or foreign signature, is refused', async () => {
    const signed = (head: object, payload: object, key = secret): string => {
      const text = [head, payload].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
      return `${text}.${createHmac('sha256', key).update(text).digest('base64url')}`
    }
    const whole = { EnvironmentId: '777', EnvironmentName: 'main', Namespace: 'proj-main', ProjectName: 'proj' }
    const head = { alg: 'HS256', typ: 'JWT' }
    expect((await request('POST', '/facts', { body: '[]', token: signed(head, whole) })).status).toBe(200)
    for (const claim of Object.keys(whole)) {
      const token = signed(head, { ...whole, [claim]: undefined })
      expect([claim, (await request('POST', '/facts', { body: '[]', token })).status]).toEqual([claim, 401])
    }
    for (const alg of ['none', 'None', 'RS256', 'HS384', ''])
      expect([
        alg,
        (await request('POST', '/facts', { body: '[]', token: signed({ ...head, alg }, whole) })).status,
      ]).toEqual([alg, 401])
    const long = signed(head, { ...whole, more: 'x'.repeat(9000) })
    expect((await request('POST', '/facts', { body: '[]', token: long })).status).toBe(401)
  })

  test('27: a deletion of facts is published with an empty service', async () => {
    expect(await request('DELETE', '/facts/src')).toEqual({ status: 200, body: '{"message":"okay"}' })
    expect((await messageWith('direct.delete.facts')).content.toString()).toBe(
      '{"type":"direct.delete.facts","environment":777,"source":"src","service":""}',
    )
  })
})

describe('a start', () => {
  test('40: with a new secret replaces tokens, and accepts those of the previous one until it is removed', async () => {
    const next = randomBytes(32).toString('hex')
    await stage.writeSecret('next', next)
    const file = (name: string): string => `file:${stage.dir}/${name}`
    await stage.run({ token_secret: file('next'), previous_secret: file('secret'), allow_weak_secret: false })
    const expected = await mintToken(next, claims)
    await until(async () => ((await tokenOf()) === expected ? true : undefined), 'the new token')
    for (const token of [golden, expected])
      expect((await request('POST', '/facts', { body: '[]', token })).status).toBe(200)
    await stage.run({ token_secret: file('next'), allow_weak_secret: false })
    expect((await request('POST', '/facts', { body: '[]', token: golden })).status).toBe(401)
    expect((await request('POST', '/facts', { body: '[]', token: expected })).status).toBe(200)
  })

  test('with a lifetime replaces tokens that do not expire', async () => {
    await stage.run({ token_lifetime: '1h' })
    const expires = await until(async () => {
      const [, payload = ''] = ((await tokenOf()) ?? '').split('.')
      const { exp } = JSON.parse(Buffer.from(payload, 'base64url').toString() || '{}') as { readonly exp?: number }
      return exp
    }, 'a token that expires')
    expect(Math.abs(expires - (Date.now() / 1000 + 3600))).toBeLessThan(120)
  })

  test.each([
    ['testsecret', 'secret'],
    ['31 bytes', 'short'],
  ])('with the secret %s fails', async (_, name) => {
    await stage.writeSecret('short', 'x'.repeat(31))
    await expect(
      stage.replica('refused', { token_secret: `file:${stage.dir}/${name}`, allow_weak_secret: false }),
    ).rejects.toThrow(/can be guessed/)
  })
})

async function readOf({ opsUrl }: WeirProcess): Promise<number> {
  const text = await (await fetch(`${opsUrl}/metrics`)).text()
  return Number(/weir_lagoon_configmaps_total\{[^}]*result="read"[^}]*\} (\d+)/.exec(text)?.[1] ?? 0)
}

test('of two replicas one leads, and the other takes over after a kill', { timeout: 180_000 }, async () => {
  await stage.weir?.stop()
  const lease = { name: 'weir-insights', namespace: 'default', kubeconfig: `${stage.dir}/kubeconfig`, duration: '2s' }
  const replicas = [await stage.replica('a', { lease }), await stage.replica('b', { lease })]
  try {
    for (let index = 0; index < 10; index++) await createConfigMap(`pair-${index}`, sbom(`pair-${index}`))
    for (let index = 0; index < 10; index++) await processed(`pair-${index}`)
    expect(await messagesWith('pair-')).toHaveLength(10)
    for (const { web } of replicas) expect((await request('POST', '/facts', { body: '[]', web })).status).toBe(200)
    const readBy = await until(async () => {
      const read = await Promise.all(replicas.map(({ weir }) => readOf(weir)))
      return read[0]! + read[1]! === 10 ? read : undefined
    }, 'the count of reports')
    expect(readBy.toSorted((one, other) => one - other)).toEqual([0, 10])
    await replicas[readBy.indexOf(10)]?.weir.kill()
    await createConfigMap('heir', sbom('heir'))
    await processed('heir')
    expect(await messagesWith('heir.cyclonedx')).toHaveLength(1)
  } finally {
    await Promise.all(replicas.map(({ weir }) => weir.stop()))
  }
})
