import { NetObservReader, netobservJson } from '../../../codecs/netobserv-json/index.ts'
import type { SinkPiece } from '../../../engine/contracts.ts'
import { transformTools } from '../../../app/transforms.ts'
import { concatBatches } from '../../../model/concat.ts'
import { FlowBuilder } from '../../../model/flow-builder.ts'
import type { FlowBatch } from '../../../model/batches.ts'
import { selectRows } from '../../../model/select.ts'
import { transformSchemas } from '../../../components/manifests.ts'
import { loadTransform } from '../../../components/registry.ts'
import { configFrom } from '../../../schema/index.ts'
import type { NetobservPlan } from '../index.ts'
import { part } from './plan.ts'

type Row = Readonly<Record<string, unknown>>

const header = {
  source: 'ingest',
  sequence: 1,
  epoch: 1,
  sourceSequence: 1,
  received: 1_700_000_000_000,
} as SinkPiece['header']

function flowsOf(records: readonly Row[]): FlowBatch {
  const builder = new FlowBuilder(Math.max(1, records.length))
  const reader = new NetObservReader(builder)
  for (const record of records) reader.read(JSON.stringify(record))
  return builder.batch()
}

/** The records that reach sink `out`, after every transform of the plan, as the sink writes them. */
export async function run(plan: NetobservPlan, records: readonly Row[]): Promise<Row[]> {
  const tools = await transformTools()
  const outputs = new Map<string, FlowBatch>([['ingest', flowsOf(records)]])
  const inputOf = ({ from, only }: Row): FlowBatch => {
    const all = concatBatches((from as string[]).flatMap((id) => outputs.get(id) ?? [])) as FlowBatch
    const { filter } = (only ?? {}) as { readonly filter?: string }
    if (filter === undefined) return all
    const test = tools.filter(filter)(all, header)
    return selectRows(all, Uint32Array.from({ length: all.count }, (_, row) => row).filter(test)) as FlowBatch
  }
  for (const [id, settings] of Object.entries(part(plan, 'transforms'))) {
    const { type, from: _, only: __, ...own } = settings
    const definition = await loadTransform(String(type))
    const schema = transformSchemas[String(type)]
    if (schema === undefined) throw new Error(`${id} has no schema`)
    const step = definition.build(configFrom(schema, own as never), tools, id)
    if (!('take' in step)) throw new Error(`${id} is no transform of batches`)
    const batch = inputOf(settings)
    const rows = Uint32Array.from({ length: batch.count }, (_row, row) => row)
    const taken = step.take({ batch, rows, header, firstRow: 0 })
    const failed = taken.failures.filter(({ is }) => is === 'reject')
    if (failed.length > 0) throw new Error(`${id}: ${JSON.stringify(failed)}`)
    const closed = step.windows?.close(header.received + 3_600_000) ?? []
    outputs.set(
      id,
      concatBatches([flowsOf([]), ...[...taken.outputs, ...closed].map((output) => output.batch)]) as FlowBatch,
    )
  }
  const out = part(plan, 'sinks')['out'] ?? {}
  const batch = inputOf(out)
  const json = netobservJson(batch, { flags: out['tcp_flags'] === 'names' ? 'names' : 'raw', fields: 'original' })
  return Array.from({ length: batch.count }, (_, row) => JSON.parse(json(row)) as Row)
}
