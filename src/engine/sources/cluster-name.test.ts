import { expect, it } from 'vitest'
import { flowRows } from '../../../test/kit/flow-rows.ts'
import { FlowBuilder } from '../../model/flow-builder.ts'
import { withCluster } from './cluster-name.ts'

function flows(clusters: readonly string[]): FlowBuilder {
  const builder = new FlowBuilder()
  const [port, cluster] = [builder.column('src_port'), builder.column('cluster')]
  builder.reserve(clusters.length)
  clusters.forEach((name, row) => {
    port.items[row] = row
    port.mark(row)
    if (name === '') return
    cluster.items[row] = builder.code(name)
    cluster.mark(row)
  })
  builder.commit(clusters.length)
  return builder
}

it('flows without a cluster get that of their source, unit by unit, before other enrichment', () => {
  const order: string[] = []
  const enrichment = withCluster('east', { fill: (batch) => void order.push(JSON.stringify(flowRows(batch.batch()))) })
  const builder = flows(['', 'sent', ''])
  enrichment.fill(builder)
  const named = (cluster: string, row: number) => ({ src_port: row, cluster, scope: cluster })
  expect(flowRows(builder.batch())).toEqual(['east', 'sent', 'east'].map(named))
  expect(order).toEqual([JSON.stringify(flowRows(builder.batch()))])
  builder.reset()
  builder.reserve(1)
  builder.column('src_port').fill(7, 0, 1)
  builder.commit(1)
  withCluster('west', undefined).fill(builder)
  expect(flowRows(builder.batch())).toEqual([{ src_port: 7, cluster: 'west', scope: 'west' }])
})
