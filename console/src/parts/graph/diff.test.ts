import fc from 'fast-check'
import { expect, test } from 'vitest'
import { changeOf, compared, fill, keyOf, missing, pairsOf, type Side } from './diff.ts'
import { foldGraph, zero, type Amounts, type EdgeRow } from './fold.ts'

const sums = (bytes: number): Amounts => ({ ...zero(), bytes, packets: 1, flows: 1 })
const name = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', null)
const times = fc.uniqueArray(fc.tuple(name, name, fc.integer({ min: 1, max: 1000 })), {
  selector: ([from, to]) => `${from} ${to}`,
  maxLength: 40,
})

function sideOf(drawn: readonly (readonly [string | null, string | null, number])[], limit: number): Side {
  const rows = drawn
    .map(([from, to, bytes]): EdgeRow => ({ from: [from], to: [to], sums: sums(bytes) }))
    .sort((a, b) => b.sums.bytes - a.sums.bytes)
  const total = {
    ...rows.reduce(
      (all, row) => ({ ...all, bytes: all.bytes + row.sums.bytes, packets: all.packets + 1, flows: all.flows + 1 }),
      zero(),
    ),
    edges: rows.length,
  }
  return { rows: rows.slice(0, limit), total, complete: rows.length <= limit }
}

test('with lists of any length the comparison is exact, and edges and remainder match the totals', () => {
  fc.assert(
    fc.property(
      times,
      times,
      fc.integer({ min: 1, max: 12 }),
      fc.integer({ min: 1, max: 12 }),
      (now, before, limit, most) => {
        const [here, then] = [sideOf(now, limit), sideOf(before, limit)]
        const pairs = pairsOf(here, then, most)
        for (const [time, all] of [
          ['now', now],
          ['before', before],
        ] as const) {
          const queried = missing(pairs, time)
          fill(pairs, time, queried, {
            ...sideOf(
              all.filter(([from, to]) => queried.some((pair) => keyOf(pair) === keyOf({ from: [from], to: [to] }))),
              1000,
            ),
          })
        }
        const edges = compared(pairs, here, then)
        const at = (all: typeof now, row: EdgeRow): number =>
          all.find(([from, to]) => keyOf({ from: [from], to: [to] }) === keyOf(row))?.[2] ?? 0
        for (const row of edges.rows) {
          expect([row.sums.bytes, row.before?.bytes]).toEqual([at(now, row), at(before, row)])
          expect(changeOf({ ...row.sums, before: row.before }, 'bytes') === 'added').toBe(at(before, row) === 0)
          expect(changeOf({ ...row.sums, before: row.before }, 'bytes') === 'removed').toBe(at(now, row) === 0)
        }
        const graph = foldGraph(edges, 'namespace', 'bytes', { nodes: 4, edges: 6 })
        expect(graph.edges.reduce((all, edge) => all + edge.bytes, graph.rest.bytes)).toBe(here.total.bytes)
        expect(graph.edges.reduce((all, edge) => all + (edge.before?.bytes ?? 0), graph.earlier?.rest.bytes ?? 0)).toBe(
          then.total.bytes,
        )
        expect(graph.edges.reduce((all, edge) => all + (edge.before?.edges ?? 0), graph.earlier?.rest.edges ?? 0)).toBe(
          then.total.edges,
        )
        expect(graph.edges.reduce((all, edge) => all + edge.edges, graph.rest.edges)).toBe(here.total.edges)
      },
    ),
  )
})

test('changes below a tenth are ignored; an edge with an unknown value is not new', () => {
  const change = (now: number, before: number | undefined): string =>
    changeOf(
      {
        ...(now === 0 ? zero() : sums(now)),
        ...(before === undefined ? {} : { before: before === 0 ? zero() : sums(before) }),
      },
      'bytes',
    )
  expect([
    change(100, 91),
    change(100, 89),
    change(89, 100),
    change(5, 0),
    change(0, 5),
    change(5, undefined),
    change(7, 7),
  ]).toEqual(['same', 'more', 'less', 'added', 'removed', 'unknown', 'same'])
})
