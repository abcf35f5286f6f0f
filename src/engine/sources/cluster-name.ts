import type { FlowBuilder } from '../../model/flow-builder.ts'
import type { FlowEnrichment } from '../contracts.ts'

/** Sets the cluster of flows that carry none, and the scope of all to their cluster. Then applies `next`. */
export function withCluster(name: string, next: FlowEnrichment | undefined): FlowEnrichment {
  return {
    fill(flows: FlowBuilder) {
      const { count } = flows
      const [cluster, scope, code] = [flows.column('cluster'), flows.column('scope'), flows.code(name)]
      if (!cluster.used && !scope.used) {
        cluster.fill(code, 0, count)
        scope.fill(code, 0, count)
      } else
        for (let row = 0; row < count; row++) {
          if (cluster.items[row] === 0) cluster.items[row] = code
          if (scope.items[row] === 0) scope.items[row] = cluster.items[row]!
          cluster.mark(row)
          scope.mark(row)
        }
      next?.fill(flows)
    },
  }
}
