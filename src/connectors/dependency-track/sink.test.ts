import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { eventBatch, testContext } from '../../../test/conformance/batches.ts'
import { startTrackServer, type TrackServer } from '../../../test/kit/dependency-track-server.ts'
import { kubeconfigOf } from '../../../test/kit/kubeconfig.ts'
import { proves } from '../../../test/kit/proof.ts'
import { ScriptedApiServer } from '../../../test/kit/scripted-api-server.ts'
import { realHost } from '../../host/index.ts'
import type { WeirEvent } from '../../model/events.ts'
import { insightsTypes, trackEndpoint, type ImageReport } from '../../model/insights.ts'
import type { Failure } from '../../model/outcome.ts'
import { configFrom, type WrittenConfigOf } from '../../schema/index.ts'
import { dependencyTrackSchema } from './config.ts'
import { pauseMs } from './client-pause.ts'
import { openDependencyTrack } from './sink.ts'

const key = 'odt_key'
const never = new AbortController().signal
const bom = '{"bomFormat":"CycloneDX","specVersion":"1.3","metadata":{"tools":[{"name":"syft"}]}}'

function report(service: string, more: Partial<ImageReport> = {}): WeirEvent {
  const message: ImageReport = {
    payload: null,
    binaryPayload: { 'a.json.gz': gzipSync(bom).toString('base64') },
    annotations: null,
    labels: { 'lagoon.sh/environmentType': 'production' },
    namespace: 'proj-main',
    environment: 'main',
    service,
    project: 'proj',
    type: 'sbom',
    ...more,
  }
  return {
    id: service,
    source: '/kubernetes/default',
    type: insightsTypes.report,
    family: 'package',
    time: 0,
    extensions: {},
    key: service,
    encoding: 'json',
    data: new TextEncoder().encode(JSON.stringify(message)),
  }
}

async function stage(written: Partial<WrittenConfigOf<typeof dependencyTrackSchema>> = {}) {
  const server = await startTrackServer(key)
  vi.stubEnv('TRACK_KEY', key)
  const config = configFrom(dependencyTrackSchema, { url: server.url, api_key: 'env:TRACK_KEY', ...written })
  const sink = await openDependencyTrack(config, testContext())
  onTestFinished(async () => {
    await sink.close()
    await server[Symbol.asyncDispose]()
  })
  const send = (...events: WeirEvent[]): Promise<readonly Failure[]> => sink.send(eventBatch(events, 't'), never)
  return { server, sink, send }
}

const tree = ({ projects }: TrackServer): string[] =>
  projects.map(({ name, parent }) => `${projects.find(({ uuid }) => uuid === parent?.uuid)?.name ?? ''}/${name}`)

describe('reports', () => {
  proves('sink', { system: 'dependency-track', server: 'server of its API', standIn: true })

  test('41: are uploaded byte for byte to projects below the environment, which are created once', async () => {
    const { server, send } = await stage()
    expect(await send(report('cli'), report('nginx'))).toEqual([])
    expect(tree(server)).toEqual(['/proj', 'proj/proj-main', 'proj-main/proj-main-cli', 'proj-main/proj-main-nginx'])
    const [root, , leaf] = server.projects
    expect(root?.collectionLogic).toBe('AGGREGATE_DIRECT_CHILDREN')
    expect(leaf).toMatchObject({ version: 'unset', tags: [{ name: 'lagoon-environmenttype-production' }] })
    expect(server.boms.get(leaf?.uuid ?? '')?.map(String)).toEqual([bom])
    expect(await send(report('cli'))).toEqual([])
    expect(server.projects).toHaveLength(4)
  })

  test('are delivered when their token is processed', async () => {
    const { server, send } = await stage()
    server.polls = 1
    expect(await send(report('cli'))).toEqual([])
    expect(server.calls.filter((call) => call === 'GET event/…')).toHaveLength(2)
  })

  test('that are not processed in time are sent again', async () => {
    const { server, send } = await stage({ processing: '1s' })
    server.polls = 100
    expect(await send(report('cli'))).toEqual([
      expect.objectContaining({ is: 'retry', reason: expect.stringContaining('not processed in time') as string }),
    ])
  })

  test('use the project below their parent among several of one name', async () => {
    const { server, send } = await stage()
    server.projects.push(
      { uuid: 'other', name: 'proj' },
      { uuid: 'elsewhere', name: 'proj-main', version: '1', parent: { uuid: 'else' } },
      { uuid: 'right', name: 'proj-main', version: '2', parent: { uuid: 'other' } },
    )
    expect(await send(report('cli'))).toEqual([])
    expect(server.projects.at(-1)).toMatchObject({ name: 'proj-main-cli', parent: { uuid: 'right' } })
  })

  test('with templates get other names', async () => {
    const { server, send } = await stage({
      root: 'all {{.ProjectName}}',
      project: '{{ .ServiceName }} ({{ .EnvironmentType }})',
      version: '{{ .EnvironmentName }}',
    })
    expect(await send(report('cli'))).toEqual([])
    expect([tree(server)[0], server.projects.at(-1)]).toMatchObject([
      '/all proj',
      { name: 'cli (production)', version: 'main' },
    ])
  })
})

