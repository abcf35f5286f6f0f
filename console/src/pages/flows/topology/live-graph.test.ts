import { expect, test } from 'vitest'
import { LiveGraph, liveSeconds, type GraphMessage } from './live-graph.ts'
import { zero } from '../../../parts/graph/fold.ts'

const cols = ['rows', 'bytes_est', 'packets_est']
const message = (
  upsertEdges: GraphMessage['upsertEdges'],
  others: GraphMessage['others'] = { edges: 0, sums: [0, 0, 0] },
): GraphMessage => ({ cols, upsertEdges, others })

test('messages of a minute are summed, edges and others match the total, and older ones expire', () => {
  const graph = new LiveGraph(1)
  graph.take({ ...message([['a', 'b', [9, 900, 90]]]), snapshot: true }, 0)
  expect(graph.begun).toBe(false)
  graph.take(
    message(
      [
        ['a', 'b', [1, 100, 10]],
        ['a', 'c', [0, 0, 0]],
      ],
      { edges: 2, sums: [3, 30, 3] },
    ),
    1000,
  )
  graph.take(
    message(
      [
        ['a', 'b', [1, 50, 5]],
        [null, 'b', [2, 20, 2]],
      ],
      { edges: 1, sums: [1, 1, 1] },
    ),
    3000,
  )
  const { rows, total } = graph.edges(4000)
  expect(rows.map(({ from, to, sums }) => [from, to, sums.bytes, sums.flows])).toEqual([
    [['a'], ['b'], 150, 2],
    [[null], ['b'], 20, 2],
  ])
  expect(total).toEqual({ ...zero(), edges: 3, bytes: 201, packets: 21, flows: 8 })
  expect(graph.edges(1000 + liveSeconds * 1000).rows.map(({ sums }) => sums.bytes)).toEqual([50, 20])
  expect(graph.edges(9e9).total).toEqual({ ...zero(), edges: 0 })
})

test('composite ends stay lists, and the queried minute counts until it expires', () => {
  const graph = new LiveGraph(2)
  graph.seed(
    {
      rows: [{ from: ['a', 'x'], to: ['b', null], sums: { ...zero(), bytes: 7, flows: 1 } }],
      total: { ...zero(), bytes: 10, flows: 3, edges: 3 },
    },
    0,
  )
  graph.take(
    message([
      [
        ['a', 'x'],
        ['b', null],
        [1, 5, 1],
      ],
    ]),
    2000,
  )
  expect(graph.edges(3000)).toEqual({
    rows: [{ from: ['a', 'x'], to: ['b', null], sums: { ...zero(), bytes: 12, packets: 1, flows: 2 } }],
    total: { ...zero(), bytes: 15, packets: 1, flows: 4, edges: 1 },
  })
  expect(graph.edges(liveSeconds * 1000 + 1).rows[0]?.sums.bytes).toBe(5)
})
