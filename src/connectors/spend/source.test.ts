import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { configFrom } from '../../schema/index.ts'
import { proves } from '../../../test/kit/proof.ts'
import { QueryScene } from '../../../test/kit/query-scene.ts'
import { spendSchema } from './config.ts'
import { source } from './source.ts'

proves('source', { system: 'spend', server: 'files of their form' })

const header = 'BilledCost,BillingCurrency,BillingAccountId,ChargePeriodStart,ProviderName,ServiceName,ResourceId'
const line = (resource: string, amount: string, day = '2026-10-03'): string =>
  `${amount},USD,111,${day},AWS,EC2,${resource}`
const csv = (...lines: readonly string[]): string => [header, ...lines, ''].join('\n')

class Scene extends QueryScene {
  written: Record<string, unknown> = { path: '/spend' }

  constructor() {
    super('spend', Date.parse('2026-11-24T11:05:00.000Z'))
  }

  async put(path: string, content: string | Uint8Array): Promise<void> {
    const { disk } = this.host
    await disk.makeDirectory(`/spend/${path.slice(0, Math.max(0, path.lastIndexOf('/')))}`)
    await disk.remove(`/spend/${path}`)
    const file = await disk.open(`/spend/${path}`, 'create')
    await file.write(typeof content === 'string' ? new TextEncoder().encode(content) : content, 0)
    await file.close()
    this.now += 1000
  }

  /** Starts the source and waits for two rounds. Returns the events of the run: resource or `removed`, and cost. */
  async run(): Promise<readonly string[]> {
    const first = this.events.length
    const opened = await source.build(configFrom(spendSchema, this.written as { path: string }), this.context())
    const abort = new AbortController()
    const before = this.slept.length
    const done = opened.run(abort.signal)
    await expect.poll(() => this.slept.length, { interval: 2, timeout: 20_000 }).toBeGreaterThanOrEqual(before + 2)
    abort.abort()
    await done
    return this.events.slice(first).map(({ data }) => {
      const row = JSON.parse(new TextDecoder().decode(data as Uint8Array)) as Record<string, string>
      return row['x_Removed'] === 'true' ? 'removed' : `${row['ResourceId']} ${row['BilledCost']}`
    })
  }
}

test('a changed file emits the changed and the removed rows only, also after a restart', async () => {
  const it = new Scene()
  await it.put('a.csv', csv(line('r1', '1.10'), line('r2', '2'), line('r2', '3'), line('r3', '4')))
  await it.put('2026/b.csv.gz', gzipSync(csv(line('r1', '5'))))
  expect(await it.run()).toEqual(['r1 5', 'r1 1.1', 'r2 2', 'r2 3', 'r3 4'])
  expect(new Set(it.events.map(({ key }) => key)).size).toBe(5)
  expect(await it.run()).toEqual([])
  await it.put('a.csv', csv(line('r1', '1.20'), line('r2', '2'), line('r3', '4')))
  expect(await it.run()).toEqual(['r1 1.2', 'removed'])
})

test('rows that are not usable are counted with their line, and the others are in use', async () => {
  const it = new Scene()
  await it.put('a.csv', csv(line('r1', 'abc'), line('r2', ''), line('r3', '3'), 'short'))
  expect(await it.run()).toEqual(['r3 3'])
  expect(it.shed).toEqual({ malformed: 3 })
  expect(it.lines.find((text) => text.includes('not usable'))).toMatch(
    /line 2: BilledCost is `abc`.*line 3: BilledCost is missing.*line 5: It has 1 values, and the header has 7/,
  )
})

test('columns of other files are mapped by configuration', async () => {
  const it = new Scene()
  await it.put('otc.csv', 'Tag;Netto;Ressource\n2026-10-03;1.50;vm-1\n')
  expect(await it.run()).toEqual([])
  expect(it.lines.find((text) => text.includes('rejected'))).toContain('no column for')
  it.written = {
    path: '/spend',
    delimiter: ';',
    columns: { BilledCost: 'Netto', ChargePeriodStart: 'Tag', ResourceId: 'Ressource' },
    constants: { ProviderName: 'OTC', BillingCurrency: 'EUR', BillingAccountId: 'tenant' },
  }
  expect(await it.run()).toEqual(['vm-1 1.5'])
})

