/**
 * An entity has one colour in every chart of the console, as long as no other entity of the chart has it. The colour
 * follows from the name, so that a reload and a shared link show the same one.
 */

const hues = 7
/** The darker colours are for charts with more names. */
const count = 15
const colorByName = new Map<string, number>()

/** Indexes of colours for different names, from 0. */
export function entityColors(names: readonly string[]): readonly number[] {
  const colors = new Map<string, number>()
  const taken = new Set<number>()
  const take = (name: string, color: number) => {
    colors.set(name, color)
    taken.add(color)
    if (!colorByName.has(name)) colorByName.set(name, color)
  }
  // Independent of the order in the chart, which follows the values.
  const sorted = names.toSorted()
  for (const name of sorted) {
    const before = colorByName.get(name)
    if (before !== undefined && !taken.has(before)) take(name, before)
  }
  for (const name of sorted) if (!colors.has(name)) take(name, firstFree(hueOf(name), taken))
  return names.map((name) => colors.get(name) ?? 0)
}

function firstFree(hue: number, taken: ReadonlySet<number>): number {
  const bright = Array.from({ length: hues }, (_, step) => (hue + step) % hues)
  const darker = Array.from({ length: count - hues }, (_, step) => hues + ((hue + step) % (count - hues)))
  return [...bright, ...darker].find((color) => !taken.has(color)) ?? hue
}

/** FNV-1a; moved, so that “Bytes” has the first colour. */
function hueOf(name: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < name.length; at++) hash = Math.imul(hash ^ name.charCodeAt(at), 0x01000193) >>> 0
  return (hash + 5) % hues
}
