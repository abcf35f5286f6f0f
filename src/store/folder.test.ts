import { readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { describe, expect, it } from 'vitest'
import { diskError } from '../../test/kit/faults.ts'
import { realHost, type Disk, type Host } from '../host/index.ts'
import type { Store } from './index.ts'
import { msPerHour } from './names.ts'
import { openReadOnly } from './read/read-only.ts'
import { queryRows } from './testing/query-rows.ts'
import { event, FrameMaker, recordingLog, recordingMetrics, startOfDay } from './testing/frames.ts'
import { temporaryStores } from './testing/temporary.ts'

const stores = temporaryStores()

function hostAt(now: () => number, disk: Partial<Disk> = {}): Host {
  const host = realHost()
  return { ...host, clock: { ...host.clock, now }, disk: { ...host.disk, ...disk } }
}

async function commitFlows(store: Store, make: FrameMaker, count: number, received = startOfDay): Promise<void> {
  for (let i = 0; i < count; i++) {
    await store.projection.apply([
      make.flows([{ src: `10.0.0.${i + 1}`, dst: '10.0.0.1', bytes: i }], received),
      make.events([event(`e${i}`)], received),
    ])
    await store.projection.commit()
  }
}

const files = async (stream = ''): Promise<string[]> =>
  (await readdir(stores.directory)).filter(
    (name) => name.endsWith('.parquet') && (stream === '' ? !name.startsWith('flows_') : name.startsWith(`${stream}-`)),
  )
const flowCount = async (store: Store): Promise<unknown> =>
  (await queryRows(store.reader, 'SELECT count(*) AS n, count(DISTINCT _pos) AS p FROM flows'))[0]

describe('merging', () => {
  it('merging keeps the rows in journal order in fewer files, also after a restart', async () => {
    let now = startOfDay
    const store = await stores.open({ host: hostAt(() => now) })
    const make = new FrameMaker()
    await commitFlows(store, make, 20)
    expect(await files('flows')).toHaveLength(20)
    while (await store.maintain());
    expect(await files('flows')).toHaveLength(1)
    await commitFlows(store, make, 3)
    await store.maintain()
    expect(await files('flows')).toHaveLength(4)
    now += 2 * msPerHour
    while (await store.maintain());
    expect(
      (await readdir(stores.directory))
        .filter((name) => name.startsWith('flows_'))
        .map((name) => name.replace(/-[0-9a-f]{16}\./, '.')),
    ).toEqual([
      'flows_1h-2026112008-1-45.parquet',
      'flows_1m-2026112008-1-45.parquet',
      'flows_5m-2026112008-1-45.parquet',
    ])
    expect((await files()).map((name) => name.replace(/-[0-9a-f]{16}\./, '.'))).toEqual([
      'endpoints-2026112000-1-39.parquet',
      'events-2026112008-2-46.parquet',
      'flows-2026112008-1-45.parquet',
    ])
    await stores.close()
    const again = await stores.open()
    const order = [...Array.from({ length: 20 }, (_, i) => i), 0, 1, 2]
    expect(await queryRows(again.reader, 'SELECT bytes FROM flows')).toEqual(order.map((i) => ({ bytes: i })))
    expect(
      await queryRows(again.reader, 'SELECT bytes, src_addr FROM flows ORDER BY split_part(_pos, $$:$$, 3)::INTEGER'),
    ).toEqual(order.map((i) => ({ bytes: i, src_addr: `10.0.0.${i + 1}` })))
    expect(again.ledger().stored).toEqual({ netflow: 23, http: 23 })
  })
})

describe('retention', () => {
  it('retention removes whole hours, logs it and keeps the count of stored rows', async () => {
    let now = startOfDay
    const log = recordingLog()
    const metrics = recordingMetrics()
    const store = await stores.open({ host: hostAt(() => now), log, metrics, retain: { ageMs: 2 * msPerHour } })
    const make = new FrameMaker()
    await commitFlows(store, make, 2)
    now += msPerHour
    await commitFlows(store, make, 1, now)
    await store.maintain()
    expect(await flowCount(store)).toEqual({ n: 3, p: 3 })
    now += 2 * msPerHour
    await store.maintain()
    expect(await flowCount(store)).toEqual({ n: 1, p: 1 })
    expect(
      (await files()).every((name) => name.includes('2026112009') || name.startsWith('endpoints-2026112000')),
    ).toBe(true)
    expect(store.ledger()).toMatchObject({ stored: { netflow: 3, http: 3 } })
    expect(
      log.lines
        .filter(({ level }) => level === 'warn')
        .map(({ message, fields }) => [message, fields['reason'], fields['hour'], fields['rows']]),
    ).toEqual([['Retention removed an hour from the store.', 'age', '2026-11-20T08:00:00.000Z', 4]])
    expect(metrics.counts.get('weir_store_expired_rows_total')).toBe(4)
  })
})

describe('lost or damaged files', () => {
  async function prepared(): Promise<{ flows: string[]; make: FrameMaker }> {
    const make = new FrameMaker()
    await commitFlows(await stores.open(), make, 3)
    await stores.close()
    return { flows: (await files('flows')).sort(), make }
  }

  it('a missing file and a truncated file lose their rows, with one log line each', async () => {
    const { flows } = await prepared()
    await rm(join(stores.directory, flows[0] ?? ''))
    await truncate(join(stores.directory, flows[1] ?? ''), 100)
    const log = recordingLog()
    const store = await stores.open({ log })
    expect(await flowCount(store)).toEqual({ n: 1, p: 1 })
    expect(store.status()).toMatchObject({ unreadableFiles: 2, unreadableRows: 2, rows: 6 })
    expect(log.lines.map(({ level, fields }) => [level, fields['file'], fields['reason'], fields['rows']])).toEqual([
      ['error', flows[0], 'missing', 1],
      ['error', flows[1], 'wrong size', 1],
    ])
    while (await store.maintain());
  })

  it('a file that becomes damaged while the store runs is excluded from then on', async () => {
    const { flows } = await prepared()
    const log = recordingLog()
    const store = await stores.open({ log })
    const path = join(stores.directory, flows[1] ?? '')
    const bytes = await readFile(path)
    await writeFile(path, bytes.fill(0xff, 4, bytes.length - 8))
    expect(await flowCount(store)).toEqual({ n: 2, p: 2 })
    expect(log.lines.map(({ level, fields }) => [level, fields['file'], fields['rows']])).toEqual([
      ['error', flows[1], 1],
    ])
    await rm(join(stores.directory, flows[2] ?? ''))
    expect(await flowCount(store)).toEqual({ n: 1, p: 1 })
    expect(store.status().unreadableRows).toBe(2)
  })

  it('a manifest with a damaged middle still yields every row', async () => {
    await prepared()
    const path = join(stores.directory, 'manifest-1.log')
    const lines = (await readFile(path, 'utf8')).split('\n')
    lines[2] = (lines[2] ?? '').replace('"rows":1', '"rows":2')
    await writeFile(path, lines.join('\n'))
    const log = recordingLog()
    const store = await stores.open({ log })
    expect(await flowCount(store)).toEqual({ n: 3, p: 3 })
    expect(store.ledger().stored).toEqual({ netflow: 3, http: 3 })
    expect(log.lines.map(({ level, fields }) => [level, fields['files'], fields['rows']])).toEqual([['error', 4, 2]])
    await stores.close()
    const quiet = recordingLog()
    expect(await flowCount(await stores.open({ log: quiet }))).toEqual({ n: 3, p: 3 })
    expect(quiet.lines).toEqual([])
  })

  it('without a manifest the files yield the position, the sources of the rows and the assigned ids', async () => {
    const { make } = await prepared()
    await rm(join(stores.directory, 'manifest-1.log'))
    const store = await stores.open()
    expect(store.projection.position()).toEqual({ 0: { sequence: 6, row: 0 } })
    expect(store.ledger().stored).toEqual({ netflow: 3, http: 3 })
    await store.projection.apply([make.flows([{ src: '10.9.9.9', dst: '10.0.0.1' }])])
    await store.projection.commit()
    expect(store.ledger()).toMatchObject({ stored: { netflow: 4 }, quarantined: { netflow: 0 } })
    expect(
      await queryRows(
        store.reader,
        "SELECT src_addr, _pos, protocol FROM flows WHERE src_addr IN ('10.9.9.9', '10.0.0.2') ORDER BY 1",
      ),
    ).toEqual([
      { src_addr: '10.0.0.2', _pos: 'netflow:1:2:0', protocol: 'netflow5' },
      { src_addr: '10.9.9.9', _pos: 'netflow:1:4:0', protocol: 'netflow5' },
    ])
  })

  it('a file that no record names is removed at start', async () => {
    const { flows } = await prepared()
    const stray = (flows[0] ?? '').replace(/-1-1-[0-9a-f]+/, '-7-9-00000000')
    await writeFile(join(stores.directory, stray), await readFile(join(stores.directory, flows[0] ?? '')))
    await writeFile(join(stores.directory, `${stray}.tmp`), 'x')
    expect(await flowCount(await stores.open())).toEqual({ n: 3, p: 3 })
    expect((await files()).includes(stray)).toBe(false)
    expect(await readdir(stores.directory)).not.toContain(`${stray}.tmp`)
  })
})

describe('disk failures', () => {
  it('a failed commit is repeated completely, once', async () => {
    let full = false
    const real = realHost().disk
    const host = hostAt(() => startOfDay, {
      rename: (from, to) =>
        full && to.endsWith('.parquet') ? Promise.reject(diskError('ENOSPC', 'rename', to)) : real.rename(from, to),
    })
    const store = await stores.open({ host })
    const make = new FrameMaker()
    full = true
    await store.projection.apply([make.flows([{ src: '10.0.0.1', dst: '10.0.0.2' }])])
    await expect(store.projection.commit()).rejects.toThrow('ENOSPC')
    expect(store.projection.position()).toEqual({ 0: { sequence: 0, row: 0 } })
    await store.projection.apply([make.flows([{ src: '10.0.0.1', dst: '10.0.0.2' }])])
    await expect(store.projection.commit()).rejects.toThrow('ENOSPC')
    full = false
    await store.projection.commit()
    expect(store.projection.position()).toEqual({ 0: { sequence: 2, row: 2 } })
    expect(await flowCount(store)).toEqual({ n: 2, p: 2 })
    expect(await files()).toHaveLength(2)
  })

  it('retention frees a full disk by spending the reserve', async () => {
    let now = startOfDay
    let full = false
    const real = realHost().disk
    const host = hostAt(() => now, {
      async open(path, mode) {
        const file = await real.open(path, mode)
        const write = file.write.bind(file)
        const isFull = async (): Promise<boolean> =>
          full && (await real.stat(join(stores.directory, 'manifest.reserve'))) !== undefined
        file.write = async (bytes, position) =>
          (await isFull()) ? Promise.reject(diskError('ENOSPC', 'write', path)) : write(bytes, position)
        return file
      },
    })
    const store = await stores.open({ host, retain: { ageMs: msPerHour } })
    const make = new FrameMaker()
    await commitFlows(store, make, 2)
    await store.maintain()
    expect(await readdir(stores.directory)).toContain('manifest.reserve')
    full = true
    now += 3 * msPerHour
    await store.maintain()
    // Ids of today can still be assigned to flows.
    expect((await files()).every((name) => name.startsWith('endpoints-2026112000'))).toBe(true)
    full = false
    await store.maintain()
    expect(await readdir(stores.directory)).toContain('manifest.reserve')
  })

  it('a manifest that cannot be synced is replaced by a new one, and no row is stored twice', async () => {
    let failing = false
    const real = realHost().disk
    const host = hostAt(() => startOfDay, {
      async open(path, mode) {
        const file = await real.open(path, mode)
        const sync = file.sync.bind(file)
        file.sync = () =>
          failing && path.includes('manifest') ? Promise.reject(diskError('EIO', 'sync', path)) : sync()
        return file
      },
    })
    const store = await stores.open({ host })
    const make = new FrameMaker()
    failing = true
    await store.projection.apply([make.flows([{ src: '10.0.0.1', dst: '10.0.0.2' }])])
    await expect(store.projection.commit()).rejects.toThrow('EIO')
    await expect(store.projection.commit()).rejects.toThrow('EIO')
    expect(store.projection.position()).toEqual({ 0: { sequence: 0, row: 0 } })
    failing = false
    await store.projection.commit()
    expect(store.projection.position()).toEqual({ 0: { sequence: 1, row: 1 } })
    await stores.close()
    const again = await stores.open()
    expect(again.projection.position()).toEqual({ 0: { sequence: 1, row: 1 } })
    expect(await flowCount(again)).toEqual({ n: 1, p: 1 })
  })
})

it('a frame that cannot be decoded is quarantined, and later frames are stored', async () => {
  const log = recordingLog()
  const store = await stores.open({ log })
  const make = new FrameMaker()
  const bad = make.flows([
    { src: '10.0.0.1', dst: '10.0.0.2' },
    { src: '10.0.0.1', dst: '10.0.0.2' },
  ])
  await store.projection.apply([
    { ...bad, body: () => Uint8Array.of(1, 2, 3) },
    make.flows([{ src: '10.0.0.3', dst: '10.0.0.2' }]),
  ])
  await store.projection.commit()
  expect(store.ledger()).toMatchObject({ stored: { netflow: 1 }, quarantined: { netflow: 2 } })
  expect(await flowCount(store)).toEqual({ n: 1, p: 1 })
  expect(log.lines.map(({ level }) => level)).toEqual(['error'])
})

it('a large batch keeps every value in place across chunks and frames', async () => {
  const store = await stores.open()
  const make = new FrameMaker()
  const specs = (from: number, count: number) =>
    Array.from({ length: count }, (_, i) => ({
      src: `10.0.${((from + i) >> 8) & 255}.${(from + i) & 255}`,
      dst: '10.0.0.1',
      bytes: BigInt(from + i) * 1_000_003n,
      ...((from + i) % 3 === 0 ? {} : { sampling: from + i }),
    }))
  await store.projection.apply([
    make.flows(specs(0, 1000)),
    make.flows(specs(1000, 5000)),
    make.flows(specs(6000, 37)),
    make.flows(specs(6037, 3000)),
  ])
  await store.projection.commit()
  const rows = await queryRows(store.reader, 'SELECT src_addr, bytes, sampling, tcp_flags, _pos FROM flows')
  expect(rows).toHaveLength(9037)
  const starts = [0, 1000, 6000, 6037]
  rows.forEach((row, i) => {
    const frame = starts.findLastIndex((start) => start <= i)
    expect(row).toEqual({
      src_addr: `10.0.${(i >> 8) & 255}.${i & 255}`,
      bytes: i * 1_000_003,
      sampling: i % 3 === 0 ? null : i,
      tcp_flags: null,
      _pos: `netflow:1:${frame + 1}:${i - (starts[frame] ?? 0)}`,
    })
  })
})

it('a folder with a path that DuckDB would read as a pattern is refused with a message', async () => {
  await expect(stores.open({ directory: join(stores.home, 'data[1]') })).rejects.toMatchObject({
    code: 'WEIR_DATA_UNUSABLE',
    message: expect.stringContaining('['),
  })
})

it('a relative folder works as an absolute one', async () => {
  const store = await stores.open({ directory: relative(process.cwd(), stores.directory) })
  await commitFlows(store, new FrameMaker(), 1)
  expect(await flowCount(store)).toEqual({ n: 1, p: 1 })
})

it('a folder is read without changes', async () => {
  await commitFlows(await stores.open(), new FrameMaker(), 2)
  await stores.close()
  await writeFile(join(stores.directory, 'flows-2026112008-90-99-00000000.parquet'), 'stray')
  const before = await readdir(stores.directory)
  const store = await openReadOnly({ host: realHost(), directory: stores.directory, log: recordingLog() })
  expect(await queryRows(store?.reader ?? expect.fail('no store'), 'SELECT count(*) AS n FROM flows')).toEqual([
    { n: 2 },
  ])
  await store?.close()
  expect(await readdir(stores.directory)).toEqual(before)
  expect(await openReadOnly({ host: realHost(), directory: stores.home, log: recordingLog() })).toBeUndefined()
})

it('query spill files do not outlive the query', async () => {
  const store = await stores.open({ memoryLimit: { reader: '60MB' } })
  expect(
    await queryRows(
      store.reader,
      'SELECT count(*) AS n FROM (SELECT i, hash(i) AS h FROM range(3000000) t(i) ORDER BY h)',
    ),
  ).toEqual([{ n: 3_000_000 }])
  expect(
    await queryRows(
      store.reader,
      'SELECT i FROM (SELECT i, hash(i) AS h FROM range(3000000) t(i)) ORDER BY h LIMIT 1 OFFSET 2000000',
    ),
  ).toHaveLength(1)
  await stores.close()
  expect(await readdir(join(stores.directory, 'tmp')).catch(() => [])).toEqual([])
})
