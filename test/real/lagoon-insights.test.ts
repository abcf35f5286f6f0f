// Weir between a real kube-apiserver and a real RabbitMQ; numbers in names are cases of insights-remote's behavior.
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { mintToken } from '../../src/net/lagoon-token.ts'
import { proves } from '../kit/proof.ts'
import { findKubernetes } from './install/kubernetes.ts'
import { rabbitmq as program } from './install/rabbitmq.ts'
import { golden, inNamespace, LagoonStage, sbom, secret, until } from './kit/lagoon.ts'
import { need } from './kit/need.ts'

const missing = findKubernetes()
const stage = new LagoonStage()
const { createConfigMap, metaOf, annotated, processed, messagesWith, messageWith, request } = stage

beforeAll(async () => {
  if (await stage.start()) await stage.run()
}, 240_000)
afterAll(() => stage.stop())

beforeEach(async (context) => {
  if (missing.path === undefined) return context.skip(missing.reason)
  await need(context, program)
})

describe('ConfigMaps', () => {
  proves('source', { system: 'lagoon-insights', server: 'kube-apiserver', version: () => '1.34.4' })
  proves('sink', { system: 'lagoon', server: 'RabbitMQ', version: () => stage.observer.version() })

  test('1: a report is published in the form of insights-remote, persistent, and its ConfigMap is marked', async () => {
    await createConfigMap('one', sbom('one'))
    const { content, properties } = await messageWith('one.cyclonedx')
    expect(content.toString()).toBe(
      '{"payload":null,"binaryPayload":{"one.cyclonedx.json.gz":"H4sIAAAAAAAAA6uuBQBDv6ajAgAAAA=="},' +
        '"annotations":{"core.insights.lagoon.sh/enabled":"true"},"labels":{"lagoon.sh/environment":"main",' +
        '"lagoon.sh/insightsType":"sbom-gz","lagoon.sh/project":"proj","lagoon.sh/service":"one"},' +
        '"namespace":"proj-main","environment":"main","service":"one","project":"proj","type":"sbom"}',
    )
    expect(properties.deliveryMode).toBe(2)
    expect(await processed('one')).toMatchObject({
      'core.insights.lagoon.sh/status': 'success',
      'insights.lagoon.sh/retries': '0',
      'lagoon.sh/insightsProcessed': expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
    })
    expect(await messagesWith('one.cyclonedx')).toHaveLength(1)
  })

  test('3: an explicit type wins over the trigger label', async () => {
    const { labels, ...rest } = sbom('three')
    await createConfigMap('three', { ...rest, labels: { ...labels, 'insights.lagoon.sh/type': 'inspect' } })
    expect((await messageWith('three.cyclonedx')).content.toString()).toContain('"type":"inspect"')
  })

  test('8: an unknown type is rejected once, with a reason and a Kubernetes event', async () => {
    await createConfigMap('eight', { ...sbom('eight'), labels: { 'lagoon.sh/insightsType': 'foo' } })
    expect(await annotated('eight', 'insights.lagoon.sh/rejected')).toMatchObject({
      'insights.lagoon.sh/rejected': 'unknown-type',
    })
    await until(async () => {
      const { items } = (await stage.kube.call('GET', inNamespace('events'))) as { items: { reason: string }[] }
      return items.find(({ reason }) => reason === 'InsightsRejected')
    }, 'the event')
    expect(await messagesWith('eight.cyclonedx')).toEqual([])
  })

  test('9: a report without consent is not published, and marked as skipped', async () => {
    await createConfigMap('nine', { ...sbom('nine'), annotations: {} })
    expect(await processed('nine')).toMatchObject({ 'core.insights.lagoon.sh/status': 'skipped:not-enabled' })
    expect(await messagesWith('nine.cyclonedx')).toEqual([])
  })

  test('11 and 12: labels of the namespace win, and text data is not sent', async () => {
    const { labels, ...rest } = sbom('eleven')
    await createConfigMap('eleven', { ...rest, data: { a: 'b' }, labels: { ...labels, 'lagoon.sh/project': 'other' } })
    const text = (await messageWith('eleven.cyclonedx')).content.toString()
    expect(text).toContain('"lagoon.sh/project":"proj"')
    expect(text).toContain('{"payload":null,')
    const { opsUrl } = stage.weir ?? {}
    // The message is sent before its row is counted.
    await until(async () => {
      const metrics = await (await fetch(`${opsUrl}/metrics`)).text()
      return /weir_lagoon_configmaps_total\{[^}]*result="corrected"[^}]*\} 2\n/.exec(metrics)?.[0]
    }, 'two corrected ConfigMaps in the metrics')
  })

  test('36: a gzip bomb is rejected', async () => {
    await createConfigMap('bomb', {
      ...sbom('bomb'),
      binaryData: { 'bomb.json.gz': gzipSync(Buffer.alloc(80 << 20)).toString('base64') },
    })
    expect(await annotated('bomb', 'insights.lagoon.sh/rejected')).toMatchObject({
      'insights.lagoon.sh/rejected': 'too-large-decompressed',
    })
  })
})

