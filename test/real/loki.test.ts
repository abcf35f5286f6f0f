// Sink `loki` against a real Loki: the suite, every flow read back by LogQL, its rejections, and its absence.
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { lokiSchema } from '../../src/connectors/loki/config.ts'
import { sink as loki } from '../../src/connectors/loki/sink.ts'
import { NetObservReader } from '../../src/codecs/netobserv-json/index.ts'
import type { Sink, SinkBatch, SinkPiece } from '../../src/engine/contracts.ts'
import { eventAt } from '../../src/model/events.ts'
import { FlowBuilder } from '../../src/model/flow-builder.ts'
import type { Failure } from '../../src/model/outcome.ts'
import { configFrom, type WrittenConfigOf } from '../../src/schema/index.ts'
import { asFlows } from '../conformance/as-flows.ts'
import { flowBatch, testContext } from '../conformance/batches.ts'
import { cutProxy } from '../conformance/cut-proxy.ts'
import { sinkConformance, type OtherSide } from '../conformance/sink.ts'
import { FlowSender } from '../kit/flow-sender.ts'
import { startWeir } from '../kit/weir-process.ts'
import { findLoki, loki as program } from './install/loki.ts'
import { startLoki, type RealLoki } from './kit/loki.ts'

const never = new AbortController().signal
const strict = {
  reject_old_samples: true,
  reject_old_samples_max_age: '1h',
  max_line_size: '1KB',
  max_label_value_length: 60,
  creation_grace_period: '5m',
}
let server: RealLoki
let dir = ''

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'weir-loki-'))
  const found = findLoki()
  if (found.path !== undefined) server = await startLoki(found.path, dir, { strict })
}, 180_000)

beforeEach((context) => {
  const found = findLoki()
  if (found.path === undefined) context.skip(found.reason)
})

afterAll(async () => {
  await server?.[Symbol.asyncDispose]()
  await rm(dir, { recursive: true, force: true })
})

let tenants = 0
const newTenant = (): string => `tenant${++tenants}`

const open = (written: Partial<WrittenConfigOf<typeof lokiSchema>>): Promise<Sink> =>
  loki.build(configFrom(lokiSchema, { url: server.url, ...written }), testContext())

interface Line {
  readonly id?: string
  readonly SrcK8S_Name?: string
}

async function startOther(encoding: 'protobuf' | 'json'): Promise<OtherSide> {
  const tenant = newTenant()
  // The suite makes frames for each attempt; those of the same rows have the same time, as a frame of the journal.
  const begun = Date.now()
  const frames = new Map<string, number>()
  const timeOf = ({ batch, rows }: SinkPiece): number => {
    const first = batch.kind === 'events' ? eventAt(batch, rows[0] ?? 0).id : 'flows'
    const known = frames.get(first) ?? frames.size
    frames.set(first, known)
    return begun + known
  }
  let proxy = await cutProxy(server.port)
  const ids = async (): Promise<string[]> =>
    (await server.query('{app=~".+"}', tenant)).map(({ line }) => {
      const { id, SrcK8S_Name: name } = JSON.parse(line) as Line
      return id ?? name ?? ''
    })
  return {
    async build(context, timeoutMs) {
      const url = `http://127.0.0.1:${proxy.port}`
      const settings = { url, tenant, encoding, timeout: `${Math.max(timeoutMs, 2000)}ms` }
      const sink = await loki.build(configFrom(lokiSchema, settings), context)
      const flows = asFlows(sink)
      // The rows of the suite are older than what a query reads.
      const recent = (batch: SinkBatch): SinkBatch => ({
        ...batch,
        pieces: batch.pieces.map((piece) => ({ ...piece, header: { ...piece.header, received: timeOf(piece) } })),
      })
      const hasFlows = ({ pieces }: SinkBatch): boolean => pieces.some(({ batch }) => batch.kind === 'flows')
      return { ...sink, send: (batch, signal) => (hasFlows(batch) ? flows : sink).send(recent(batch), signal) }
    },
    received: ids,
    held: ids,
    async refuse(on) {
      if (on) await proxy.close()
      else proxy = await cutProxy(server.port, proxy.port)
    },
    slow: (on) => Promise.resolve(proxy.hold(on)),
    // A request holds all events.
    disconnectAfter: () => Promise.resolve(proxy.cutAfter(0, 'POST ')),
    poison: () => Promise.resolve(),
    // Longer than the limit of a line.
    poisoned: (event) => ({ ...event, data: Buffer.from(`{"text":"${'x'.repeat(300_000)}"}`) }),
    restart: () => server.restart(),
    stop: () => proxy.close(),
  }
}

