import { expect } from 'vitest'
import type { FlowRecord } from '../../kit/metric-flows.ts'
import type { PrometheusServer } from './prometheus.ts'

const patience = { timeout: 60_000, interval: 200 }

const scaled = (records: readonly FlowRecord[], of: 'Bytes' | 'Packets'): number =>
  records.reduce((sum, record) => sum + record[of] * record.Sampling, 0)
const ingress = ({ FlowDirection }: FlowRecord): boolean => FlowDirection !== 1

/** PromQL over the metrics, against sums over the records. */
export async function expectFlowSums(server: PrometheusServer, records: readonly FlowRecord[]): Promise<void> {
  await expect.poll(() => server.sum('netobserv_workload_flows_total'), patience).toBe(records.length)
  expect(await server.sum('netobserv_node_ingress_bytes_total')).toBe(scaled(records.filter(ingress), 'Bytes'))
  expect(await server.sum('netobserv_node_ingress_packets_total')).toBe(scaled(records.filter(ingress), 'Packets'))
  const byNamespace = await server.query('sum by (SrcK8S_Namespace) (netobserv_workload_flows_total)')
  expect(new Map(byNamespace.map(({ labels, value }) => [labels['SrcK8S_Namespace'], value]))).toEqual(
    new Map(
      [...new Set(records.map((record) => record.SrcK8S_Namespace))].map((name) => [
        name,
        records.filter((record) => record.SrcK8S_Namespace === name).length,
      ]),
    ),
  )
  const fast = records.filter(({ TimeFlowRttNs }) => TimeFlowRttNs <= 100_000_000).length
  expect(await server.sum('netobserv_workload_rtt_seconds_bucket{le="0.1"}')).toBe(fast)
  expect(await server.sum('netobserv_workload_rtt_seconds_count')).toBe(records.length)
  const seconds = records.reduce((sum, { TimeFlowRttNs }) => sum + TimeFlowRttNs / 1e9, 0)
  expect(await server.sum('netobserv_workload_rtt_seconds_sum')).toBeCloseTo(seconds, 6)
}
