import { describe, expect, test } from 'vitest'
import { SeededRandom } from '../../kit/random.ts'
import { useBigStage } from '../kit/big-stage.ts'
import { expectCount, typeFilter } from '../kit/counted.ts'
import { figure } from '../kit/figures.ts'
import { randomFilter, type FilterCase } from '../kit/random-filters.ts'
import { chromiumPath } from '../kit/stage.ts'

const minute = 60_000

describe.skipIf(chromiumPath === undefined)('chromium: filters over data set D', () => {
  const stage = useBigStage()
  /** The last minutes of the data set, for the URL and for SQL. */
  const last = (minutes: number): { t: string; from: string; to: string; sql: string } => {
    const [from, to] = [new Date(stage.span.to - minutes * minute).toISOString(), new Date(stage.span.to).toISOString()]
    return {
      t: `${from}..${to}`,
      from,
      to,
      sql: `time_received >= TIMESTAMPTZ '${from}' AND time_received < TIMESTAMPTZ '${to}'`,
    }
  }
  const counts = async (conditions: readonly string[], within: string): Promise<number[]> => {
    const [row = {}] = await stage.weir.sql(
      `SELECT ${conditions.map((sql, at) => `(count(*) FILTER (WHERE ${sql}))::INT AS n${at}`).join(', ')}
        FROM flows WHERE ${within}`,
    )
    return conditions.map((_, at) => Number(row[`n${at}`]))
  }
  const open = (t: string, q = ''): ReturnType<typeof stage.page> =>
    stage.page(`/flows?v=1&view=table&live=0&t=${t}${q === '' ? '' : `&q=${encodeURIComponent(q)}`}`)

  test('check 3: 200 random expressions of AND, OR and NOT, typed or in the URL, count what SQL counts', async () => {
    const random = new SeededRandom(3)
    const { t, sql: within } = last(15)
    const made = Array.from({ length: 200 }, () => randomFilter(random, 3))
    const wanted: number[] = []
    for (let at = 0; at < made.length; at += 25)
      wanted.push(
        ...(await counts(
          made.slice(at, at + 25).map(({ sql }) => sql),
          within,
        )),
      )
    expect(new Set(wanted).size, 'expressions that differ').toBeGreaterThan(100)
    const page = await open(t)
    await page.locator('.grid-body [role="row"]').first().waitFor()
    for (const [at, { filter }] of made.entries()) {
      if (at % 10 === 9)
        await page.goto(`${stage.weir.url}/flows?v=1&view=table&live=0&t=${t}&q=${encodeURIComponent(filter)}`)
      else await typeFilter(page, filter)
      await expectCount(page, filter, wanted[at] ?? Number.NaN)
    }
    figure('check 3: random expressions', made.length)
    await page.context().close()
  }, 900_000)

  test('check 4: bytes >= t and dns.latency >= t count the same as SQL for every t of 1 to 2999', async () => {
    const { from, to, sql: within } = last(20)
    const thresholds = Array.from({ length: 2999 }, (_, at) => at + 1)
    for (const [written, column] of [
      ['bytes', 'bytes'],
      ['dns.latency', 'dns_latency'],
    ] as const) {
      const rows = await stage.weir.sql<{ t: number; n: number }>(
        `SELECT t::INT AS t, (count(v) FILTER (WHERE v >= t))::INT AS n
          FROM range(1, 3000) r(t), (SELECT ${column} AS v FROM flows WHERE ${within}) GROUP BY t`,
      )
      const wanted = new Map(rows.map(({ t, n }) => [t, n]))
      expect(new Set(wanted.values()).size, 'thresholds that differ').toBeGreaterThan(100)
      const wrong: string[] = []
      const hourly = { from, to, time: 'time_received', step: '1h', source: 'raw' }
      const ask = async (some: readonly number[]): Promise<void> => {
        for (const t of some) {
          const { columns, rows } = await stage.weir.get<{ columns: { name: string }[]; rows: unknown[][] }>(
            `/api/v1/series?${new URLSearchParams({ filter: `${written} >= ${t}`, ...hourly }).toString()}`,
          )
          const flows = rows.reduce(
            (sum, row) => sum + Number(row[columns.findIndex(({ name }) => name === 'flows')]),
            0,
          )
          if (flows !== wanted.get(t)) wrong.push(`${written} >= ${t}: ${flows} instead of ${wanted.get(t)}`)
        }
      }
      await Promise.all([0, 1].map((part) => ask(thresholds.filter((t) => t % 2 === part))))
      expect(wrong).toEqual([])
    }
  }, 900_000)

  test('check 4: on screen, thresholds, zero and empty count the same as SQL', async () => {
    const { t, sql: within } = last(180)
    const cases: FilterCase[] = [1, 9, 10, 99, 100, 175, 190, 199, 1000, 1999, 2999].flatMap((least) => [
      { filter: `bytes >= ${least}`, sql: `coalesce(bytes, -1) >= ${least}` },
      { filter: `dns.latency >= ${least}`, sql: `coalesce(dns_latency, -1) >= ${least}` },
    ])
    cases.push(
      { filter: 'bytes = 0', sql: 'coalesce(bytes, -1) = 0' },
      { filter: 'dns.latency = 0', sql: 'coalesce(dns_latency, -1) = 0' },
      { filter: 'rtt = 0', sql: 'coalesce(rtt, 1) = 0' },
      { filter: 'drop_packets = 0', sql: 'coalesce(drop_packets, 1) = 0' },
      { filter: 'not exists(bytes)', sql: 'bytes IS NULL' },
      { filter: 'src.ns not exists', sql: 'src_namespace IS NULL' },
      { filter: 'not exists(dns_latency) and exists(dns_id)', sql: 'dns_latency IS NULL AND dns_id IS NOT NULL' },
      { filter: 'icmp_code = 0', sql: 'coalesce(icmp_code, 1) = 0' },
    )
    expect(await onScreen(cases, t, within)).toBeGreaterThan(cases.length - 3)
  }, 600_000)

  test('check 5: networks, IPv6, ranges, port names, units, quotes and wildcards count the same as SQL', async () => {
    const { t, sql: within } = last(180)
    const v4 = (side: string): string => `CASE WHEN ${side}_addr ~ '^[0-9.]+$' THEN split_part(${side}_addr, '.',
      1)::BIGINT * 16777216 + split_part(${side}_addr, '.', 2)::BIGINT * 65536
      + split_part(${side}_addr, '.', 3)::BIGINT * 256 + split_part(${side}_addr, '.', 4)::BIGINT ELSE -1 END`
    const at = (a: number, b: number, c: number, d: number): number => a * 16_777_216 + b * 65_536 + c * 256 + d
    const [six] = await stage.weir.sql<{ a: string }>(
      `SELECT dst_addr AS a FROM flows WHERE contains(dst_addr, ':') AND ${within} GROUP BY ALL
        ORDER BY count(*) DESC LIMIT 1`,
    )
    const [pod] = await stage.weir.sql<{ n: string }>(
      `SELECT dst_name AS n FROM flows WHERE dst_kind = 'Pod' AND ${within} GROUP BY ALL ORDER BY count(*) DESC
        LIMIT 1`,
    )
    const between = (side: string, low: number, high: number): string => `(${v4(side)}) BETWEEN ${low} AND ${high}`
    const matching = await onScreen(
      [
        { filter: 'src_addr = 10.128.16.0/20', sql: between('src', at(10, 128, 16, 0), at(10, 128, 31, 255)) },
        {
          filter: 'any.addr = 10.0.0.0/24',
          sql:
            `(${between('src', at(10, 0, 0, 0), at(10, 0, 0, 255))} OR ` +
            `${between('dst', at(10, 0, 0, 0), at(10, 0, 0, 255))})`,
        },
        {
          filter: 'dst_addr != 198.18.0.0/15',
          sql: `NOT (${between('dst', at(198, 18, 0, 0), at(198, 19, 255, 255))})`,
        },
        { filter: 'src_addr = 10.0.0.3-10.0.0.17', sql: between('src', at(10, 0, 0, 3), at(10, 0, 0, 17)) },
        { filter: `dst_addr = ${six?.a}`, sql: `dst_addr = '${six?.a}'` },
        { filter: 'dst_addr = 2001:db8:5::/48', sql: "starts_with(dst_addr, '2001:db8:5:')" },
        { filter: 'src_addr = ::/0', sql: "contains(src_addr, ':')" },
        { filter: 'exporter_addr = 10.0.0.1', sql: "exporter_addr = '10.0.0.1'" },
        { filter: 'dst_port = https', sql: 'coalesce(dst_port, 0) = 443' },
        { filter: 'any.port = postgres', sql: '(coalesce(src_port, 0) = 5432 OR coalesce(dst_port, 0) = 5432)' },
        { filter: 'dst_port = 8000-8999', sql: 'coalesce(dst_port, 0) BETWEEN 8000 AND 8999' },
        { filter: 'proto = icmp', sql: 'proto = 1' },
        { filter: 'bytes >= 10k', sql: 'coalesce(bytes, 0) >= 10000' },
        { filter: 'bytes >= 1Mi', sql: 'coalesce(bytes, 0) >= 1048576' },
        { filter: 'bytes < 1.5kB', sql: 'coalesce(bytes, 9999) < 1500' },
        { filter: 'rtt >= 20ms', sql: 'coalesce(rtt, 0) >= 20000000' },
        { filter: 'dns_latency > 1.5s', sql: 'coalesce(dns_latency, 0) > 1500' },
        { filter: 'src_owner_kind = "CronJob"', sql: "coalesce(src_owner_kind, '') = 'CronJob'" },
        { filter: `dst_name = "${pod?.n}"`, sql: `coalesce(dst_name, '') = '${pod?.n}'` },
        { filter: 'dst_name = postgres-*', sql: "coalesce(starts_with(dst_name, 'postgres-'), false)" },
        { filter: 'dst_name = *-0', sql: "coalesce(ends_with(dst_name, '-0'), false)" },
        { filter: 'dst_name = "postgres-*"', sql: "coalesce(dst_name, '') = 'postgres-*'" },
        { filter: 'dns_name ~ "^host-1\\d+\\."', sql: "coalesce(regexp_matches(dns_name, '^host-1[0-9]+[.]'), false)" },
      ],
      t,
      within,
    )
    expect(matching).toBeGreaterThan(20)
  }, 600_000)

  /** Types each filter and compares the count with SQL; returns how many filters match something. */
  async function onScreen(cases: readonly FilterCase[], t: string, within: string): Promise<number> {
    const wanted = await counts(
      cases.map(({ sql }) => `(${sql})`),
      within,
    )
    const page = await open(t)
    await page.locator('.grid-body [role="row"]').first().waitFor()
    for (const [at, { filter }] of cases.entries()) {
      await typeFilter(page, filter)
      await expectCount(page, filter, wanted[at] ?? Number.NaN)
    }
    await page.context().close()
    return wanted.filter((count) => count > 0).length
  }

  test('no page had an error, blocked content or a request to another origin', () => {
    expect(stage.complaints).toEqual([])
  })
})
