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
  const rows: Row[] = []
  edges.forEach((edge) => {
    for (let at = from + random.next() * sampleMs; at < to; at += sampleMs) {
      const share = broken.has(edge) && at >= onset ? left : 1
      const bytes = Math.round(edge.rate * share * (0.6 + 0.8 * random.next()))
      if (bytes > 0) rows.push({ edge, at, bytes })
    }
  })
  return batchOf(rows, to)
}

/** Flows of each edge at random times, with sizes of a heavy tail. `levelOf`: the remaining share at a time. */
export function randomTraffic(
  random: SeededRandom,
  edges: readonly Edge[],
  {
    from,
    to,
    flowsPerMinute,
    levelOf,
  }: Readonly<{ from: number; to: number; flowsPerMinute: number; levelOf: (edge: Edge, time: number) => number }>,
): FlowBatch {
  const rows: Row[] = []
  const total = edges.reduce((sum, { rate }) => sum + rate, 0)
  for (const edge of edges) {
    const meanMs = (60_000 * total) / (flowsPerMinute * edge.rate)
    for (let at = from; at < to; at -= meanMs * Math.log(1 - random.next()))
      if (random.next() < levelOf(edge, at)) rows.push({ edge, at, bytes: Math.ceil(sizeOf(random)) })
  }
  return batchOf(rows, to)
}

/** Log-normal: the product of uniform factors. */
function sizeOf(random: SeededRandom) {
  const normal = random.next() + random.next() + random.next() + random.next() - 2
  return 10_000 * Math.exp(1.2 * normal)
}

type Row = Readonly<{ edge: Edge; at: number; bytes: number }>

function batchOf(rows: readonly Row[], to: number): FlowBatch {
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
