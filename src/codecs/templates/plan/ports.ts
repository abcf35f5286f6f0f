import { element } from '../elements.ts'
import { isNumber } from '../lookup.ts'
import { portSteps } from '../step-ports.ts'
import type { Planning } from './context.ts'

export const portPlan: Planning = ({ flows, sampling }, lookup, half) => {
  const portsOf = ([any, udp, tcp]: readonly [number, number, number]) => ({
    any: lookup.one(any),
    udp: lookup.one(udp),
    tcp: lookup.one(tcp),
  })
  const ports = [portsOf(element.sourcePort), portsOf(element.destinationPort)] as const
  const [srcPort, dstPort] = half === 'forward' ? ports : [ports[1], ports[0]]
  const icmp = (id: number) => lookup.of([id], half, isNumber, [])
  return portSteps(
    {
      proto: flows.column('proto'),
      srcPort: flows.column('src_port'),
      dstPort: flows.column('dst_port'),
      icmpType: flows.column('icmp_type'),
      icmpCode: flows.column('icmp_code'),
    },
    {
      srcPort,
      dstPort,
      icmpV4: {
        both: icmp(element.icmpV4),
        type: icmp(element.icmpTypeV4),
        code: icmp(element.icmpCodeV4),
      },
      icmpV6: {
        both: icmp(element.icmpV6),
        type: icmp(element.icmpTypeV6),
        code: icmp(element.icmpCodeV6),
      },
      icmpInPort: half === 'forward',
      hasProto: lookup.first([4, 193], isNumber) !== undefined,
    },
    sampling,
  )
}
