import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Store } from '../index.ts'
import { queryRows } from '../testing/query-rows.ts'
import { FrameMaker, startOfDay } from '../testing/frames.ts'
import { TemporaryStores } from '../testing/temporary.ts'

const stores = new TemporaryStores()
const day = 86_400_000
let store: Store

beforeAll(async () => {
  await stores.begin()
  store = await stores.open()
  const make = new FrameMaker()
  for (const [at, sources] of [
    [0, ['10.0.0.1', '10.0.0.2']],
    [1, ['10.0.0.3', '10.0.0.4']],
    [2, ['10.0.0.1', '10.0.0.3', '10.0.0.9']],
  ] as const) {
    const rows = sources.flatMap((src, index) => [
      { src, dst: '10.0.0.2', bytes: 100 + index },
      { src, dst: '10.0.0.1', bytes: 200 + index, sampling: 10 },
    ])
    await store.projection.apply([make.flows(rows, startOfDay + at * day)])
    await store.projection.commit()
  }
})
afterAll(() => stores.end())

it.each([
  "src_addr = '10.0.0.1'",
  "src_addr = '10.0.0.77'",
  "src_addr IN ('10.0.0.1', '10.0.0.3') AND bytes > 100",
  "src_addr = '10.0.0.1' AND dst_addr = '10.0.0.2'",
  "dst_addr = '10.0.0.1' OR src_addr = '10.0.0.1'",
  "NOT src_addr = '10.0.0.1'",
  'bytes > 200',
  "src_name = 'gateway' OR bytes_est > 1000",
  "flows.src_addr = '10.0.0.9'",
  "src_addr = '10.0.0.1' AND src_addr = '10.0.0.3'",
  'src_addr = NULL',
  'bytes > 0',
])('rows selected before the join with names equal the joined ones: %s', async (condition) => {
  for (const columns of ['*', 'src_addr, dst_addr, bytes', '_pos, exporter_addr']) {
    // An outer query around a view selects after the join.
    const named = await queryRows(
      store.reader,
      `SELECT ${columns} FROM (SELECT * FROM flows) flows WHERE ${condition} ORDER BY _pos`,
    )
    expect(await queryRows(store.reader, `SELECT ${columns} FROM flows WHERE ${condition} ORDER BY _pos`)).toEqual(
      named,
    )
    if (columns !== '*') continue
    expect((await queryRows(store.reader, `SELECT * FROM flows WHERE ${condition}`)).length).toBe(named.length)
  }
})

it('the address of an outer query does not restrict the inner query', async () => {
  const rows = await queryRows(
    store.reader,
    `SELECT count(*) AS n FROM flows a WHERE a.src_addr = '10.0.0.1'
      AND EXISTS (SELECT 1 FROM flows b WHERE a.src_addr = '10.0.0.1' AND b.src_addr <> '10.0.0.1')`,
  )
  expect(rows).toEqual([{ n: 4 }])
})

it('sums over one address read only the flows of that address', async () => {
  expect(
    await queryRows(store.reader, "SELECT count(*) AS n, sum(bytes) AS b FROM flows WHERE src_addr = '10.0.0.1'"),
  ).toEqual([{ n: 4, b: 600 }])
  expect(
    await queryRows(store.reader, "SELECT dst_addr, count(*) AS n FROM flows WHERE dst_addr = '10.0.0.1' GROUP BY ALL"),
  ).toEqual([{ dst_addr: '10.0.0.1', n: 7 }])
  expect(
    await queryRows(
      store.reader,
      "WITH own AS (SELECT * FROM flows WHERE src_addr = '10.0.0.3') SELECT count(*) AS n FROM own",
    ),
  ).toEqual([{ n: 4 }])
  expect(
    await queryRows(
      store.reader,
      "SELECT (SELECT count(*) FROM flows WHERE src_addr = '10.0.0.3') AS some, (SELECT count(*) FROM flows) AS every",
    ),
  ).toEqual([{ some: 4, every: 14 }])
})
