// Source `sbom` reads referrers of real registries: one with the referrers API, and one with tokens, without that API.
// The server of its tokens is a stand-in.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { stringify } from 'yaml'
import { sbomSchema } from '../../src/connectors/sbom/config.ts'
import { source as sbom } from '../../src/connectors/sbom/source.ts'
import { insightTypes } from '../../src/model/image-insights.ts'
import type { LeaderRecord, Replay } from '../../src/engine/contracts.ts'
import { configFrom } from '../../src/schema/index.ts'
import { eventsOf } from '../conformance/polling-bench.ts'
import { TestJournal } from '../conformance/test-journal.ts'
import { freePorts } from '../kit/free-port.ts'
import { proves } from '../kit/proof.ts'
import type { Installed } from './install/apt.ts'
import { findKubernetes } from './install/kubernetes.ts'
import { installRegistry, registryVersions } from './install/registry.ts'
import { kubeconfigOf, startKube } from './kit/kube.ts'
import { imageIndex, Pusher, startRegistry, type Pushed, type RealRegistry } from './kit/registry.ts'

const cyclonedx = 'application/vnd.cyclonedx+json'
const bom = (...names: readonly string[]): string =>
  JSON.stringify({
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    metadata: { tools: { components: [{ type: 'application', name: 'maker' }] } },
    components: names.map((name) => ({ type: 'library', name, version: '1', purl: `pkg:npm/${name}@1` })),
  })

/** A DSSE envelope with a statement; the signature is not valid. */
const attestation = (digest: string, predicateType: string, predicate: unknown): string => {
  const subject = [{ name: 'image', digest: { sha256: digest.replace('sha256:', '') } }]
  const statement = { _type: 'https://in-toto.io/Statement/v1', subject, predicateType, predicate }
  const payload = Buffer.from(JSON.stringify(statement)).toString('base64')
  return JSON.stringify({ payloadType: 'application/vnd.in-toto+json', payload, signatures: [{ sig: 'MA==' }] })
}
const spdx = (name: string): object => ({
  spdxVersion: 'SPDX-2.3',
  SPDXID: 'SPDXRef-DOCUMENT',
  creationInfo: { creators: ['Tool: writer-1'] },
  packages: [{ SPDXID: 'SPDXRef-1', name, versionInfo: '2' }],
})

let [dir, program]: [string, Installed] = ['', { path: undefined, reason: 'not installed' }]
let plain: RealRegistry | undefined

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'weir-registry-'))
  program = await installRegistry()
  if (program.path === undefined) return
  const [port = 0] = await freePorts(1)
  plain = await startRegistry(program.path, ['referrers', `127.0.0.1:${port}`], port)
}, 1_200_000)
afterAll(async () => {
  await plain?.[Symbol.asyncDispose]()
  await rm(dir, { recursive: true, force: true })
})
beforeEach((context) => {
  if (program.path === undefined) context.skip(program.reason)
})

type Written = Readonly<Record<string, unknown>>

class Reading {
  readonly journal = new TestJournal()
  readonly #state = join(dir, `state-${Math.trunc(performance.now() * 1000)}`)

