import type { GrowingColumn } from '../../../model/flow-builder.ts'
import type { FieldPlace } from '../data-set.ts'
import { addressRules, element, maskRules } from '../elements.ts'
import { isBytes, isNumber } from '../lookup.ts'
import { addressStep, endpointSteps, familyAddressStep, familyMaskStep } from '../step-addresses.ts'
import { numberStep, type Step } from '../step-numbers.ts'
import { columnOf, type Planning } from './context.ts'

const isAddress = ({ length }: FieldPlace) => length === 4 || length === 16

export const endpointPlan: Planning = ({ flows }, lookup, half) => {
  const source = { v4: lookup.one(element.sourceV4, isBytes(4)), v6: lookup.one(element.sourceV6, isBytes(16)) }
  const destination = {
    v4: lookup.one(element.destinationV4, isBytes(4)),
    v6: lookup.one(element.destinationV6, isBytes(16)),
  }
  const [src, dst] = half === 'forward' ? [source, destination] : [destination, source]
  const columns = { etype: flows.column('etype'), src: flows.column('src_addr'), dst: flows.column('dst_addr') }
  return endpointSteps(columns, src, dst, {
    ipVersion: lookup.one(element.ipVersion, isBytes(1)),
    etherType: lookup.one(element.etherType, isBytes(2)),
  })
}

/** All others, and their masks. */
export const addressPlan: Planning = (context, lookup, half) => {
  const steps: Step[] = []
  const etype = context.flows.column('etype')
  for (const rule of addressRules) {
    // Default: the sender's address; a relay that names the exporter takes precedence.
    const places = lookup.each(rule, half, isAddress)
    const [position] = places
    const column = columnOf(context, rule.field) as GrowingColumn<Uint32Array>
    const zeros = rule.zeroIsAbsent === true ? 'absent' : 'values'
    if (places.length > 1) steps.push(familyAddressStep(etype, column, places, zeros))
    else if (position !== undefined) steps.push(addressStep(column, position, zeros))
  }
  for (const rule of maskRules) {
    const [v4, v6] = lookup.each(rule, half, isNumber)
    const column = columnOf(context, rule.field)
    if (v4 !== undefined && v6 !== undefined)
      steps.push(familyMaskStep(etype, column as GrowingColumn<Uint8Array>, v4, v6))
    else if (v4 !== undefined) steps.push(numberStep(column, v4, 'values'))
  }
  return steps
}
