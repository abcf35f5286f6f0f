import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { Receipts } from './outside.ts'
import type { FindingKind } from './report.ts'
import { simulated } from './testing/scene.ts'

type Planted = Readonly<{
  fault: string
  finds: FindingKind
  part: string
  text: string
  given?: Parameters<typeof simulated>[1]
}>

const outage = (ms: number) => ({ faults: [{ kind: 'partition' as const, ms }] })
const sink = (more: string) => `
sources: { netflow: { listen: off, tcp: off } }
sinks:
  bus: { type: kafka, brokers: ["127.0.0.1:9"], topic: flows, from: [netflow]${more} }
`
const minutes = 60_000

const planted: readonly Planted[] = [
  {
    fault: 'rows are retained for less time than an outage lasts',
    finds: 'age',
    part: 'sinks.bus.retain.age',
    text: sink(', retain: { age: 10m }'),
    given: outage(40 * minutes),
  },
  {
    fault: 'fewer bytes are retained than arrive in an outage',
    finds: 'size',
    part: 'sinks.bus.retain.size',
    text: sink(', retain: { size: 4MiB }'),
    given: outage(40 * minutes),
  },
  {
    fault: 'the journal is smaller than the rows of an outage',
    finds: 'journal',
    part: 'journal.max',
    text: `${sink(', when_behind: block')}journal: { max: 8MiB, keep: 1MiB, segment: 1MiB }\n`,
    given: outage(40 * minutes),
  },
  {
    fault: 'a target takes fewer rows than its source gives',
    finds: 'slow',
    part: 'sinks.bus',
    text: sink(''),
    given: { takes: { bus: 600 } },
  },
  {
    fault: 'a limit of the rate is below the rate of the source',
    finds: 'rate',
    part: 'sinks.bus.delivery.rate',
    text: sink(', delivery: { rate: 400 }'),
  },
  {
    fault: 'no sink reads an output of a route',
    finds: 'unread',
    part: 'transforms.split.rest',
    text: `${sink('').replace('from: [netflow]', 'from: [split.dns]')}transforms:
  split: { type: route, from: [netflow], routes: { dns: dst.port = 53 }, else: rest }
store: { enabled: none }
`,
  },
  {
    fault: 'a filter passes no row',
    finds: 'nothing',
    part: 'sinks.bus.only',
    text: sink(', only: { filter: "dst.port = 443 and dst.port = 80" }'),
  },
  {
    fault: 'a sink selects a family that its source does not have',
    finds: 'nothing',
    part: 'sinks.bus.only',
    text: sink(', only: { family: [audit] }'),
  },
  {
    fault: 'retries end before an outage',
    finds: 'gives_up',
    part: 'sinks.bus.delivery.max_elapsed',
    text: sink(', delivery: { max_elapsed: 5m }'),
    given: outage(20 * minutes),
  },
  {
    fault: 'messages are larger than their target takes',
    finds: 'too_large',
    part: 'sinks.posts',
    text: 'sinks:\n  posts: { type: http, url: "http://127.0.0.1:9/in", from: [http] }\n',
    given: { sizes: { http: 2000 }, largest: { posts: 2500 } },
  },
  {
    fault: 'the wait between attempts is longer than an outage',
    finds: 'retry',
    part: 'sinks.bus.delivery.retry_max',
    text: sink(', delivery: { retry_max: 2h }'),
    given: { ...outage(30 * minutes), hours: 3 },
  },
  {
    fault: 'the volume is smaller than the journal',
    finds: 'disk',
    part: 'journal.max',
    text: sink(''),
    given: { disk: 4 * 2 ** 30 },
  },
  {
    fault: 'the rows of an outage fill the volume',
    finds: 'disk',
    part: 'data',
    text: sink(', when_behind: block'),
    given: { disk: 130 * 2 ** 20, hours: 3, ...outage(120 * minutes) },
  },
  {
    fault: 'a client repeats more rows than are remembered',
    finds: 'duplicates',
    part: 'duplicates',
    text: `duplicates: { events: 1000 }
sinks:
  posts: { type: http, url: "http://127.0.0.1:9/in", from: [http] }
`,
    given: {
      // The process ends between an append and its response.
      seed: 7,
      hours: 1,
      rows: 5000,
      rates: { netflow: 1, http: 20_000 },
      faults: [
        { kind: 'kill', ms: undefined },
        { kind: 'torn', ms: undefined },
      ],
    },
  },
  {
    fault: 'a filter leaves rows of a single key',
    finds: 'one_key',
    part: 'sinks.bus',
    text: sink(`, only: { filter: 'key = "orders"' }`).replace('from: [netflow]', 'from: [http]'),
    given: { rates: { http: 500 } },
  },
]

describe('a simulation finds that', () => {
  test.each(planted)('$fault', async ({ finds, part, text, given }) => {
    const { findings } = await simulated(text, given)
    expect(findings).toContainEqual(expect.objectContaining({ is: finds, part }))
    expect(findings.filter(({ is }) => is === 'lost')).toEqual([])
  })

  test('rows count as delivered that a target never received', async () => {
    const { take } = Receipts.prototype
    let rows = 0
    vi.spyOn(Receipts.prototype, 'take').mockImplementation(function (this: Receipts, ...received) {
      if (++rows % 100 > 0) take.apply(this, received)
    })
    onTestFinished(() => void vi.restoreAllMocks())
    const { findings, sinks } = await simulated(sink(''), { hours: 1 })
    expect(findings).toContainEqual(expect.objectContaining({ is: 'lost', part: 'sinks.bus' }))
    expect(sinks.find((result) => result.sink === 'bus')?.missing).toBeGreaterThan(0)
  })

  test('a configuration without these faults has none of them', async () => {
    for (const given of [{}, outage(40 * minutes), { takes: { bus: 2000 } }])
      expect((await simulated(sink(''), given)).findings).toEqual([])
  })
})
