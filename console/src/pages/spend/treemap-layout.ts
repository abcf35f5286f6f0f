/** A squarified treemap: the sides of each rectangle differ as little as possible. */
type Tile = Readonly<{ x: number; y: number; width: number; height: number }>

/** The worst ratio of sides, if the areas share a strip of this length. */
function worst(areas: readonly number[], side: number): number {
  const sum = areas.reduce((all, area) => all + area, 0)
  return Math.max((side ** 2 * Math.max(...areas)) / sum ** 2, sum ** 2 / (side ** 2 * Math.min(...areas)))
}

/** Tiles of positive values, largest first, which fill the box. */
export function tilesOf(values: readonly number[], box: Readonly<{ width: number; height: number }>): readonly Tile[] {
  const total = values.reduce((all, value) => all + value, 0)
  const areas = values.map((value) => (value * box.width * box.height) / total)
  const tiles: Tile[] = []
  let [x, y, width, height] = [0, 0, box.width, box.height]
  for (let at = 0; at < areas.length;) {
    const side = Math.min(width, height)
    let end = at + 1
    while (end < areas.length && worst(areas.slice(at, end + 1), side) <= worst(areas.slice(at, end), side)) end++
    const strip = areas.slice(at, end)
    const thick = strip.reduce((all, area) => all + area, 0) / side
    let offset = 0
    for (const area of strip) {
      const long = area / thick
      tiles.push(
        width >= height
          ? { x, y: y + offset, width: thick, height: long }
          : { x: x + offset, y, width: long, height: thick },
      )
      offset += long
    }
    if (width >= height) [x, width] = [x + thick, width - thick]
    else [y, height] = [y + thick, height - thick]
    at = end
  }
  return tiles
}

/** A tile below this part of the box can neither be read nor pressed. */
const smallest = 0.02

export type Folded<T> = Readonly<{ shown: readonly T[]; folded: readonly T[] }>

/** Parts that are large enough, largest first; a single small part stays. */
export function foldSmall<T>(parts: readonly T[], amountOf: (part: T) => number): Folded<T> {
  const sorted = parts.filter((part) => amountOf(part) > 0).toSorted((a, b) => amountOf(b) - amountOf(a))
  const total = sorted.reduce((all, part) => all + amountOf(part), 0)
  const small = sorted.filter((part) => amountOf(part) < total * smallest)
  return small.length < 2 ? { shown: sorted, folded: [] } : { shown: sorted.slice(0, -small.length), folded: small }
}
