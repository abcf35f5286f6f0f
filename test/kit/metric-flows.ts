// Flows of a small cluster as NetObserv records, and as batches of a sink.
import { NetObservReader } from '../../src/codecs/netobserv-json/index.ts'
import type { SinkBatch } from '../../src/engine/contracts.ts'
import { frameHeader } from '../../src/journal/frame-header.ts'
import type { FlowBatch } from '../../src/model/batches.ts'
import { FlowBuilder } from '../../src/model/flow-builder.ts'
import { SeededRandom } from './random.ts'

export interface FlowRecord {
  readonly Bytes: number
  readonly Packets: number
  readonly Sampling: number
  readonly FlowDirection: number
  readonly SrcK8S_Namespace: string
  readonly DstK8S_Namespace: string
  readonly SrcK8S_OwnerName: string
  readonly TimeFlowRttNs: number
  readonly [field: string]: unknown
}

export function metricFlows(count: number, seed: number): FlowRecord[] {
  const random = new SeededRandom(seed)
  const one = (...texts: readonly string[]): string => texts[random.integer(0, texts.length - 1)] ?? ''
  return Array.from({ length: count }, (_, i) => ({
    SrcAddr: `10.0.${random.integer(0, 255)}.${random.integer(1, 254)}`,
    DstAddr: '10.1.0.1',
    SrcPort: random.integer(1024, 65_535),
    DstPort: 443,
    Proto: 6,
    Bytes: random.integer(1, 100_000),
    Packets: random.integer(1, 100),
    Sampling: random.integer(0, 1) === 0 ? 1 : 50,
    FlowDirection: random.integer(0, 2),
    SrcK8S_Namespace: one('shop', 'web', 'b"a\\d', 'größe'),
    DstK8S_Namespace: one('db', 'cache'),
    SrcK8S_OwnerName: `app-${random.integer(0, 9)}`,
    SrcK8S_OwnerType: 'Deployment',
    SrcK8S_HostName: one('n1', 'n2'),
    DstK8S_HostName: one('n1', 'n2'),
    TimeFlowStartMs: 1_700_000_000_000 + i,
    TimeFlowEndMs: 1_700_000_005_000 + i,
    TimeFlowRttNs: random.integer(1_000_000, 400_000_000),
  }))
}

export function flowsOf(records: readonly object[]): FlowBatch {
  const flows = new FlowBuilder()
  const reader = new NetObservReader(flows)
  for (const record of records) if (!reader.read(JSON.stringify(record))) throw new Error('an unreadable record')
  return flows.batch()
}

let sequence = 1

/** A batch of one piece; `kept`: rows for this sink, by default all. */
export function flowSinkBatch(
  records: readonly object[],
  token: string,
  kept: (row: number) => boolean = () => true,
): SinkBatch {
  const batch = flowsOf(records)
  const rows = Uint32Array.from(records.keys()).filter(kept)
  const { kind, count } = batch
  const header = frameHeader({ sequence: sequence++, kind, source: 'in', count, received: 1_700_000_006_000 })
  return { token, count: rows.length, pieces: [{ header, batch, rows, firstRow: 0 }], retried: false }
}
