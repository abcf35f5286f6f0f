import { describe, expect, test } from 'vitest'
import type { Difference, RehearsalReport } from './report.ts'
import { rehearsed, scene } from './testing/scene.ts'
import { shop } from './testing/shop.ts'

/** Edits: each text is replaced by the next. */
type Edit = readonly string[]

function edited(edit: Edit): string {
  let text = shop
  for (let at = 0; at < edit.length; at += 2) {
    const [before = '', after = ''] = edit.slice(at, at + 2)
    expect(text, `the text ${before} is in the configuration`).toContain(before)
    text = text.replace(before, after)
  }
  return text
}

type Expected =
  | Readonly<{ sink: string; is: Partial<Record<Difference, number>>; reason?: string }>
  | { readonly setting: string }

const alert = '\nalerts:\n  much: { measure: bytes/s, condition: "> 10 MB/s" }\n'

const perAddress = 'custom: [{ name: bytes_by_source_total, labels: [SrcAddr] }]'

const mistakes: readonly (readonly [name: string, edit: Edit, expected: Expected])[] = [
  [
    'a filter that is too narrow',
    ['bytes > 2k', 'bytes > 5k'],
    { sink: 'bus', is: { lost: 18 }, reason: 'sink: only.filter' },
  ],
  ['a filter that is lost', ['only: { filter: bytes > 2k }', ''], { sink: 'bus', is: { new: 12 } }],
  [
    'a filter of another family',
    ['family: [audit]', 'family: [change]'],
    { sink: 'audit', is: { lost: 12 }, reason: 'sink: only' },
  ],
  [
    'a lost route',
    ['dns: dst.port = 53, ', '', 'from: [split.dns]', 'from: [split.db]'],
    { sink: 'dns', is: { lost: 30, new: 30 }, reason: 'the sink does not read split.dns' },
  ],
  [
    'a route with a wrong condition',
    ['dns: dst.port = 53', 'dns: dst.port = 54'],
    { sink: 'dns', is: { lost: 30 }, reason: 'no row of split.dns is made of it' },
  ],
  ['a route without the rest', [', else: rest', '', 'split.rest, ', ''], { sink: 'rest', is: { lost: 60 } }],
  [
    'a sink that reads another source',
    ['topic: flows, from: [netflow]', 'topic: flows, from: [edge]'],
    {
      sink: 'bus',
      is: { lost: 108, new: 108 },
      reason: 'the sink does not read netflow',
    },
  ],
  [
    'a removed sink',
    [/.*audit: \{ type: http.*\n/.exec(shop)?.[0] ?? '', ''],
    {
      sink: 'audit',
      is: { lost: 12 },
      reason: 'the sink is removed',
    },
  ],
  ['an added sink', ['sinks:\n', 'sinks:\n  all: { type: stdout }\n'], { sink: 'all', is: { new: 626 } }],
  [
    'a removed source',
    ['  edge: { type: netflow, listen: off, tcp: off }\n', '', 'from: [edge]', 'from: [netflow]'],
    { sink: 'dns', is: { lost: 30, new: 30 }, reason: 'the source is removed' },
  ],
  ['another topic', ['topic: flows', 'topic: flow'], { sink: 'bus', is: { moved: 108 } }],
  ['another subject', ['orders.{family}', 'order.{family}'], { sink: 'orders', is: { moved: 60 } }],
  ['another key', ['topic: flows', 'topic: flows, flow_key: none'], { sink: 'bus', is: { moved: 108 } }],
  ['another address', ['127.0.0.1:9/in', '127.0.0.1:9/out'], { setting: 'sinks.audit.url' }],
  ['other brokers, which no message shows', ['["127.0.0.1:9"]', '["127.0.0.1:10"]'], { setting: 'sinks.bus.brokers' }],
  [
    'another format of flows',
    ['topic: flows', 'topic: flows, codec: netobserv-json'],
    { sink: 'bus', is: { changed: 108 } },
  ],
  [
    'another mode of messages',
    ['topic: flows', 'topic: flows, mode: structured'],
    { sink: 'bus', is: { changed: 108 } },
  ],
  ['a secret that is no longer redacted', ['[user.password]', '[user.token]'], { sink: 'orders', is: { changed: 60 } }],
  ['a field that is redacted', ['[user.password]', '[user.password, total]'], { sink: 'orders', is: { changed: 60 } }],
  [
    'a dropped field',
    [
      '  web: { type: filter',
      '  less: { type: map, from: [http], drop: [data.total] }\n  web: { type: filter',
      'from: [http], only',
      'from: [less], only',
    ],
    { sink: 'audit', is: { changed: 12 } },
  ],
  ['a transform that is left out', ['from: [masked]', 'from: [http]'], { sink: 'orders', is: { changed: 60 } }],
  [
    'a filter transform',
    ['(80, 443)', '(80, 8443)'],
    {
      sink: 'logs',
      is: { lost: 30 },
      reason: 'transform web: filtered',
    },
  ],
  ['more sampling', ['one_in: 2', 'one_in: 10'], { sink: 'metrics', is: { lost: 50 } }],
  ['series by address', ['from: [tenth]', `${perAddress}, from: [tenth]`], { sink: 'metrics', is: { changed: 62 } }],
  [
    'groups by a field with many values',
    ['by: [dst_port]', 'by: [src_addr]'],
    { sink: 'sums', is: { lost: 24, new: 120 } },
  ],
  ['another window', ['window: 10m', 'window: 20m'], { sink: 'sums', is: { lost: 24, new: 12 } }],
  ['another sum', ['sum(bytes)', 'max(bytes)'], { sink: 'sums', is: { lost: 24, new: 24 } }],
  ['a store of fewer sources', ['{ age: 30d }', '{ age: 30d, from: [netflow] }'], { sink: 'store', is: { lost: 506 } }],
  ['a shorter retention of the store', ['age: 30d', 'age: 30h'], { setting: 'store.age' }],
  [
    'a shorter retention of a sink',
    ['topic: flows', 'topic: flows, retain: { size: 1MiB }'],
    { setting: 'sinks.bus.retain.size' },
  ],
  [
    'sampling of a source',
    ['{ listen: off, tcp: off }', '{ listen: off, tcp: off, sampling: 100 }'],
    { setting: 'sources.netflow.sampling' },
  ],
  ['an alert that is removed or added', ['store:', `${alert}store:`], { setting: 'alerts.much' }],
]

test.each(mistakes)('a rehearsal shows %s', async (_, edit, expected) => {
  const report = await rehearsed(await scene(), { running: shop, candidate: edited(edit) })
  expect(report.equal).toBe(false)
  if ('setting' in expected)
    expect(report.settings).toContainEqual(expect.objectContaining({ setting: expected.setting, effect: 'unseen' }))
  else expectSink(report, expected)
})

function expectSink(report: RehearsalReport, { sink, is, reason }: Extract<Expected, { sink: string }>) {
  const result = report.sinks.find((part) => part.sink === sink)
  const actual = Object.fromEntries(Object.entries(result?.differences ?? {}).filter(([name]) => name in is))
  expect({ sink, is: actual }).toEqual({ sink, is })
  if (reason !== undefined) expect(result?.examples.find((example) => example.is === 'lost')?.reason).toBe(reason)
}

const harmless: readonly (readonly [name: string, edit: Edit])[] = [
  ['no edit', []],
  ['a comment', ['# The shop', '# The shop, with a comment']],
  ['a comment at a setting', ['topic: flows', 'topic: "flows"']],
  ['block style', ['store: { age: 30d }', 'store:\n  age: 30d']],
  ['the order of sections', ['store: { age: 30d }\n', '', '# The shop\n', 'store: { age: 30d }\n']],
  [
    'the order of sinks',
    [
      /.*dns: \{ type: file.*\n/.exec(shop)?.[0] ?? '',
      '',
      'sinks:\n',
      `sinks:\n${/.*dns: \{ type: file.*\n/.exec(shop)?.[0] ?? ''}`,
    ],
  ],
  [
    'the order of transforms',
    [
      /.*tenth: .*\n/.exec(shop)?.[0] ?? '',
      '',
      'transforms:\n',
      `transforms:\n${/.*tenth: .*\n/.exec(shop)?.[0] ?? ''}`,
    ],
  ],
  [
    'the order of settings',
    ['type: kafka, brokers: ["127.0.0.1:9"], topic: flows', 'topic: flows, brokers: ["127.0.0.1:9"], type: kafka'],
  ],
  ['the order of sources to read', ['[split.rest, split.db]', '[split.db, split.rest]']],
  ['another unit of a time', ['age: 30d', 'age: 720h']],
  ['another unit of a window', ['window: 10m', 'window: 600s']],
  ['another unit of a size in a filter', ['bytes > 2k', 'bytes > 2000']],
  ['an equal filter', ['bytes > 2k', 'not bytes <= 2k']],
  ['an equal filter in parentheses', ['dst.port = 53', '(dst.port = 53)']],
  ['an equal list of values', ['dst.port in (80, 443)', 'dst.port = 443 or dst.port = 80']],
  ['another name of a field', ['dst.port = 5432', 'dst_port = 5432']],
  [
    'a filter that every row passes',
    [
      '{ type: file, path: /tmp/weir-rehearsal-never/dns.ndjson, ',
      '{ type: file, path: /tmp/weir-rehearsal-never/dns.ndjson, only: { filter: bytes > 0 }, ',
    ],
  ],
  ['a default that is written', ['topic: flows', 'topic: flows, mode: binary']],
  ['the default of a delivery', ['topic: flows', 'topic: flows, delivery: { events: 1000 }']],
  ['a source with its default', ['{ listen: off, tcp: off }', '{ listen: off, tcp: off, type: netflow }']],
  ['a quoted value', ['fields: [user.password]', 'fields: ["user.password"]']],
  ['a field that is redacted twice', ['[user.password]', '[user.password, user.absent]']],
  [
    'a quick filter of the console',
    ['store:', 'console: { quick_filters: [{ name: web, filter: dst.port = 443 }] }\nstore:'],
  ],
  ['the level of the log', ['store:', 'log: { level: debug }\nstore:']],
  ['an anchor', ['brokers: ["127.0.0.1:9"]', 'brokers: &brokers ["127.0.0.1:9"]']],
]

test('a label with many values shows as a number of series', async () => {
  const candidate = edited(['from: [tenth]', `${perAddress}, from: [tenth]`])
  const { sinks } = await rehearsed(await scene(), { running: shop, candidate })
  const { series } = sinks.find(({ sink }) => sink === 'metrics') ?? {}
  const before = series?.running.values ?? 0
  expect(series?.candidate).toEqual({ values: before + 62, more: false })
})

describe('without a difference', () => {
  test.each(harmless)('a rehearsal accepts %s', async (_, edit) => {
    const { equal, sinks, settings } = await rehearsed(await scene(), { running: shop, candidate: edited(edit) })
    const different = sinks.filter(({ differences }) => Object.values(differences).some((rows) => rows > 0))
    expect({ equal, different, unseen: settings.filter(({ effect }) => effect === 'unseen') }).toEqual({
      equal: true,
      different: [],
      unseen: [],
    })
  })
})
