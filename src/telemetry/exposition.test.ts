import fc from 'fast-check'
import { Counter, Gauge, Registry } from 'prom-client'
import { expect, test } from 'vitest'
import { exposition } from './exposition.ts'
import { coreMetrics, counter, gauge, type MetricInfo } from './metric-table.ts'
import { MetricStore } from './metrics.ts'
import type { MetricName } from './ports.ts'

const name = 'weir_test_events' as MetricName
const special = [0, -0, 1, 0.1, 1e21, 1e-7, 2 ** 53, Infinity, -Infinity, NaN]
const labelValue = fc.oneof(
  fc.string({ unit: fc.constantFrom('"', '\\', '\n', '\r', 'n', 'ä', '\u2028', '\u{1f30a}', '\ud800', ' ', '{', '=') }),
  fc.string({ unit: 'binary' }),
)
const labelNames = fc.uniqueArray(fc.stringMatching(/^[a-z]{1,8}$/), { maxLength: 4 })
const series = (value: fc.Arbitrary<number>) =>
  fc.array(fc.record({ values: fc.array(labelValue, { minLength: 4, maxLength: 4 }), value }), {
    minLength: 1,
    maxLength: 20,
  })

const scrapeOf = (info: MetricInfo): { store: MetricStore; text(): Promise<string> } => {
  const { weir_memory_bytes } = coreMetrics
  const store = new MetricStore({ strict: true, table: { weir_memory_bytes, [name]: info } })
  const scrape = exposition(store)
  const text = async (): Promise<string> => {
    const all = (await scrape()).body.toString()
    return all.slice(all.indexOf(`# HELP ${name} `))
  }
  return { store, text }
}

/** It abbreviates "not a number" as `Nan`, and has U+FFFD for half a surrogate pair only as bytes. */
async function textOfPromClient(registry: Registry): Promise<string> {
  return Buffer.from(await registry.metrics())
    .toString()
    .replaceAll(/ Nan$/gm, ' NaN')
}

const labelsOf = (names: readonly string[], values: readonly string[]) =>
  Object.fromEntries(names.map((label, at) => [label, values[at]!]))

test('gauges have the text of prom-client', () =>
  fc.assert(
    fc.asyncProperty(
      fc.string({ minLength: 1 }),
      labelNames,
      series(fc.oneof(fc.double(), fc.integer(), fc.constantFrom(...special))),
      async (help, labels, all) => {
        const registry = new Registry()
        const expected = new Gauge({ name, help, labelNames: labels, registers: [registry] })
        const { store, text } = scrapeOf(gauge(help, ...labels))
        for (const { values, value } of all) {
          store.set(name, value, labelsOf(labels, values))
          expected.set(labelsOf(labels, values), value)
        }
        expect(await text()).toBe(await textOfPromClient(registry))
      },
    ),
  ))

test('counters have the text of prom-client', () =>
  fc.assert(
    fc.asyncProperty(
      labelNames,
      series(fc.oneof(fc.double({ min: 0, max: 1e300, noNaN: true }), fc.nat())),
      async (labels, all) => {
        const registry = new Registry()
        const expected = new Counter({ name, help: 'Help', labelNames: labels, registers: [registry] })
        const { store, text } = scrapeOf(counter('Help', ...labels))
        for (const { values, value } of all) {
          store.count(name, value, labelsOf(labels, values))
          expected.inc(labelsOf(labels, values), value)
        }
        expect(await text()).toBe(await textOfPromClient(registry))
      },
    ),
  ))

test('a scrape shows new values, and no removed series', async () => {
  const { store, text } = scrapeOf(gauge('Help', 'source'))
  const lines = async (): Promise<readonly string[]> => (await text()).split('\n').slice(2, -1)
  store.set(name, 1, { source: 'a' })
  store.set(name, 2, { source: 'b' })
  expect(await lines()).toEqual([`${name}{source="a"} 1`, `${name}{source="b"} 2`])
  store.set(name, 3, { source: 'b' })
  store.set(name, undefined, { source: 'a' })
  expect(await lines()).toEqual([`${name}{source="b"} 3`])
  const cached = [...store].flatMap(([, , all]) => [...all].map((one) => one.text))
  expect(cached.filter((one) => one?.startsWith(name))).toEqual([`${name}{source="b"} `])
})

test('a removed metric without labels has no value', async () => {
  const { store, text } = scrapeOf(gauge('Help'))
  store.set(name, 7)
  expect(await text()).toBe(`# HELP ${name} Help\n# TYPE ${name} gauge\n${name} 7\n`)
  store.set(name, undefined)
  expect(await text()).toBe(`# HELP ${name} Help\n# TYPE ${name} gauge\n`)
})

test('many series are complete and in order', async () => {
  const { store, text } = scrapeOf({ ...gauge('Help', 'source'), series: 5000 })
  const sources = Array.from({ length: 1201 }, (_, at) => `s${at}`)
  for (const [at, source] of sources.entries()) store.set(name, at, { source })
  expect((await text()).split('\n').slice(2, -1)).toEqual(
    sources.map((source, at) => `${name}{source="${source}"} ${at}`),
  )
})
