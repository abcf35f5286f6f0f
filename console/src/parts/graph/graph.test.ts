import fc from 'fast-check'
import { expect, test } from 'vitest'
import { edgesOf, foldGraph, neighbours, zero, type EdgeRow, type Graph } from './fold.ts'
import { layout } from './layout.ts'
import { PointIndex, towards } from './point-index.ts'
import { conditionOf, groupCondition, groupOf, nodeLabel } from './scope.ts'

const columns = [
  'src_name',
  'src_namespace',
  'src_label',
  'dst_name',
  'dst_namespace',
  'dst_label',
  'bytes',
  'packets',
  'flows',
].map((name) => ({ name, type: 'X' }))
const frame = { columns, next: null, source: 'raw', exact: true, span: { from: '', to: '' } }
const end = fc.tuple(
  fc.option(fc.integer({ min: 0, max: 40 }).map((n) => `n${n}`)),
  fc.constantFrom('shop', 'batch', 'infra', null),
  fc.constant(null),
)
const sums = fc.tuple(
  fc.integer({ min: 0, max: 1e6 }),
  fc.integer({ min: 1, max: 1000 }),
  fc.integer({ min: 1, max: 9 }),
)
const answers = fc
  .uniqueArray(
    fc.tuple(end, end, sums).map(([from, to, amounts]) => [...from, ...to, ...amounts] as const),
    { selector: (row) => JSON.stringify(row.slice(0, 6)), maxLength: 200 },
  )
  .map((rows) => ({
    ...frame,
    rows,
    total: { edges: rows.length + 3, bytes: sum(rows, 6) + 100, packets: sum(rows, 7) + 30, flows: sum(rows, 8) + 3 },
  }))

function sum(rows: readonly (readonly unknown[])[], at: number): number {
  return rows.reduce((all, row) => all + Number(row[at]), 0)
}

test('nodes stay within their limit, and edges and remainder match the total', () => {
  fc.assert(
    fc.property(
      answers,
      fc.integer({ min: 5, max: 60 }),
      fc.integer({ min: 1, max: 100 }),
      (answer, most, mostEdges) => {
        const graph = foldGraph(edgesOf(answer, 'name'), 'name', 'bytes', { nodes: most, edges: mostEdges })
        expect(graph.nodes.length).toBeLessThanOrEqual(most)
        expect(graph.edges.length).toBeLessThanOrEqual(mostEdges)
        for (const name of ['edges', 'bytes', 'packets', 'flows'] as const) {
          expect(graph.edges.reduce((all, edge) => all + edge[name], graph.rest[name])).toBe(answer.total[name])
          expect(graph.rest[name]).toBeGreaterThanOrEqual(0)
        }
        const distinct = new Set(
          answer.rows.flatMap((row) => [JSON.stringify(row.slice(0, 3)), JSON.stringify(row.slice(3, 6))]),
        )
        expect(graph.nodes.reduce((all, { stands }) => all + stands, 0)).toBe(distinct.size)
        expect(graph.nodes.reduce((all, { sent }) => all + sent.bytes, 0)).toBe(sum(answer.rows, 6))
      },
    ),
  )
})

const row = (from: readonly unknown[], to: readonly unknown[], bytes: number): readonly unknown[] => [
  ...from,
  ...to,
  bytes,
  1,
  1,
]
const small = (): Graph =>
  foldGraph(
    edgesOf(
      {
        ...frame,
        rows: [
          row(['a', 'shop', null], ['b', 'shop', null], 100),
          row(['b', 'shop', null], ['c', 'shop', null], 5),
          row(['c', 'shop', null], ['d', 'shop', null], 3),
          row(['e', 'far', null], ['a', 'shop', null], 1),
        ],
        total: { edges: 4, bytes: 109, packets: 4, flows: 4 },
      },
      'name',
    ),
    'name',
    'bytes',
    { nodes: 4, edges: 10 },
  )

