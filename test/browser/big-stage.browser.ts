import { describe, expect, test } from 'vitest'
import { useBigStage } from './kit/big-stage.ts'
import { chromiumPath } from './kit/stage.ts'

describe.skipIf(chromiumPath === undefined)('chromium: data set D', () => {
  const stage = useBigStage()

  test('has a million flows between 600 workloads of 40 namespaces and values for every filter', async () => {
    const [seen] = await stage.weir.sql(`SELECT count(*)::INT AS rows, count(DISTINCT src_namespace)::INT AS namespaces,
        count(DISTINCT (src_namespace, src_owner_name)) FILTER (src_namespace IS NOT NULL)::INT AS workloads,
      count(*) FILTER (src_namespace IS NULL)::INT > 0 AS outside, count(*) FILTER (bytes = 0)::INT > 0 AS zeros,
        count(*) FILTER (bytes IS NULL)::INT > 0 AS absent,
      count(*) FILTER (dns_latency = 0)::INT > 0 AS quick, count(*) FILTER (contains(src_addr, ':'))::INT > 0 AS v6,
        count(DISTINCT proto)::INT AS protocols FROM flows`)
    expect(seen).toEqual({
      rows: 1_000_000,
      namespaces: 40,
      workloads: 600,
      outside: true,
      zeros: true,
      absent: true,
      quick: true,
      v6: true,
      protocols: 4,
    })
    const [names] = await stage.weir.sql<{ n: number }>(
      'SELECT count(DISTINCT n)::INT AS n FROM (SELECT src_name AS n FROM flows UNION ALL SELECT dst_name FROM flows)',
    )
    expect(names?.n).toBeGreaterThan(100_000)
  })

  test('a flow between two pods is reported by both nodes with opposite direction', async () => {
    const [seen] = await stage.weir
      .sql(`SELECT count(*)::INT AS flows, count(*) FILTER (n = 2 AND directions = 1)::INT AS twice FROM (
      SELECT count(*) AS n, sum(direction) AS directions FROM flows WHERE src_owner_name IS NOT NULL
        AND dst_owner_name IS NOT NULL AND time_start < now() - INTERVAL 1 HOUR
      GROUP BY src_addr, dst_addr, src_port, dst_port, proto, time_start, time_end, bytes, packets, dns_id,
        icmp_type, icmp_code, rtt)`)
    expect(seen?.['twice']).toBe(seen?.['flows'])
    const [others] = await stage.weir.sql(
      `SELECT count(*)::INT AS n FROM flows WHERE (direction = 0) <> (dst_owner_name IS NOT NULL)
        AND NOT (src_owner_name IS NOT NULL AND dst_owner_name IS NOT NULL)`,
    )
    expect(others?.['n']).toBe(0)
  })
})
