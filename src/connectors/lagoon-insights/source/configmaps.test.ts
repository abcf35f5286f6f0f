// The controller of ConfigMaps with an API server and a sink in memory; the same with real servers is
// test/real/lagoon-insights-breakage.test.ts.
import { gzipSync } from 'node:zlib'
import { describe, expect, onTestFinished, test } from 'vitest'
import { eventsOf } from '../../../../test/conformance/polling-bench.ts'
import { TestJournal } from '../../../../test/conformance/test-journal.ts'
import { fakeHost, type FakeHost } from '../../../../test/kit/fake-host.ts'
import { MemoryCluster } from '../../../../test/kit/memory-cluster.ts'
import type { AwaitedOutcome, AwaitedSink } from '../../../engine/contracts.ts'
import { insightsTypes } from '../../../model/insights.ts'
import { configFrom, type WrittenConfigOf } from '../../../schema/index.ts'
import { Cluster } from '../client.ts'
import { insightsSchema } from '../config.ts'
import { ConfigMapController } from './configmaps.ts'
import { ReportContents } from './contents.ts'
import { PendingReports } from './pending.ts'

const minute = 60_000
const trigger = 'lagoon.sh/insightsType'
const enabled = { 'core.insights.lagoon.sh/enabled': 'true' }
const bom = (...names: readonly string[]): string =>
  JSON.stringify({ bomFormat: 'CycloneDX', components: names.map((name) => ({ type: 'library', name, version: '1' })) })

class Stage {
  readonly server = new MemoryCluster()
  readonly host: FakeHost = fakeHost(1)
  readonly journal = new TestJournal()
  /** Outcomes of reports, in the order of their frames; the last one is of all later ones. */
  outcomes: AwaitedOutcome[] = [{ is: 'delivered' }]

  constructor() {
    const labels = { 'lagoon.sh/environmentId': '777', 'lagoon.sh/project': 'proj', 'lagoon.sh/environment': 'main' }
    this.server.put('namespaces', { metadata: { name: 'proj-main', labels } })
  }

  configMap(name: string, content: string | Uint8Array = '{}', own: Readonly<Record<string, string>> = {}): void {
    const labels = { [trigger]: 'sbom-gz', 'lagoon.sh/service': 'cli', ...own }
    const file = Buffer.from(typeof content === 'string' ? gzipSync(content) : content).toString('base64')
    this.server.put('configmaps', {
      metadata: { name, namespace: 'proj-main', labels, annotations: enabled },
      binaryData: { 'cli.json.gz': file },
    })
  }

  /** Annotations; undefined: the object is gone. */
  marks(name: string): Readonly<Record<string, string>> | undefined {
    return this.server.get('configmaps', name, 'proj-main')?.metadata.annotations
  }

  async run(written: Partial<WrittenConfigOf<typeof insightsSchema>> = {}, hasStore = false): Promise<() => void> {
    const { host, journal, server } = this
    const own = journal.context(1)
    const context = { ...own, host, ...(hasStore ? { storeRetentionMs: 14 * 24 * 60 * minute } : {}) }
    const abort = new AbortController()
    const sink: AwaitedSink = {
      ready: () => Promise.resolve(true),
      settled: () => Promise.resolve('settled'),
      outcome: ({ sequence }, signal) => {
        const found = this.outcomes[sequence - 1] ?? this.outcomes.at(-1)
        if (found?.is !== 'pending' || signal.aborted) return Promise.resolve(found ?? { is: 'unknown' })
        return new Promise((resolve) => signal.addEventListener('abort', () => resolve(found)))
      },
    }
    const config = configFrom(insightsSchema, { burn: true, ack: 'sink:lagoon', ...written })
    const controller = new ConfigMapController({
      config,
      context,
      cluster: new Cluster(server.client, host),
      pending: await PendingReports.open(host, undefined),
      contents: await ReportContents.open(config, context),
      sinks: { core: sink },
      isLeader: () => true,
    })
    const running = controller.run(abort.signal)
    onTestFinished(async () => {
      abort.abort()
      await host.advance(minute)
      await running
    })
    return () => abort.abort()
  }

  get reports(): number {
    return this.journal.units.flatMap(eventsOf).filter(({ type }) => type === insightsTypes.report).length
  }
}

const soon = { interval: 5 }