test('small nodes are combined per shown group with their count; other groups share one node', () => {
  const { nodes, edges } = small()
  expect(nodes.map(({ label, group, stands }) => [label, group.replace('\0', ''), stands])).toEqual([
    ['b', 'shop', 1],
    ['a', 'shop', 1],
    ['2 others', 'shop', 2],
    ['1 other', 'elsewhere', 1],
  ])
  expect(
    edges.map(({ from, to, bytes, edges: count }) => [nodes[from]?.label, nodes[to]?.label, bytes, count]),
  ).toEqual([
    ['a', 'b', 100, 1],
    ['b', '2 others', 5, 1],
    ['2 others', '2 others', 3, 1],
    ['1 other', 'a', 1, 1],
  ])
  expect(neighbours(small(), 1).map((at) => nodes[at]?.label)).toEqual(['b', '1 other'])
})

test('label, group and filter of a node follow its scope', () => {
  expect([
    nodeLabel('addr', ['10.0.0.1', 'web', null, null]),
    nodeLabel('addr', ['10.0.0.1', null, null, null]),
    nodeLabel('zone', [null]),
  ]).toEqual(['web', '10.0.0.1', 'no zone'])
  expect([
    groupOf('name', ['web', 'shop', 'lan']),
    groupOf('name', ['web', null, 'lan']),
    groupOf('name', ['web', null, null]),
    groupOf('zone', ['a']),
  ]).toEqual(['shop', 'lan', '', '["a"]'])
  expect(conditionOf('name', ['we"b', 'shop', null])).toBe(
    'either(name = "we\\"b" and namespace = "shop" and not exists(label))',
  )
  expect(conditionOf('addr', ['10.0.0.1', 'web', null, null])).toBe('either(addr = "10.0.0.1")')
  expect([groupCondition('name', ['web', null, 'lan']), groupCondition('zone', ['a'])]).toEqual([
    'either(label = "lan")',
    undefined,
  ])
})

const nothing = { nodes: {}, groups: {} }
const many = (count: number, groups: number): { key: string; group: string }[] =>
  Array.from({ length: count }, (_, index) => ({ key: `k${index}`, group: `g${index % groups}` }))
const ring = (count: number): { from: number; to: number; weight: number }[] =>
  Array.from({ length: count }, (_, index) => ({ from: index, to: (index * 7 + 1) % count, weight: 0.5 }))

test('nodes and groups do not overlap, and the layout is deterministic', () => {
  const input = { nodes: many(1000, 40), edges: ring(1000), known: nothing, pins: {} }
  const { points, groups } = layout(input)
  expect(layout(input).points).toEqual(points)
  expect(points.every((value) => Number.isFinite(value))).toBe(true)
  let least = Infinity
  for (let a = 0; a < 1000; a++)
    for (let b = 0; b < a; b++)
      least = Math.min(
        least,
        Math.hypot((points[2 * a] ?? 0) - (points[2 * b] ?? 0), (points[2 * a + 1] ?? 0) - (points[2 * b + 1] ?? 0)),
      )
  expect(least).toBeGreaterThan(10)
  for (const [index, a] of groups.entries())
    for (const b of groups.slice(0, index))
      expect(Math.hypot(a.x - b.x, a.y - b.y)).toBeGreaterThan(a.radius + b.radius)
})

test('nodes keep their positions when others change; pinned nodes stay', () => {
  const first = layout({ nodes: many(60, 5), edges: ring(60), known: nothing, pins: {} })
  const known = {
    nodes: Object.fromEntries(
      many(60, 5).map(({ key }, index) => [
        key,
        [first.points[2 * index] ?? 0, first.points[2 * index + 1] ?? 0] as const,
      ]),
    ),
    groups: Object.fromEntries(first.groups.map(({ name, x, y }) => [name, [x, y] as const])),
  }
  const later = [...many(60, 5).slice(10), { key: 'new', group: 'g1' }, { key: 'newer', group: 'another' }]
  const { points } = layout({ nodes: later, edges: ring(52), known, pins: { k20: [7, 9] } })
  later.forEach(({ key }, index) => {
    const at = [points[2 * index], points[2 * index + 1]]
    if (key === 'k20') expect(at).toEqual([7, 9])
    else if (key.startsWith('k')) expect(at).toEqual(known.nodes[key])
    else
      expect(
        later.flatMap(({ key: other }) => (known.nodes[other] === undefined ? [] : [known.nodes[other]])),
      ).not.toContainEqual(at)
  })
})

