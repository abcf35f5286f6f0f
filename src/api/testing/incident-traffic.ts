// The flows of a seeded incident.
import type { FlowBatch } from '../../model/batches.ts'
import { flowBatch } from '../../store/testing/frames.ts'
import type { SeededRandom } from '../../../test/kit/random.ts'
import { names, namespaces, type Edge, type Service } from './incident-services.ts'

const sampleMs = 10_000

export function trafficOf(
  random: SeededRandom,
  edges: readonly Edge[],
  {
    from,
    to,
    onset,
    broken,
    left,
  }: Readonly<{ from: number; to: number; onset: number; broken: ReadonlySet<Edge>; left: number }>,
): FlowBatch {
  const rows: { readonly edge: Edge; readonly at: number; readonly bytes: number }[] = []
  edges.forEach((edge) => {
    for (let at = from + random.next() * sampleMs; at < to; at += sampleMs) {
      const share = broken.has(edge) && at >= onset ? left : 1
      const bytes = Math.round(edge.rate * share * (0.6 + 0.8 * random.next()))
      if (bytes > 0) rows.push({ edge, at, bytes })
    }
  })
  const batch = flowBatch(
    rows.map(({ edge, at, bytes }) => ({
      src: edge.from === undefined ? '203.0.113.7' : `10.0.0.${names.indexOf(edge.from.name) + 1}`,
      dst: `10.0.0.${names.indexOf(edge.to.name) + 1}`,
      bytes,
      start: at - 500,
      received: at + 1000,
    })),
    to,
  )
  const dictionary = [...batch.dictionary, 'c1', 'Deployment', 'Pod', ...namespaces, ...names]
  const column = (value: (edge: Edge) => string) => ({
    kind: 'dict' as const,
    codes: Uint32Array.from(rows, ({ edge }) => Math.max(0, dictionary.indexOf(value(edge)))),
  })
  const end = (side: 'src' | 'dst', of: (edge: Edge) => Service | undefined) => ({
    [`${side}_namespace`]: column((edge) => of(edge)?.namespace ?? ''),
    [`${side}_owner_kind`]: column((edge) => (of(edge) === undefined ? '' : 'Deployment')),
    [`${side}_owner_name`]: column((edge) => of(edge)?.name ?? ''),
    [`${side}_kind`]: column((edge) => (of(edge) === undefined ? '' : 'Pod')),
  })
  return {
    ...batch,
    dictionary,
    columns: {
      ...batch.columns,
      cluster: column(() => 'c1'),
      ...end('src', ({ from: source }) => source),
      ...end('dst', ({ to: destination }) => destination),
    },
  }
}
