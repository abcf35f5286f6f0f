import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { insightTypes } from '../../../model/image-insights.ts'
import type { ImageReport } from '../../../model/insights.ts'
import { contentsOfImage, contentsOfPosted, type Origin } from './contents.ts'

const origin: Origin = {
  cluster: 'prod',
  namespace: 'proj-main',
  project: 'proj',
  environment: 'main',
  now: 1000,
  written: 1000,
}
const digest = `sha256:${'a'.repeat(64)}`

function report(document: object): ImageReport {
  return {
    payload: null,
    binaryPayload: { 'cli.json.gz': gzipSync(JSON.stringify(document)).toString('base64') },
    annotations: null,
    labels: null,
    namespace: 'proj-main',
    environment: 'main',
    service: 'cli',
    project: 'proj',
    type: 'sbom',
  }
}

test('the packages of a report belong to its service; the digest that it names is an alias', async () => {
  const events = await contentsOfImage(
    report({
      bomFormat: 'CycloneDX',
      metadata: { component: { type: 'container', name: 'web', version: digest } },
      components: [{ type: 'library', name: 'a', purl: 'pkg:npm/a@1' }],
    }),
    origin,
    1 << 20,
  )
  expect(events.map(({ type, subject }) => `${type} ${subject}`)).toEqual([
    `${insightTypes.package} pkg:npm/a@1`,
    `${insightTypes.report} proj/main/cli`,
  ])
  expect(new Set(events.map(({ key, ref }) => `${key} ${ref}`))).toEqual(
    new Set(['lagoon:prod/proj-main/cli image:proj/main/cli@lagoon:prod/proj-main/cli']),
  )
  expect(JSON.parse(Buffer.from(events.at(-1)?.data ?? []).toString())).toMatchObject({
    image: { digest: 'lagoon:prod/proj-main/cli', aliases: [digest], name: 'proj/main/cli' },
    packages: 1,
  })
})

test('the report of a build replaces no posted problems of a source with the name of its scanner', async () => {
  const document = {
    bomFormat: 'CycloneDX',
    metadata: { tools: [{ name: 'trivy' }] },
    components: [{ type: 'library', name: 'a' }],
    vulnerabilities: [],
  }
  const problem = { environment: 1, identifier: 'CVE-1', source: 'trivy', service: 'cli', data: '' }
  const posted = contentsOfPosted({ kind: 'problems', items: [problem] }, origin)
  const built = await contentsOfImage(report(document), origin, 1 << 20)
  expect(posted.at(-1)?.key).toBe(built.at(-1)?.key)
  expect(posted.at(-1)?.source).not.toBe(built.at(-1)?.source)
  expect(JSON.parse(Buffer.from(built.at(-1)?.data ?? []).toString())).not.toHaveProperty('problems')
})

test('waivers of a tenant do not reach the images of others', async () => {
  const document = {
    '@context': 'https://openvex.dev/ns/v0.2.0',
    '@id': 'x',
    statements: [{ vulnerability: 'CVE-1', status: 'not_affected', products: ['pkg:npm/a'] }],
  }
  expect(await contentsOfImage(report(document), origin, 1 << 20)).toEqual([])
})

test('posted problems have one report for each source and service, and equal requests have equal ids', () => {
  const problem = (identifier: string, source: string, service: string) =>
    ({ environment: 1, identifier, source, service, data: '' }) as const
  const items = [problem('A', 's', 'x'), problem('B', 's', 'y'), problem('C', 't', 'x'), problem('A', 's', 'x')]
  const events = contentsOfPosted({ kind: 'problems', items }, origin)
  expect(events.map(({ source, key, subject }) => `${source} ${key} ${subject}`)).toEqual([
    '/images/s lagoon:prod/proj-main/x A ',
    '/images/s lagoon:prod/proj-main/x proj/main/x',
    '/images/s lagoon:prod/proj-main/y B ',
    '/images/s lagoon:prod/proj-main/y proj/main/y',
    '/images/t lagoon:prod/proj-main/x C ',
    '/images/t lagoon:prod/proj-main/x proj/main/x',
  ])
  const again = contentsOfPosted({ kind: 'problems', items }, { ...origin, now: 2000 })
  expect(again.map(({ id }) => id)).toEqual(events.map(({ id }) => id))
  expect(new Set(events.map(({ id }) => id)).size).toBe(events.length)
})