describe('the endpoint in the annotation', () => {
  proves('sink', { system: 'dependency-track', server: 'server of its API', standIn: true })
  const variable = 'LAGOON_FEATURE_FLAG_INSIGHTS_DEPENDENCY_TRACK'
  const named = (url: string, more: Partial<ImageReport> = {}): WeirEvent =>
    report('cli', { annotations: { [trackEndpoint]: url }, ...more })

  /** A sink with its keys in Secrets of namespaces of an API server. */
  async function customStage(values: Readonly<Record<string, string>> | undefined) {
    const server = await startTrackServer(key)
    const cluster = await ScriptedApiServer.start((response) => {
      response.writeHead(values === undefined ? 404 : 200, { 'content-type': 'application/json' })
      const data = Object.entries(values ?? {}).map(([name, value]) => [name, Buffer.from(value).toString('base64')])
      response.end(JSON.stringify({ data: Object.fromEntries(data) }))
    })
    const folder = await mkdtemp(join(tmpdir(), 'weir-track-'))
    const kubeconfig = join(folder, 'kubeconfig')
    await writeFile(kubeconfig, kubeconfigOf(cluster.url), { mode: 0o600 })
    const config = configFrom(dependencyTrackSchema, { custom: { endpoints: [`${server.url}/`], kubeconfig } })
    const host = realHost()
    let later = 0
    const clock = { ...host.clock, monotonic: () => host.clock.monotonic() + later }
    const sink = await openDependencyTrack(config, testContext({ ...host, clock }))
    onTestFinished(async () => {
      await sink.close()
      await server[Symbol.asyncDispose]()
      await cluster.close()
      await rm(folder, { recursive: true, force: true })
    })
    const send = (...events: WeirEvent[]): Promise<readonly Failure[]> => sink.send(eventBatch(events, 't'), never)
    return { server, cluster, sink, send, pass: (ms: number) => void (later += ms) }
  }

  test('receives the report with the key of its namespace, which is read once', async () => {
    const { server, cluster, send } = await customStage({ [`${variable}_API_KEY`]: key })
    expect(await send(named(server.url), named(`${server.url}/`, { service: 'nginx' }))).toEqual([])
    expect(tree(server)).toContain('proj-main/proj-main-nginx')
    expect(cluster.received.map(({ path }) => path)).toEqual(['/api/v1/namespaces/proj-main/secrets/lagoon-env'])
  })

  test('that is not listed becomes a dead letter, and nothing is sent or read', async () => {
    const { server, cluster, send } = await customStage({ [`${variable}_API_KEY`]: key })
    for (const url of ['http://169.254.169.254', `${server.url}/other`, 'file:///etc/passwd', `${server.url}@x`])
      expect(await send(named(url))).toMatchObject([{ is: 'reject', reason: expect.stringContaining('`endpoints`') }])
    expect([server.calls, cluster.received]).toEqual([[], []])
  })

  test('that is absent filters the report', async () => {
    const { send } = await customStage({})
    expect(await send(report('cli'))).toMatchObject([{ is: 'filter', reason: 'no_endpoint' }])
  })

  test.each([[undefined], [{}]])('without a key in the Secret makes a dead letter', async (values) => {
    const { server, send } = await customStage(values)
    expect(await send(named(server.url))).toMatchObject([
      { is: 'reject', reason: `Secret proj-main/lagoon-env has no ${variable}_API_KEY` },
    ])
  })

  test.each([
    ['false', 1],
    ['T', 0],
    ['no', 0],
    ['', 0],
  ])('with PUSH_PROD_ONLY %j in the Secret gets %i reports of other environments', async (word, uploads) => {
    const { server, send } = await customStage({ [`${variable}_API_KEY`]: key, [`${variable}_PUSH_PROD_ONLY`]: word })
    await send(named(server.url, { labels: { 'lagoon.sh/environmentType': 'development' } }))
    expect(server.boms.size).toBe(uploads)
  })

  test('that is unavailable does not delay other rows', async () => {
    const { server, send } = await customStage({ [`${variable}_API_KEY`]: key })
    server.status = 503
    const [failure] = await send(named(server.url))
    expect(failure).toMatchObject({ is: 'retry' })
    expect(failure).not.toHaveProperty('away', true)
  })

  test('that is unavailable gets one attempt in half a minute', async () => {
    const { server, send, pass } = await customStage({ [`${variable}_API_KEY`]: key })
    server.status = 503
    await send(named(server.url))
    server.status = undefined
    expect(await send(named(server.url))).toMatchObject([
      { is: 'retry', reason: expect.stringContaining('503') as string },
    ])
    expect(server.boms.size).toBe(0)
    pass(pauseMs)
    for (const count of [1, 2]) {
      expect(await send(named(server.url))).toEqual([])
      expect([...server.boms.values()].flat()).toHaveLength(count)
    }
  })
})