describe('tokens and HTTP', () => {
  test('37 and 39: a namespace gets the token of insights-remote, and garbage is replaced', async () => {
    const tokenIs = async (): Promise<string | undefined> => {
      const found = await stage.kube.call('GET', inNamespace('secrets', 'insights-token')).catch(() => undefined)
      const data = found?.['data'] as { INSIGHTS_TOKEN?: string } | undefined
      return Buffer.from(data?.INSIGHTS_TOKEN ?? '', 'base64').toString() === golden ? golden : undefined
    }
    await until(tokenIs, 'the golden token')
    await stage.kube.call(
      'PATCH',
      inNamespace('secrets', 'insights-token'),
      { stringData: { INSIGHTS_TOKEN: 'garbage' } },
      'application/merge-patch+json',
    )
    await until(tokenIs, 'the repaired token')
    await stage.kube.call('DELETE', inNamespace('secrets', 'insights-token'))
    expect(await until(tokenIs, 'the restored token')).toBe(golden)
  })

  test('20 to 26, 28 and 31: facts, problems and deletions are published byte for byte', async () => {
    const fact =
      '{"environment":"777","projectName":"proj","environmentName":"main","name":"a<b","value":"1",' +
      '"source":"InsightsRemoteWebService","description":"","type":"","category":"","service":""}'
    const body =
      '{"facts":[{"name":"a<b","value":"1","environment":"1","projectName":"x"}],"type":"direct.delete.facts"}'
    expect(await request('POST', '/facts', { body })).toEqual({ status: 200, body: '{"message":"okay"}' })
    expect((await messageWith('direct.facts')).content.toString()).toBe(
      `{"environment":777,"projectName":"proj","environmentName":"main","facts":[${fact.replace('<', '\\u003c')}],` +
        '"type":"direct.facts"}',
    )
    const problem = '[{"identifier":"X","environment":4,"severityScore":7.5,"data":"{}"}]'
    expect((await request('POST', '/problems', { body: problem, token: `Bearer ${golden}` })).status).toBe(200)
    expect((await messageWith('direct.problems')).content.toString()).toBe(
      '{"environment":777,"projectName":"proj","environmentName":"main","problems":[{"environment":777,' +
        '"identifier":"X","source":"InsightsRemoteWebService","data":"{}","severity":"UNKNOWN",' +
        '"severityScore":0.75}],"type":"direct.problems"}',
    )
    expect((await request('DELETE', '/problems/src/cli')).status).toBe(200)
    expect((await messageWith('direct.delete.problems')).content.toString()).toBe(
      '{"type":"direct.delete.problems","environment":777,"source":"src","service":"cli"}',
    )
    expect((await request('POST', '/facts', { body: '{bad' })).status).toBe(400)
    expect((await request('POST', '/problems', { body: '{}' })).status).toBe(400)
    expect((await request('GET', '/facts')).status).toBe(404)
  })

  test('29, 30, 32, 34 and 35: missing, unsigned, tampered, expired and foreign tokens are refused', async () => {
    const [header = '', payload = '', mac = ''] = golden.split('.')
    const encoded = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
    const claims = { environmentId: '777', environmentName: 'main', namespace: 'proj-main', projectName: 'proj' }
    const expired = await mintToken(secret, claims, { now: Date.now() - 7_200_000, ms: 3_600_000 })
    const refused = {
      absent: null,
      abc: 'abc',
      none: `${encoded({ alg: 'none', typ: 'JWT' })}.${payload}.`,
      tampered: `${header}.${encoded({ ...claims, EnvironmentId: '778' })}.${mac}`,
      'another secret': await mintToken('another secret', claims),
      expired,
    }
    for (const [what, token] of Object.entries(refused))
      expect([what, (await request('POST', '/facts', { body: '[]', token })).status]).toEqual([what, 401])
    const foreign = await mintToken(secret, { ...claims, environmentId: '778' })
    expect((await request('POST', '/facts', { body: '[]', token: foreign })).status).toBe(403)
    expect((await request('POST', '/facts', { body: ' '.repeat(5 << 20) })).status).toBe(413)
  })
})

test(
  'no ConfigMap is burnt before its delivery, over an outage of the broker and a kill',
  { timeout: 180_000 },
  async () => {
    await stage.run({ burn: true })
    await stage.broker.kill()
    const all = Array.from({ length: 20 }, (_, index) => `outage-${index}`)
    for (const name of all) await createConfigMap(name, sbom(name))
    await sleep(3000)
    await stage.weir?.kill()
    await stage.run({ burn: true })
    await sleep(2000)
    for (const name of all) expect((await metaOf(name))?.annotations?.['lagoon.sh/insightsProcessed']).toBeUndefined()
    await stage.broker.restart()
    for (const name of all)
      await until(async () => ((await metaOf(name)) === undefined ? name : undefined), `the deletion of ${name}`)
    const ids = (await messagesWith('outage-')).map(({ properties }) => String(properties.messageId))
    expect(new Set(ids).size).toBe(all.length)
    expect(await metaOf('nine')).toBeDefined()
  },
)
