// Generates console/src/pages/flows/overview/world.json from Natural Earth (public domain):
// npm run ts tools/world-map.ts LAND.json COUNTRIES.json CODES.json
// LAND and COUNTRIES: TopoJSON of land (1:110m) and countries (1:50m), as in the package world-atlas.
// CODES: ISO 3166-1 as [[alpha-2, alpha-3, numeric]], as in the package i18n-iso-countries.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from './kit/command.ts'

type Geometry = Readonly<{
  type: string
  id?: string
  arcs?: readonly unknown[]
  geometries?: readonly Geometry[]
}>
type Topology = Readonly<{
  transform: Readonly<{ scale: readonly [number, number]; translate: readonly [number, number] }>
  arcs: readonly (readonly (readonly [number, number])[])[]
  objects: Readonly<Record<string, Geometry>>
}>
type Point = readonly [x: number, y: number]

/** Two units per degree, from 84° N to 58° S. */
const [perDegree, north, south] = [2, 84, -58]
const places: Point = [perDegree, perDegree]

const [land, countries, codes] = process.argv.slice(2).map((file) => JSON.parse(readFileSync(file, 'utf8')) as unknown)

function rings({ transform, arcs }: Topology, { arcs: a = [], type }: Geometry): Point[][] {
  const { scale, translate } = transform
  const arcOf = (index: number): Point[] => {
    let [x, y] = [0, 0]
    const points = arcs[index < 0 ? ~index : index]!.map(([dx, dy]): Point => {
      x += dx
      y += dy
      return [x * scale[0] + translate[0], y * scale[1] + translate[1]]
    })
    return index < 0 ? points.toReversed() : points
  }
  const ring = (indexes: readonly number[]) => indexes.flatMap(arcOf)
  return type === 'Polygon' ? (a as number[][]).map(ring) : (a as number[][][]).flatMap((polygon) => polygon.map(ring))
}

const toMap = ([longitude, latitude]: Point): Point => [
  Math.round((longitude + 180) * places[0]),
  Math.round((north - latitude) * places[1]),
]

/** A ring across 180° is drawn at both edges of the map. */
function unwrapped(ring: readonly Point[]): Point[][] {
  const width = 360 * perDegree
  let turn = 0
  const points = ring.map(([x, y], at): Point => {
    const step = at === 0 ? 0 : x - ring[at - 1]![0]
    if (Math.abs(step) > width / 2) turn -= Math.sign(step) * width
    return [x + turn, y]
  })
  const xs = points.map(([x]) => x)
  const shifts = [0, ...(Math.max(...xs) > width ? [-width] : []), ...(Math.min(...xs) < 0 ? [width] : [])]
  return shifts.map((shift) => points.map(([x, y]): Point => [x + shift, y]))
}

function pathOf(topology: Topology): string {
  const { land: object } = topology.objects
  const all = (object?.geometries ?? []).flatMap((geometry) => rings(topology, geometry))
  return all
    .filter((ring) => ring.some(([, latitude]) => latitude > south))
    .map((ring) => ring.map(toMap).filter((point, at, points) => at === 0 || String(point) !== String(points[at - 1])))
    .filter((ring) => ring.length > 3)
    .flatMap(unwrapped)
    .map((ring) =>
      ring
        .map(([x, y], at) => (at === 0 ? `M${x} ${y}` : `l${x - ring[at - 1]![0]} ${y - ring[at - 1]![1]}`))
        .join('')
        .replaceAll(' -', '-'),
    )
    .map((ring) => `${ring}z`)
    .join('')
}

/** The centre of the largest ring by its area. */
function centreOf(all: readonly Point[][]): Point {
  let [best, x, y] = [0, 0, 0]
  for (const ring of all) {
    let [area, cx, cy] = [0, 0, 0]
    ring.forEach(([x1, y1], at) => {
      const [x2, y2] = ring[(at + 1) % ring.length]!
      const part = x1 * y2 - x2 * y1
      area += part
      cx += (x1 + x2) * part
      cy += (y1 + y2) * part
    })
    if (Math.abs(area) > best) [best, x, y] = [Math.abs(area), cx / (3 * area), cy / (3 * area)]
  }
  return toMap([x, y])
}

const alpha2 = new Map((codes as readonly (readonly string[])[]).map(([two, , number]) => [number, two]))
const topology = countries as Topology
const centres = Object.fromEntries(
  (topology.objects['countries']?.geometries ?? [])
    .flatMap((geometry) => {
      const code = alpha2.get(geometry.id ?? '')
      return code === undefined ? [] : [[code, centreOf(rings(topology, geometry))] as const]
    })
    .sort(([a], [b]) => (a < b ? -1 : 1)),
)
const size = [360 * perDegree, (north - south) * perDegree]
writeFileSync(
  join(ROOT, 'console/src/pages/flows/overview/world.json'),
  `${JSON.stringify({ size, path: pathOf(land as Topology), centres })}\n`,
)