test('a broken file is rejected with the reason, and its rows stay until it is whole again', async () => {
  const it = new Scene()
  const whole = gzipSync(csv(line('r1', '1')))
  await it.put('a.csv.gz', whole)
  expect(await it.run()).toEqual(['r1 1'])
  await it.put('a.csv.gz', whole.subarray(0, whole.length - 12))
  expect(await it.run()).toEqual([])
  expect(it.lines.filter((text) => text.includes('is rejected'))).toHaveLength(1)
  await it.put('a.csv.gz', whole)
  expect(await it.run()).toEqual([])
})

test('a missing folder is reported by the probe', async () => {
  const it = new Scene()
  const config = configFrom(spendSchema, { path: '/none' })
  await expect(source.probe?.(config, it.context(), it.signal)).resolves.toEqual({
    is: 'fail',
    message: 'The folder /none does not exist.',
  })
})

const ids = ['0a1b2c3d-0000-4000-8000-000000000000', '0a1b2c3d-0000-4000-8000-000000000001'] as const

test.each([
  ['20261001-20261031/run1/part_0.csv', '20261001-20261031/run2/part_0.csv'],
  ['a/20261001-20261031/202610030100/r/p.csv', 'a/20261001-20261031/202610040100/r/p.csv'],
  [`20261001-20261031/costs_${ids[0]}.csv`, `20261001-20261031/costs_${ids[1]}.csv`],
  ['data/BILLING_PERIOD=2026-10/x/f.csv', 'data/BILLING_PERIOD=2026-10/y/f.csv'],
])('a later run of an export replaces the earlier one: %s', async (first, second) => {
  const it = new Scene()
  await it.put(first, csv(line('r1', '10'), line('r2', '10')))
  expect(await it.run()).toEqual(['r1 10', 'r2 10'])
  await it.put(second, csv(line('r1', '10'), line('r2', '10'), line('r3', '10')))
  expect(await it.run()).toEqual(['r1 10', 'r2 10', 'r3 10', 'removed', 'removed'])
  expect(await it.run()).toEqual([])
  await it.host.disk.remove(`/spend/${second}`)
  expect(await it.run()).toEqual(['r1 10', 'r2 10', 'removed', 'removed', 'removed'])
})

test('runs that exist at the start count once, and other periods and folders are kept', async () => {
  const it = new Scene()
  await it.put('20261001-20261031/run1/p.csv', csv(line('r1', '1')))
  await it.put('20261001-20261031/run2/p.csv', csv(line('r1', '2')))
  await it.put('20261101-20261130/run1/p.csv', csv(line('r1', '3', '2026-11-03')))
  await it.put('2026/x/p.csv', csv(line('r1', '4')))
  await it.put('2026/y/p.csv', csv(line('r1', '5')))
  expect(await it.run()).toEqual(['r1 4', 'r1 5', 'r1 2', 'r1 3'])
  it.written = { path: '/spend', runs: 'all' }
  expect(await it.run()).toEqual(['r1 1'])
})

test('rows of an earlier run are removed also if its folder disappeared with the next run', async () => {
  const it = new Scene()
  await it.put('20261001-20261031/run1/p.csv', csv(line('r1', '1')))
  expect(await it.run()).toEqual(['r1 1'])
  await it.host.disk.remove('/spend/20261001-20261031/run1/p.csv')
  expect(await it.run()).toEqual([])
  await it.put('20261001-20261031/run2/p.csv', csv(line('r1', '2')))
  expect(await it.run()).toEqual(['r1 2', 'removed'])
})

test('a run counts when it is complete and usable; the manifest of a report names the run', async () => {
  const it = new Scene()
  const folder = '20261001-20261031'
  const manifest = (...files: readonly string[]): string =>
    JSON.stringify({ blobs: files.map((name) => ({ blobName: `c/${name}` })) })
  await it.put(`${folder}/run1/p.csv`, csv(line('r1', '1')))
  await it.put(`${folder}/run1/manifest.json`, manifest('p.csv'))
  await it.put(`${folder}/run2/p.csv`, csv(line('r1', '2')))
  expect(await it.run()).toEqual(['r1 1'])
  await it.put(`${folder}/run2/manifest.json`, manifest('p.csv', 'q.csv'))
  expect(await it.run()).toEqual([])
  await it.put(`${folder}/run2/q.csv`, 'broken')
  expect(await it.run()).toEqual(['r1 2'])
  await it.put(`${folder}/run2/q.csv`, csv(line('r2', '3')))
  expect(await it.run()).toEqual(['r2 3', 'removed'])
  await it.put(`${folder}/costs-Manifest.json`, JSON.stringify({ assemblyId: 'run1', reportKeys: ['p/run1/p.csv'] }))
  expect(await it.run()).toEqual(['r1 1', 'removed', 'removed'])
})
