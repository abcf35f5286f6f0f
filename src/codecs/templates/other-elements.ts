import type { FieldPlace } from './data-set.ts'
import { element, endElements, startElements } from './elements.ts'
import type { ExtraElement } from './extra.ts'
import { scopePen } from './layout.ts'
import { namedElement } from './registry/index.ts'

export const keptElements = ['all', 'listed', 'none'] as const
/** `listed`: elements with a known name. */
export type KeptElements = (typeof keptElements)[number]

const paddingOctets = 210

/** Padding, and times that `time_start` and `time_end` stand for. */
const withoutValue: ReadonlySet<number> = new Set([
  paddingOctets,
  element.durationMs,
  element.durationUs,
  element.initTime,
  ...[...startElements, ...endElements].map(({ id }) => id),
])

export function otherElements(
  unused: readonly Readonly<{ pen: number; id: number; place: FieldPlace }>[],
  kept: KeptElements,
  taken: Set<string>,
): readonly Readonly<{ wanted: ExtraElement; place: FieldPlace }>[] {
  if (kept === 'none') return []
  return unused.flatMap(({ pen, id, place }) => {
    if (place.length === 0 || pen === scopePen || (pen === 0 && withoutValue.has(id))) return []
    const known = namedElement(pen, id)
    if (known === undefined && kept === 'listed') return []
    const name = freeName(known?.name ?? (pen === 0 ? `element_${id}` : `element_${pen}_${id}`), taken)
    return [{ wanted: { pen, element: id, name, type: known?.type ?? 'auto', lossless: true }, place }]
  })
}

/** A repeated element has the number of its repetition. */
function freeName(name: string, taken: Set<string>): string {
  let free = name
  for (let time = 2; taken.has(free); time++) free = `${name}_${time}`
  taken.add(free)
  return free
}
