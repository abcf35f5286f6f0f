import {
  forceCollide,
  forceLink,
  forceManyBody,
  forceSimulation,
  forceX,
  forceY,
  type SimulationLinkDatum,
  type SimulationNodeDatum,
} from 'd3-force'

export type Point = readonly [x: number, y: number]

export type LayoutInput = Readonly<{
  nodes: readonly Readonly<{ key: string; group: string }>[]
  edges: readonly Readonly<{ from: number; to: number; weight: number }>[]
  known: Readonly<{ nodes: Readonly<Record<string, Point>>; groups: Readonly<Record<string, Point>> }>
  pins: Readonly<Record<string, Point>>
}>

type PlacedGroup = Readonly<{
  name: string
  x: number
  y: number
  radius: number
}>

export type Placed = Readonly<{
  points: Float32Array
  groups: readonly PlacedGroup[]
}>

const spacing = 25
const roomy = 1.9
const few = 60
const margin = 24
const golden = Math.PI * (3 - Math.sqrt(5))

function spiral(slot: number, space: number): Point {
  const reach = space * Math.sqrt(slot === 0 ? 0.3 : slot + 0.5)
  return [reach * Math.cos(slot * golden), reach * Math.sin(slot * golden)]
}

interface Body extends SimulationNodeDatum {
  readonly name: string
  readonly radius: number
}

/** Known positions are kept, so that the graph does not jump when data change. Deterministic. */
export function layout({ nodes, edges, known, pins }: LayoutInput): Placed {
  const space = spacing * (nodes.length <= few ? roomy : 1)
  const members = new Map<string, number[]>()
  nodes.forEach(({ group }, index) => {
    const list = members.get(group)
    if (list === undefined) members.set(group, [index])
    else list.push(index)
  })
  const bodies = placeGroups(members, nodes, edges, known.groups, space)
  const points = new Float32Array(2 * nodes.length)
  const knownPoints = nodes.map(({ key }) => known.nodes[key])
  for (const { name, x = 0, y = 0 } of bodies) placeMembers(points, members.get(name) ?? [], [x, y], knownPoints, space)
  nodes.forEach(({ key }, index) => {
    const pin = pins[key]
    if (pin !== undefined) points.set(pin, 2 * index)
  })
  return { points, groups: bodies.map(({ name, x = 0, y = 0, radius }) => ({ name, x, y, radius })) }
}

function radiusOf(count: number, space: number) {
  return count === 1 ? margin : space * Math.sqrt(count - 0.5) + margin
}

function placeGroups(
  members: ReadonlyMap<string, readonly number[]>,
  nodes: LayoutInput['nodes'],
  edges: LayoutInput['edges'],
  known: Readonly<Record<string, Point>>,
  space: number,
): readonly Body[] {
  const bodies = [...members].map(([name, list]): Body => {
    const at = known[name]
    return {
      name,
      radius: radiusOf(list.length, space),
      ...(at === undefined ? {} : { x: at[0], y: at[1], fx: at[0], fy: at[1] }),
    }
  })
  if (bodies.every(({ fx }) => fx !== undefined)) return bodies
  const weights = new Map<string, number>()
  for (const { from, to, weight } of edges) {
    const [a, b] = [nodes[from]?.group ?? '', nodes[to]?.group ?? '']
    if (a !== b) weights.set(JSON.stringify([a, b]), (weights.get(JSON.stringify([a, b])) ?? 0) + weight)
  }
  const most = Math.max(1e-9, ...weights.values())
  const links = [...weights].map(([key, weight]): SimulationLinkDatum<Body> & { strength: number } => {
    const [source, target] = JSON.parse(key) as [string, string]
    return { source, target, strength: 0.05 + 0.3 * (weight / most) }
  })
  const reach = (body: SimulationLinkDatum<Body>['source']) => (typeof body === 'object' ? body.radius : 0)
  const simulation = forceSimulation([...bodies])
    .stop()
    .force(
      'charge',
      forceManyBody<Body>()
        .strength(({ radius }) => -12 * radius)
        .distanceMax(1500),
    )
    .force(
      'link',
      forceLink<Body, SimulationLinkDatum<Body> & { strength: number }>(links)
        .id(({ name }) => name)
        .distance(({ source, target }) => reach(source) + reach(target) + 60)
        .strength(({ strength }) => strength),
    )
    .force('collide', forceCollide<Body>(({ radius }) => radius + 14).iterations(2))
    .force('x', forceX<Body>(0).strength(0.05))
    .force('y', forceY<Body>(0).strength(0.08))
  simulation.tick(bodies.length > 400 ? 100 : 220)
  return bodies
}

function placeMembers(
  points: Float32Array,
  list: readonly number[],
  [x, y]: Point,
  known: readonly (Point | undefined)[],
  space: number,
) {
  const fresh: number[] = []
  const taken = new Set<string>()
  const cell = (px: number, py: number) => `${Math.round(px / (space * 0.8))} ${Math.round(py / (space * 0.8))}`
  for (const index of list) {
    const at = known[index]
    if (at === undefined) fresh.push(index)
    else {
      points.set(at, 2 * index)
      taken.add(cell(at[0], at[1]))
    }
  }
  const anything = taken.size > 0
  let slot = 0
  for (const index of fresh) {
    for (;;) {
      const [dx, dy] = list.length === 1 ? ([0, 0] as const) : spiral(slot, space)
      slot++
      if (anything && list.length > 1 && taken.has(cell(x + dx, y + dy))) continue
      points.set([x + dx, y + dy], 2 * index)
      break
    }
  }
}