test('the index finds the same points as a scan', () => {
  const place = fc.integer({ min: -300, max: 300 })
  fc.assert(
    fc.property(
      fc.array(fc.tuple(place, place), { minLength: 1, maxLength: 60 }),
      fc.tuple(place, place),
      ([...drawn], [x, y]) => {
        const points = new Float32Array(drawn.flat())
        const distances = drawn.map(([px, py]) => Math.hypot(px - x, py - y))
        const least = Math.min(...distances)
        const found = new PointIndex(points, 40).nearest(x, y, () => 40)
        expect(found === -1 ? 'none' : distances[found]).toBe(least <= 40 ? least : 'none')
      },
    ),
  )
})

test('an arrow key selects the best neighbour in its direction', () => {
  const points = new Float32Array([0, 0, 100, 10, 40, 90, -50, 0])
  expect([
    towards(points, 0, [1, 0], [1, 2, 3]),
    towards(points, 0, [-1, 0], [1, 2, 3]),
    towards(points, 0, [0, 1], [1, 2, 3]),
    towards(points, 0, [0, -1], [1, 2, 3]),
  ]).toEqual([1, 3, 2, -1])
})

test('an endpoint is identified by name, owner, network or address, so that plain NetFlow has several nodes', () => {
  const row = (from: readonly unknown[], to: readonly unknown[]): EdgeRow => ({
    from,
    to,
    sums: { ...zero(), bytes: 10, flows: 1 },
  })
  const rows = [
    row([null, null, null, '192.0.2.1', null], [null, null, null, '192.0.2.2', null]),
    row(['web', 'shop', 'pods', '10.0.0.1', 'prod'], [null, null, 'office', '198.51.100.1', null]),
    row(['web', 'shop', 'pods', '10.0.0.2', 'prod'], [null, null, 'office', '198.51.100.2', null]),
    row([null, 'job', 'pods', '10.0.0.3', 'prod'], [null, null, null, '192.0.2.1', null]),
  ]
  const { nodes, edges } = foldGraph(
    { rows, total: { ...zero(), bytes: 40, flows: 4, edges: 4 } },
    'endpoint',
    'bytes',
    { nodes: 20, edges: 20 },
  )
  expect(nodes.map(({ label, group }) => [label, group]).toSorted(([a = ''], [b = '']) => (a < b ? -1 : 1))).toEqual([
    ['192.0.2.1', ''],
    ['192.0.2.2', ''],
    ['job', 'prod'],
    ['office', 'office'],
    ['web', 'prod'],
  ])
  expect(edges.map(({ bytes }) => bytes).toSorted((a, b) => b - a)).toEqual([20, 10, 10])
  const filterOf = (label: string): string =>
    conditionOf('endpoint', nodes.find((node) => node.label === label)?.cells ?? [])
  expect(filterOf('web')).toBe('either(name = "web" and namespace = "prod")')
  expect(filterOf('job')).toBe('either(not exists(name) and owner_name = "job" and namespace = "prod")')
  expect(filterOf('office')).toBe(
    'either(not exists(name) and not exists(owner_name) and label = "office" and not exists(namespace))',
  )
  expect(filterOf('192.0.2.2')).toBe(
    'either(not exists(name) and not exists(owner_name) and not exists(label) and addr = "192.0.2.2" and ' +
      'not exists(namespace))',
  )
})