test('only metadata of ConfigMaps with the trigger label is watched, and one is read when it is due', async () => {
  const it = new Stage()
  it.server.put('configmaps', { metadata: { name: 'other', namespace: 'proj-main' }, data: { large: 'x' } })
  it.configMap('report')
  await it.run()
  await expect.poll(() => it.marks('report'), soon).toBeUndefined()
  const reads = it.server.reads.filter((read) => read.includes('configmaps'))
  expect(reads.filter((read) => read.includes('other'))).toEqual([])
  const lists = reads.filter((read) => read.startsWith('/api/v1/configmaps'))
  expect(lists.length).toBeGreaterThan(0)
  for (const read of lists)
    expect(read).toMatch(/^\/api\/v1\/configmaps lagoon\.sh\/insightsType .*as=PartialObjectMeta/)
})

test.each([false, true])(
  'a report that unpacks to more than `max_decompressed` is rejected and not sent, strict: %s',
  async (strict) => {
    const it = new Stage()
    it.configMap('bomb', gzipSync(Buffer.alloc(200 << 20)))
    it.configMap('report')
    await it.run({ strict })
    await expect.poll(() => it.marks('bomb')?.['insights.lagoon.sh/rejected'], soon).toBe('too-large-decompressed')
    await expect.poll(() => it.marks('report'), soon).toBeUndefined()
    expect(it.reports).toBe(1)
  },
)

describe('no ConfigMap is burnt', () => {
  test('while the journal is full; afterwards each is delivered', async () => {
    const it = new Stage()
    it.journal.refuse()
    const names = ['a', 'b', 'c']
    for (const name of names) it.configMap(name)
    await it.run()
    for (let passed = 0; passed < 10; passed++) await it.host.advance(minute)
    expect(names.map((name) => it.marks(name))).toEqual(names.map(() => enabled))
    it.journal.release()
    for (let passed = 0; passed < 3; passed++) await it.host.advance(minute)
    await expect.poll(() => names.filter((name) => it.marks(name) !== undefined), soon).toEqual([])
    expect(it.reports).toBe(3)
  })

  test.each<[string, AwaitedOutcome]>([
    ['is not confirmed', { is: 'pending' }],
    ['is a dead letter', { is: 'dead-lettered', reason: 'no' }],
    ['is dropped', { is: 'dropped' }],
    ['has an unknown outcome', { is: 'unknown' }],
  ])('if its report %s, also after a restart', async (_, outcome) => {
    const it = new Stage()
    it.outcomes = [outcome]
    it.configMap('report')
    const stop = await it.run()
    await expect.poll(() => it.reports, soon).toBe(1)
    await it.host.advance(30 * minute)
    stop()
    await it.host.advance(minute)
    await it.run()
    await it.host.advance(30 * minute)
    expect(it.marks('report')).toMatchObject(enabled)
    expect(it.server.writes.filter((write) => write.startsWith('DELETE'))).toEqual([])
  })

  test('that changed between the delivery and the deletion', async () => {
    const it = new Stage()
    it.configMap('report')
    const { write } = it.server.client
    Object.assign(it.server.client, {
      write: (...given: Parameters<typeof write>) => {
        // A build replaces the object first.
        if (given[0] === 'DELETE' && it.reports === 1) it.configMap('report', bom('new'))
        return write(...given)
      },
    })
    await it.run()
    await expect.poll(() => it.marks('report'), soon).toBeUndefined()
    expect(it.reports).toBe(2)
  })
})

test('44: an equal report is sent again, and its contents are stored once', async () => {
  const it = new Stage()
  await it.run({ burn: false }, true)
  await it.host.settle()
  const packages = (): (string | undefined)[] =>
    it.journal.units.flatMap(eventsOf).flatMap(({ type, subject }) => (type === 'weir.image.package' ? [subject] : []))
  const build = async (at: number, ...names: readonly string[]): Promise<void> => {
    it.configMap('report', bom(...names), { 'lagoon.sh/buildName': `build-${at}` })
    await expect.poll(() => it.reports, soon).toBe(at)
    await expect.poll(() => it.marks('report'), soon).toHaveProperty('lagoon.sh/insightsProcessed')
  }
  await build(1, 'a', 'b')
  await build(2, 'a', 'b')
  const once = ['unknown/a@1', 'unknown/b@1']
  expect(packages().map((one) => one?.replace(/^\w+/, 'unknown'))).toEqual(once)
  await build(3, 'a')
  await build(4, 'a', 'b')
  expect(packages()).toHaveLength(5)
  // Before the store deletes them.
  await it.host.advance(8 * 24 * 60 * minute)
  await build(5, 'a', 'b')
  expect(packages()).toHaveLength(7)
})
