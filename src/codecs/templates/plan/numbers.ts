import type { GrowingColumn } from '../../../model/flow-builder.ts'
import { element, juniperProperty, macRules, numberRules } from '../elements.ts'
import { isBytes, isNumber } from '../lookup.ts'
import {
  directionStep,
  dscpStep,
  exceptionStep,
  firstNumberStep,
  macStep,
  numberStep,
  type Step,
} from '../step-numbers.ts'
import { columnOf, type Planning } from './context.ts'

export const numberPlan: Planning = (context, lookup, half) => {
  const { flows, netobserv } = context
  const steps: Step[] = []
  for (const rule of [...numberRules, ...netobserv.number]) {
    // Other counters are not the same quantity: they are kept as further elements.
    const isCounter = rule.field === 'bytes' || rule.field === 'packets'
    const first = isCounter ? lookup.rule(rule, half, isNumber) : undefined
    const places = isCounter ? (first === undefined ? [] : [first]) : lookup.each(rule, half, isNumber)
    const [position] = places
    const zeros = rule.zeroIsAbsent === true ? 'absent' : 'values'
    if (places.length > 1) steps.push(firstNumberStep(columnOf(context, rule.field), places, zeros))
    else if (position !== undefined) steps.push(numberStep(columnOf(context, rule.field), position, zeros))
  }
  const direction = lookup.of([element.direction], half, isNumber, [])
  if (direction !== undefined) steps.push(directionStep(flows.column('direction'), direction))
  const properties = lookup.repeated(juniperProperty, isBytes(2))
  if (properties.length > 0 && !lookup.has(element.forwardingStatus))
    steps.push(exceptionStep(flows.column('forwarding_status'), properties))
  const codePoint = lookup.of([element.codePoint], half, isNumber, [])
  const place = codePoint ?? lookup.of([element.classOfService], half, isNumber, [])
  if (place !== undefined) steps.push(dscpStep(flows.column('dscp'), place, codePoint === undefined ? 2 : 0))
  for (const rule of macRules) {
    const mac = lookup.each(rule, half, isBytes(6))
    if (mac.length > 0) steps.push(macStep(columnOf(context, rule.field) as GrowingColumn<Uint32Array>, mac))
  }
  return steps
}
