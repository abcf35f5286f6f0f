import { element } from '../elements.ts'
import { isNumber, isText } from '../lookup.ts'
import { sectionStep } from '../step-sections.ts'
import type { Planning } from './context.ts'

/** Headers of packets in records. */
export const sectionPlan: Planning = ({ flows, rules }, lookup, half) => {
  if (half === 'reverse') return []
  const frame = lookup.one(element.frameSection, isText)
  const section = frame ?? lookup.one(element.ipSection, isText)
  if (section === undefined) return []
  const onePacket = ['bytes', 'packets'].every(
    (field) => lookup.first(rules.get(field)?.from ?? [], isNumber) === undefined,
  )
  const frameSize = lookup.one(element.frameSize)
  return [
    sectionStep(flows, {
      section,
      kind: frame === undefined ? 'ip' : 'ethernet',
      onePacket,
      size: frameSize ?? lookup.one(element.ipLength),
      sizeIsOfFrame: frameSize !== undefined,
    }),
  ]
}
