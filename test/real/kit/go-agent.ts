// The exporters of NetObserv's eBPF agent as a program.
import { execFile } from 'node:child_process'
import { isDeepStrictEqual, promisify } from 'node:util'
import { netobservJson } from '../../../src/codecs/netobserv-json/index.ts'
import { decodeBatch } from '../../../src/journal/bodies.ts'
import type { FlowBatch } from '../../../src/model/batches.ts'
import type { SinkBatch } from '../../../src/engine/contracts.ts'
import { flowBatch } from '../../conformance/batches.ts'
import type { TestJournal } from '../../conformance/test-journal.ts'
import { installGoAgent } from '../install/go-agent.ts'

/** A flow as the agent's own decoder shows it. */
export type AgentFlow = Readonly<Record<string, unknown>>

export interface AgentRun {
  readonly to: readonly ['grpc', host: string, port: number] | readonly ['kafka', brokers: string, topic: string]
  readonly count: number
  readonly seed: number
  /** Flows in one message, or in one batch. */
  readonly batch?: number
}

/** Exports seeded flows with `Bytes` from 1 to `count`, and resolves with them once acknowledged. */
export async function exportFlows({ to, count, seed, batch = 100 }: AgentRun): Promise<AgentFlow[]> {
  const program = await installGoAgent()
  if (program.path === undefined) throw new Error(program.reason)
  const { stdout, stderr } = await promisify(execFile)(program.path, [...to, count, seed, batch].map(String), {
    maxBuffer: 256 * 2 ** 20,
  })
  if (/error/i.test(stderr)) throw new Error(stderr)
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as AgentFlow)
}

export const batchesIn = ({ units }: TestJournal): FlowBatch[] =>
  units.flatMap(({ kind, raw }) => (kind === 'flows' ? [decodeBatch('flows', raw) as FlowBatch] : []))

/** Keys that the reader adds or replaces. */
const added = new Set(['TimeReceived', 'time_skewed', 'protocol', 'direction'])

/** Rows as NetObserv's records. */
export const recordsIn = (journal: TestJournal): AgentFlow[] =>
  batchesIn(journal).flatMap((batch) => {
    const write = netobservJson(batch)
    return Array.from({ length: batch.count }, (_, row) => JSON.parse(write(row)) as AgentFlow)
  })

export interface Difference {
  readonly flow: unknown
  readonly key: string
  readonly agent: unknown
  readonly weir: unknown
}

/** Values that differ, flow by flow. Weir stores no empty lists of networks. */
export function differences(agent: readonly AgentFlow[], weir: readonly AgentFlow[]): Difference[] {
  const byNumber = new Map(weir.map((one) => [one['Bytes'], one]))
  return agent.flatMap((flow) => {
    const other = byNumber.get(flow['Bytes']) ?? {}
    const keys = new Set([...Object.keys(flow), ...Object.keys(other)].filter((key) => !added.has(key)))
    return [...keys].flatMap((key): Difference[] => {
      const [sent, stored] = [flow[key], other[key]]
      const none = key === 'Udns' && (sent as string[]).every((udn) => udn === '')
      return isDeepStrictEqual(none ? undefined : sent, stored)
        ? []
        : [{ flow: flow['Bytes'], key, agent: sent, weir: stored }]
    })
  })
}

/** The flows of a journal, as a sink receives them. */
export function sinkBatchesOf(journal: TestJournal): SinkBatch[] {
  return batchesIn(journal).map((flows, at) => {
    const { batch } = flowBatch(flows.count, `unit ${at}`)
    return { ...batch, pieces: batch.pieces.map((piece) => ({ ...piece, batch: flows })) }
  })
}
