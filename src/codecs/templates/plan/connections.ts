import { element, firewallEvent } from '../elements.ts'
import { isNumber } from '../lookup.ts'
import { connectionStep, type ConnectionCounter } from '../step-firewall.ts'
import type { Planning } from './context.ts'

const connectionEnds: readonly number[] = [8, 12, 27, 28, 7, 11, 4]

/** Plan of connections, which firewalls report. */
export const connectionPlan: Planning = ({ flows, rules, connections, sampling }, lookup, half) => {
  const event = lookup.first(firewallEvent, isNumber)
  if (event === undefined) return []
  const mixed = half === 'forward' ? element.initiatorCounters : element.responderCounters
  const [bytes, packets] = (['bytes', 'packets'] as const).map((field, at): ConnectionCounter | undefined => {
    const position = lookup.rule(rules.get(field)!, half, isNumber)
    if (position === undefined) return undefined
    const total = at === 0 ? element.octetTotal : element.packetTotal
    if (position === lookup.first([mixed[at]!], isNumber)) return 'mixed'
    return position === lookup.of([total], half, isNumber, []) ? 'total' : undefined
  })
  if (bytes === undefined && packets === undefined) return []
  const id = lookup.one(element.flowId)
  const identity = id === undefined ? lookup.all(connectionEnds) : [id]
  if (identity.length === 0) return []
  const places = { event, identity, bytes, packets }
  return [connectionStep(flows, places, half === 'forward' ? 0 : 1, connections, sampling)]
}