describe('a report is', () => {
  const file = (text: string): Partial<ImageReport> => ({
    binaryPayload: { a: gzipSync(text).toString('base64') },
  })
  test.each([
    ['filtered if it is no SBOM', { type: 'inspect' }, 'filter', 'not_sbom'],
    [
      'filtered outside production',
      { labels: { 'lagoon.sh/environmentType': 'development' } },
      'filter',
      'not_production',
    ],
    ['filtered without a type of environment', { labels: null }, 'filter', 'not_production'],
    ['rejected without a service', { service: '' }, 'reject', 'no ServiceName'],
    ['rejected without a project', { project: '' }, 'reject', 'no ProjectName'],
    ['rejected if it is no CycloneDX', file('{"spdxVersion":"2.3"}'), 'reject', 'no CycloneDX'],
    ['rejected if it is unreadable', file('text'), 'reject', 'unreadable'],
    [
      'rejected with the reasons of the server',
      file('{"bomFormat":"CycloneDX"}'),
      'reject',
      '$.specVersion: is missing',
    ],
  ] as const)('%s', async (_, more, is, words) => {
    const { send } = await stage()
    expect(await send(report('cli', more as Partial<ImageReport>))).toEqual([
      expect.objectContaining({ is, reason: expect.stringContaining(words) as string }),
    ])
  })

  test('filtered if the event is of another type', async () => {
    const { send } = await stage()
    expect(await send({ ...report('cli'), type: 'other' })).toMatchObject([{ is: 'filter', reason: 'not_insights' }])
  })
})

describe('the server', () => {
  test.each([401, 403, 429, 500, 503])('with status %i is tried again, and named without the key', async (status) => {
    const { server, send } = await stage()
    server.status = status
    const failures = await send(report('cli'))
    expect(failures).toMatchObject([{ is: 'retry' }])
    expect(JSON.stringify(failures)).not.toContain(key)
    server.status = undefined
    expect(await send(report('cli'))).toEqual([])
  })

  test('that is unreachable is tried again, and the probe fails', async () => {
    const { server, sink, send } = await stage()
    await server[Symbol.asyncDispose]()
    expect(await send(report('cli'))).toMatchObject([{ is: 'retry' }])
    expect(await sink.probe?.(never)).toMatchObject({ is: 'fail' })
  })

  test('that lost its projects gets them again', async () => {
    const { server, send } = await stage()
    await send(report('cli'))
    server.projects.length = 0
    expect(await send(report('cli'))).toMatchObject([{ is: 'retry' }])
    expect(await send(report('cli'))).toEqual([])
    expect(tree(server)).toEqual(['/proj', 'proj/proj-main', 'proj-main/proj-main-cli'])
  })

  test('is probed with the key', async () => {
    const { sink } = await stage()
    expect(await sink.probe?.(never)).toMatchObject({ is: 'ok' })
  })

  test('receives nothing from a preview', async () => {
    const { server, sink } = await stage()
    const [shown] = [...(sink.preview?.(eventBatch([report('cli')], 't')) ?? [])]
    expect(shown).toMatchObject({ to: `${server.url} proj / proj-main / proj-main-cli unset`, body: Buffer.from(bom) })
    expect(server.calls).toEqual([])
  })
})