for (const encoding of ['protobuf', 'json'] as const)
  sinkConformance(
    `loki ${encoding}`,
    { accepts: loki.accepts, idempotency: loki.idempotency, start: () => startOther(encoding) },
    {
      system: 'loki',
      server: 'Loki',
      version: () => program.version,
      part: encoding === 'json' ? 'JSON' : 'protobuf',
    },
  )

type Flow = Readonly<Record<string, string | number | readonly string[]>>

function batchOf(flows: readonly Flow[]): SinkBatch {
  const builder = new FlowBuilder()
  const reader = new NetObservReader(builder)
  for (const flow of flows) reader.read(JSON.stringify(flow))
  const { batch } = flowBatch(flows.length, 't')
  return { ...batch, pieces: batch.pieces.map((piece) => ({ ...piece, batch: builder.batch() })) }
}

function flowOf(n: number, now: number): Flow {
  const kinds = ['Pod', 'Service', 'Node']
  return {
    Etype: n % 5 === 0 ? 34_525 : 2048,
    SrcAddr: n % 5 === 0 ? `2001:db8::${(n + 1).toString(16)}` : `10.${n % 200}.0.${n % 250}`,
    DstAddr: n % 5 === 0 ? 'fe80::1' : '10.9.8.7',
    Proto: n % 2 === 0 ? 6 : 17,
    SrcPort: 1024 + (n % 60_000),
    DstPort: 443,
    Bytes: 100 + n,
    Packets: 1 + (n % 9),
    TimeFlowStartMs: now - 60_000 - n,
    TimeFlowEndMs: now - (n % 30_000),
    SrcK8S_Namespace: `ns-${n % 13}`,
    SrcK8S_Name: `pod "${n}" \u00fc`,
    SrcK8S_Type: kinds[n % 3] ?? 'Pod',
    K8S_FlowLayer: n % 4 === 0 ? 'infra' : 'app',
    FlowDirection: n % 3,
    Interfaces: ['eth0', `veth${n % 7}`],
    ...(n % 6 === 0 ? { DstK8S_Namespace: 'kube-system', DstK8S_OwnerName: 'coredns', DstK8S_Type: 'Pod' } : {}),
    ...(n % 8 === 0
      ? { SrcK8S_Zone: 'eu-1', DstK8S_Zone: 'eu-2', K8S_ClusterName: 'prod', _RecordType: 'flowLog' }
      : {}),
  }
}

const canonical = (flow: object): string =>
  JSON.stringify(Object.entries(flow).toSorted(([a], [b]) => (a < b ? -1 : 1)))

describe('loki: LogQL reads back', () => {
  test.each(['protobuf', 'json'] as const)(
    'each of 20,000 flows with its labels, times and line (%s)',
    async (encoding) => {
      const tenant = newTenant()
      const sink = await open({ tenant, encoding })
      const now = Date.now()
      const flows = Array.from({ length: 20_000 }, (_, n) => flowOf(n, now))
      for (let from = 0; from < flows.length; from += 2500)
        expect(await sink.send(batchOf(flows.slice(from, from + 2500)), never)).toEqual([])
      const found = await server.query('{app="netobserv-flowcollector"}', tenant)
      const back = found.map(
        ({ labels: { app: _, FlowDirection: direction, detected_level: __, ...labels }, time, line }) => {
          const fields = JSON.parse(line) as Flow
          expect(time.slice(0, 13)).toBe(String(fields['TimeFlowEndMs']))
          // No label is in the line too.
          expect(Object.keys(fields).filter((key) => key in labels || key === 'FlowDirection')).toEqual([])
          return canonical({ ...fields, ...labels, FlowDirection: Number(direction) })
        },
      )
      expect(back.toSorted()).toEqual(flows.map(canonical).toSorted())
      const sum = 'sum(sum_over_time({app="netobserv-flowcollector"} | json | unwrap Bytes [1h]))'
      expect(await server.number(sum, tenant)).toBe(flows.reduce((total, { Bytes }) => total + Number(Bytes), 0))
      await sink.close()
    },
  )

  test('equal flows as often as they were sent, also if a send is repeated', async () => {
    const tenant = newTenant()
    const sink = await open({ tenant })
    const flow = flowOf(1, Date.now())
    const batch = batchOf(Array.from({ length: 50 }, () => flow))
    for (let time = 0; time < 3; time++) expect(await sink.send(batch, never)).toEqual([])
    expect(await server.query('{app=~".+"}', tenant)).toHaveLength(50)
    expect(await server.number('sum(count_over_time({app=~".+"}[1h]))', tenant)).toBe(50)
    await sink.close()
  })
})