  /** Starts the source; the result stops it. */
  async start(registry: Written, more: Written = {}, leaderRecord?: LeaderRecord): Promise<() => Promise<void>> {
    const config = configFrom(sbomSchema, { registry: { every: '1s', ...registry }, ...more } as never)
    const shared = leaderRecord === undefined ? {} : { replay: { shared: { leaderRecord } } as unknown as Replay }
    const source = await sbom.build(config, { ...this.journal.context(1), state: this.#state, ...shared })
    const abort = new AbortController()
    const done = source.run(abort.signal)
    let stopped: Promise<void> | undefined
    const stop = (): Promise<void> => {
      abort.abort()
      return (stopped ??= done)
    }
    onTestFinished(stop)
    return stop
  }

  get events(): ReturnType<typeof eventsOf> {
    return this.journal.units.flatMap(eventsOf)
  }

  /** `digest package` of every package. */
  get packages(): readonly string[] {
    return this.events
      .filter(({ type }) => type === insightTypes.package)
      .map(({ key = '', subject = '' }) => `${key} ${subject}`)
      .sort()
  }

  get reports(): number {
    return this.events.filter(({ type }) => type === insightTypes.report).length
  }
}

const soon = { timeout: 30_000, interval: 50 } as const

/** The record of one journal, as two instances have it. */
function recordOf(instance: string, shared: { version: number; value: unknown }): LeaderRecord {
  return {
    instance,
    read: () => Promise.resolve(shared.version === 0 ? undefined : { ...shared, version: String(shared.version) }),
    write(before, value) {
      if (before !== (shared.version === 0 ? undefined : String(shared.version))) return Promise.resolve(undefined)
      Object.assign(shared, { version: shared.version + 1, value })
      return Promise.resolve(String(shared.version))
    },
  }
}

describe('a registry with the referrers API', () => {
  proves('source', {
    system: 'oci-registry',
    server: 'go-containerregistry',
    version: () => registryVersions.containerRegistry,
  })

  test('one of two instances reads documents, and the other one continues when it stops', async () => {
    const { url } = plain!
    const push = new Pusher(url, 'shop/replicas')
    const image = await push.image('web', '1.0')
    await push.referrer(image, cyclonedx, bom('first'))
    const context = new TestJournal().context(1)
    const probe = (name: string) =>
      sbom.probe?.(
        configFrom(sbomSchema, { registry: { url, images: [name] } } as never),
        context,
        AbortSignal.timeout(20_000),
      )
    expect(await probe('shop/replicas:1.0')).toEqual({ is: 'ok', message: `1 listed images exist in ${url}` })
    await expect(probe('shop/none:1.0')).rejects.toThrow('shop/none:1.0 does not exist')
    const shared = { version: 0, value: undefined }
    const [one, two] = [new Reading(), new Reading()]
    const registry = { url, images: ['shop/replicas:1.0'] }
    const stop = await one.start(registry, {}, recordOf('one', shared))
    await expect.poll(() => one.reports, soon).toBe(1)
    await two.start(registry, {}, recordOf('two', shared))
    await push.referrer(image, cyclonedx, bom('second'))
    await expect.poll(() => one.reports, soon).toBe(2)
    expect(two.reports).toBe(0)
    await stop()
    await push.referrer(image, cyclonedx, bom('third'))
    await expect.poll(() => two.packages.length, soon).toBe(3)
    expect(one.reports).toBe(2)
  }, 60_000)

  test('documents and attestations of an image are emitted once; others are rejected with a reason', async () => {
    const { url, host } = plain!
    const push = new Pusher(url, 'shop/web')
    const image = await push.image('web', '1.0')
    const other = await push.image('other')
    await push.referrer(image, cyclonedx, bom('direct'))
    await push.referrer(
      image,
      'application/vnd.dsse.envelope.v1+json',
      attestation(image.digest, 'https://spdx.dev/Document', spdx('attested')),
    )
    await push.referrer(image, 'application/vnd.dev.cosign.simplesigning.v1+json', '{"a":"signature"}')
    await push.referrer(image, cyclonedx, bom('large', 'x'.repeat(20_000)))
    await push.referrer(image, cyclonedx, '{"bomFormat":')
    await push.referrer(image, 'application/vnd.in-toto+json', attestation(other.digest, 'x', spdx('moved')))
    const it = new Reading()
    const registry = { url, images: [`${host}/shop/web:1.0`] }
    const stop = await it.start(registry, { max_size: '16KiB' })
    const found = [`${image.digest} pkg:npm/direct@1`, `${image.digest} unknown/attested@2`]
    await expect.poll(() => it.packages, soon).toEqual(found)
    await expect.poll(() => it.journal.shed, soon).toEqual({ too_large: 1, malformed: 1, other_image: 1 })
    expect(it.events.find(({ subject }) => subject === 'pkg:npm/direct@1')?.ref).toBe(
      `image:${host}/shop/web@${image.digest}`,
    )
    // A pushed document is found; neither later polls nor another start read the others again.
    await push.referrer(image, cyclonedx, bom('later'))
    await expect.poll(() => it.reports, soon).toEqual(3)
    await stop()
    const blobs = (): number => plain!.log.split('\n').filter((line) => /^GET .*\/blobs\//.test(line)).length
    const lists = (): number => plain!.log.split('\n').filter((line) => /^GET .*\/referrers\//.test(line)).length
    const [read, listed] = [blobs(), lists()]
    await it.start(registry, { max_size: '16KiB' })
    await expect.poll(lists, { timeout: 30_000 }).toBeGreaterThanOrEqual(listed + 2)
    expect(blobs()).toBe(read)
    expect(it.packages).toHaveLength(3)
  }, 120_000)

  test('a document about a platform has the index as an alias; attestations of BuildKit count', async () => {
    const { url } = plain!
    const push = new Pusher(url, 'shop/multi')
    const platform = await push.image('multi-amd64')
    const layer = await push.blob(
      Buffer.from(attestation(platform.digest, 'https://spdx.dev/Document', spdx('built'))),
      'application/vnd.in-toto+json',
    )
    const config = await push.blob('{}', 'application/vnd.oci.image.config.v1+json')
    const built = await push.manifest({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      config,
      layers: [layer],
    })
    const index = await push.manifest(
      {
        schemaVersion: 2,
        mediaType: imageIndex,
        manifests: [
          platform,
          {
            ...built,
            annotations: {
              'vnd.docker.reference.type': 'attestation-manifest',
              'vnd.docker.reference.digest': platform.digest,
            },
          },
        ],
      },
      'latest',
    )
    await push.referrer(platform, cyclonedx, bom('scanned'))
    const it = new Reading()
    await it.start({ url, images: ['shop/multi'] })
    await expect
      .poll(() => it.packages, soon)
      .toEqual([`${platform.digest} pkg:npm/scanned@1`, `${platform.digest} unknown/built@2`])
    const report = it.events.find(({ type }) => type === insightTypes.report)
    expect(JSON.parse(Buffer.from(report?.data ?? []).toString())).toMatchObject({ image: { aliases: [index.digest] } })
  }, 60_000)

  test('images of running pods of a real API server are read when they start', async (context) => {
    const kubernetes = findKubernetes()
    if (kubernetes.path === undefined) return context.skip(kubernetes.reason)
    const { url, host } = plain!
    const push = new Pusher(url, 'shop/pod')
    const image = await push.image('pod')
    await push.referrer(image, cyclonedx, bom('in-pod'))
    const kube = await startKube(dir)
    onTestFinished(() => kube.stop())
    const kubeconfig = join(dir, 'kubeconfig')
    await writeFile(kubeconfig, kubeconfigOf(kube), { mode: 0o600 })
    const it = new Reading()
    await it.start({ url, pods: true, kubeconfig, every: '1h' })
    const pods = '/api/v1/namespaces/default/pods'
    await kube.call('POST', pods, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'web' },
      spec: { containers: [{ name: 'web', image: `${host}/shop/pod` }], automountServiceAccountToken: false },
    })
    const containers = [{ name: 'web', image: 'x', imageID: `${host}/shop/pod@${image.digest}`, ready: true }]
    await kube.call(
      'PATCH',
      `${pods}/web/status`,
      { status: { phase: 'Running', containerStatuses: containers.map((one) => ({ ...one, restartCount: 0 })) } },
      'application/merge-patch+json',
    )
    await expect.poll(() => it.packages, soon).toEqual([`${image.digest} pkg:npm/in-pod@1`])
  }, 120_000)
})

describe('a registry with tokens', () => {
  proves('source', {
    system: 'oci-registry',
    server: 'distribution',
    version: () => registryVersions.distribution,
  })

  test('referrers of the fallback tag are read with a token for the repository', async () => {
    const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true })
    const key = { ...(await exportJWK(publicKey)), kid: 'one', alg: 'ES256', use: 'sig' }
    await writeFile(join(dir, 'keys.json'), JSON.stringify({ keys: [key] }))
    const tokenFor = (name: string, ...actions: readonly string[]): Promise<string> =>
      new SignJWT({ access: [{ type: 'repository', name, actions }] })
        .setProtectedHeader({ alg: 'ES256', kid: 'one', typ: 'JWT' })
        .setIssuer('issuer')
        .setSubject('weir')
        .setAudience('registry')
        .setIssuedAt()
        .setNotBefore('-1m')
        .setExpirationTime('5m')
        .setJti(String(performance.now()))
        .sign(privateKey)
    const requests: string[] = []
    const tokens = await tokenServer(async (url, authorization) => {
      requests.push(url.search)
      if (authorization !== `Basic ${Buffer.from('weir:right').toString('base64')}`) return undefined
      const [, name = '', actions = ''] = (url.searchParams.get('scope') ?? '').split(':')
      return tokenFor(name, actions)
    })
    const [port = 0] = await freePorts(1)
    const file = join(dir, 'distribution.yaml')
    const realm = `http://127.0.0.1:${(tokens.address() as AddressInfo).port}/token`
    await writeFile(
      file,
      stringify({
        version: 0.1,
        storage: { inmemory: {} },
        http: { addr: `127.0.0.1:${port}` },
        auth: { token: { realm, service: 'registry', issuer: 'issuer', jwks: join(dir, 'keys.json') } },
      }),
    )
    const registry = await startRegistry(program.path ?? '', ['distribution', file], port)
    onTestFinished(() => registry[Symbol.asyncDispose]())
    const push = new Pusher(registry.url, 'shop/web', await tokenFor('shop/web', 'pull', 'push'))
    const image = await push.image('web', '1.0')
    const document = await push.referrer(image, cyclonedx, bom('by-tag'))
    const list = async (...manifests: readonly Pushed[]): Promise<void> => {
      const content = { schemaVersion: 2, mediaType: imageIndex, manifests }
      await push.manifest(content, image.digest.replace(':', '-'))
    }
    await list(document)
    const wrong = new Reading()
    const images = ['shop/web:1.0']
    const { url } = registry
    await writeFile(join(dir, 'wrong'), 'wrong', { mode: 0o600 })
    await writeFile(join(dir, 'right'), 'right', { mode: 0o600 })
    const auth = (name: string): object => ({ type: 'basic', user: 'weir', password: `file:${join(dir, name)}` })
    await (
      await wrong.start({ url, images, auth: auth('wrong') })
    )()
    const it = new Reading()
    await it.start({ url, images, auth: auth('right') })
    await expect.poll(() => it.packages, soon).toEqual([`${image.digest} pkg:npm/by-tag@1`])
    expect(requests.at(-1)).toBe('?service=registry&scope=repository%3Ashop%2Fweb%3Apull')
    await list(document, await push.referrer(image, cyclonedx, bom('added')))
    await expect.poll(() => it.reports, soon).toEqual(2)
    expect(wrong.events).toEqual([])
    // One token serves all of these requests.
    expect(requests.filter((_, at) => at > 0).length).toBeLessThanOrEqual(2)
  }, 60_000)
})

async function tokenServer(answer: (url: URL, authorization: string) => Promise<string | undefined>): Promise<Server> {
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost')
    void answer(url, request.headers.authorization ?? '').then((token) => {
      response.writeHead(token === undefined ? 401 : 200, { 'content-type': 'application/json' })
      response.end(JSON.stringify(token === undefined ? {} : { token, expires_in: 300 }))
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return server
}