test('loki: entries that it rejects become dead letters with its reason, and no others', async () => {
  const sink = await open({ tenant: 'strict' })
  const now = Date.now()
  const special: Readonly<Record<number, Flow>> = {
    10: { TimeFlowEndMs: now - 2 * 3_600_000 },
    20: { SrcK8S_Name: 'x'.repeat(2000) },
    30: { SrcK8S_Namespace: 'n'.repeat(100) },
    40: { TimeFlowEndMs: now + 3_600_000 },
    50: { TimeFlowEndMs: now - 3 * 3_600_000 },
  }
  const flows = Array.from({ length: 500 }, (_, n) => ({ ...flowOf(n, now), ...special[n] }))
  const failures = await sink.send(batchOf(flows), never)
  const reasons = new Map(failures.map(({ index, is, reason }) => [index, `${is}: ${reason}`]))
  expect([...reasons.keys()]).toEqual([10, 20, 30, 40, 50])
  expect([10, 20, 30, 40, 50].map((index) => reasons.get(index))).toEqual([
    expect.stringMatching(/^reject: .*timestamp too old/),
    expect.stringMatching(/^reject: .*max entry size '1024' bytes exceeded/i),
    expect.stringMatching(/^reject: .*label value too long/),
    expect.stringMatching(/^reject: .*timestamp too new/),
    expect.stringMatching(/^reject: .*timestamp too old/),
  ])
  expect(await server.query('{app=~".+"}', 'strict')).toHaveLength(495)
  await sink.close()
})

test('loki: entries behind the newest of their stream are rejected, those of other streams are stored', async () => {
  const tenant = newTenant()
  const sink = await open({ tenant })
  const now = Date.now()
  const at = (hours: number, n: number, namespace: string): Flow => ({
    SrcAddr: '10.0.0.1',
    DstAddr: '10.0.0.2',
    SrcPort: n + 1,
    Proto: 6,
    SrcK8S_Namespace: namespace,
    TimeFlowEndMs: now - hours * 3_600_000,
  })
  expect(await sink.send(batchOf([at(0, 0, 'a')]), never)).toEqual([])
  const late = Array.from({ length: 60 }, (_, n) => at(n % 4 === 0 ? 3 : 0.1, n, n % 2 === 0 ? 'a' : 'b'))
  const failures: readonly Failure[] = await sink.send(batchOf(late), never)
  expect(failures.map(({ index, is }) => [index, is])).toEqual(Array.from({ length: 15 }, (_, n) => [4 * n, 'reject']))
  expect(failures[0]?.reason).toContain('entry too far behind')
  expect(await server.query('{app=~".+"}', tenant)).toHaveLength(46)
  await sink.close()
})

test('case 48: while Loki does not respond, another sink has each flow at once; Loki has each later', async () => {
  const tenant = newTenant()
  const file = join(dir, 'flows.ndjson')
  await using weir = await startWeir({
    folder: join(dir, 'weir'),
    config: {
      sinks: {
        loki: { url: server.url, tenant, timeout: '1s', delivery: { retry_max: '200ms' } },
        file: { path: file, codec: 'netobserv-json' },
      },
    },
  })
  const sender = new FlowSender({ port: weir.ports.netflow, rate: 1000 })
  await sender.start()
  sender.pause()
  server.signal('SIGSTOP')
  try {
    for (let n = 0; n < 100; n++) {
      sender.send()
      if (n % 10 === 9) {
        const sent = sender.sent
        // Every tenth datagram waits until the file has all flows, while Loki has none.
        await expect
          .poll(async () => (await readFile(file, 'utf8').catch(() => '')).split('\n').length - 1, { timeout: 30_000 })
          .toBe(sent)
      }
    }
    const { sinks } = await weir.ledger()
    expect(sinks.find(({ name }) => name === 'loki')?.pending).toBe(sender.sent)
  } finally {
    server.signal('SIGCONT')
  }
  await weir.caughtUp(60_000)
  await sender.close()
  const packets = (lines: readonly string[]): number[] =>
    lines.map((line) => (JSON.parse(line) as { Packets: number }).Packets).toSorted((a, b) => a - b)
  const all = Array.from({ length: sender.sent }, (_, n) => n + 1)
  expect(packets((await server.query('{app=~".+"}', tenant)).map(({ line }) => line))).toEqual(all)
  expect(packets((await readFile(file, 'utf8')).trim().split('\n'))).toEqual(all)
})
