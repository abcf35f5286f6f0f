// Information elements by field (IANA IPFIX registry, shared by NetFlow v9).
import type { FlowFieldName } from '../../model/fields.ts'

/** Reverse of the IANA element of the same number (RFC 5103). */
export const reversePen = 29305
const ciscoPen = 9
const paloAlto = 25461
const vmware = 6876

/** Enterprise (0: IANA) and id. */
export const keyOf = (pen: number, id: number): number => pen * 0x10000 + id

const ofVmware = (id: number) => keyOf(vmware, id)

/** Common properties of Juniper: a list; the upper 6 bits are the id of each. */
export const juniperProperty = keyOf(2636, 137)

/** Cisco's types of v9 from 32768 are elements of its enterprise number in IPFIX. */
export const cisco = (type: number): readonly number[] => [type, keyOf(ciscoPen, type - 0x8000)]

type InReverse = 'same' | 'none' | { readonly swap: FlowFieldName }

export type Rule = Readonly<{
  field: FlowFieldName
  from: readonly number[]
  /** IANA elements with reverse meaning. */
  reverseFrom?: readonly number[]
  /** Element of the way back, which nProbe sends. */
  wayBack?: number
  reverse: InReverse
  /** 0 means absent. */
  zeroIsAbsent?: true
}>

const swap = (field: FlowFieldName): InReverse => ({ swap: field })

/** nProbe: of IPFIX, and its types of v9. */
const ntop = 35632
const ntopTypes = { from: 57472, to: 59999 }
/** Exporters (Fortinet and others) that repeat the packets before the device in IE 23 and 24. */
const samePackets: readonly number[] = [61, 65, 82, 89, 95, 96, 136, 225, 226, 230, 233, 281, 282]

/**
 * What OUT_BYTES and OUT_PKTS (IE 23, 24) count beside IN_BYTES (IE 1). `unlike`: the way back as well, unless both
 * counters are equal.
 */
export function outBytesOf(fields: readonly Readonly<{ pen: number; id: number }>[]): 'back' | 'unlike' | 'same' {
  const has = (id: number) => fields.some((field) => field.pen === 0 && field.id === id)
  if (!has(1) || !has(23)) return 'same'
  const isNtop = fields.some(({ pen, id }) => pen === ntop || (pen === 0 && id >= ntopTypes.from && id <= ntopTypes.to))
  if (isNtop) return 'back'
  return samePackets.some(has) || fields.some(({ pen }) => pen !== 0) ? 'same' : 'unlike'
}

/** 40005: releases of ASA before 8.4. */
export const firewallEvent: readonly number[] = [233, ...cisco(40005)]

export const numberRules: readonly Rule[] = [
  { field: 'bytes', from: [1, 85, 231, 23, 352], reverseFrom: [232], wayBack: 23, reverse: 'none' },
  { field: 'packets', from: [2, 86, 298, 24], reverseFrom: [299], wayBack: 24, reverse: 'none' },
  { field: 'proto', from: [4, 193], reverse: 'same' },
  { field: 'tcp_flags', from: [6], reverse: 'none' },
  { field: 'in_if', from: [10, 252], reverse: swap('out_if') },
  { field: 'out_if', from: [14, 253], reverse: swap('in_if') },
  { field: 'src_as', from: [16], reverse: swap('dst_as') },
  { field: 'dst_as', from: [17], reverse: swap('src_as') },
  { field: 'flow_label', from: [31], reverse: 'none' },
  { field: 'ip_ttl', from: [192, 52, 53], reverse: 'none' },
  { field: 'fragment_id', from: [54], reverse: 'none' },
  { field: 'fragment_offset', from: [88], reverse: 'none' },
  { field: 'vlan', from: [58, 243], reverse: 'same', zeroIsAbsent: true },
  { field: 'dst_vlan', from: [59, 254], reverse: 'same', zeroIsAbsent: true },
  { field: 'inner_vlan', from: [245, 255], reverse: 'same', zeroIsAbsent: true },
  { field: 'vni', from: [351], reverse: 'same', zeroIsAbsent: true },
  { field: 'forwarding_status', from: [89], reverse: 'same' },
  { field: 'flow_end_reason', from: [136], reverse: 'same' },
  { field: 'observation_point', from: [138], reverse: 'same' },
  { field: 'flow_id', from: [148], reverse: 'same' },
  { field: 'in_vrf', from: [234], reverse: swap('out_vrf') },
  { field: 'out_vrf', from: [235], reverse: swap('in_vrf') },
  { field: 'biflow_direction', from: [239], reverse: 'same' },
  { field: 'xlat_src_port', from: [227, ...cisco(40003)], reverse: swap('xlat_dst_port'), zeroIsAbsent: true },
  { field: 'xlat_dst_port', from: [228, ...cisco(40004)], reverse: swap('xlat_src_port'), zeroIsAbsent: true },
  { field: 'firewall_event', from: firewallEvent, reverse: 'same' },
  { field: 'firewall_reason', from: [...cisco(33002), ...cisco(35001)], reverse: 'same', zeroIsAbsent: true },
  { field: 'nat_event', from: [230], reverse: 'same', zeroIsAbsent: true },
  { field: 'inner_proto', from: [ofVmware(880)], reverse: 'same', zeroIsAbsent: true },
  { field: 'inner_src_port', from: [ofVmware(886)], reverse: swap('inner_dst_port') },
  { field: 'inner_dst_port', from: [ofVmware(887)], reverse: swap('inner_src_port') },
]

/** Palo Alto has its elements in v9 without an enterprise number. */
export const textRules: readonly Rule[] = [
  { field: 'user', from: [371, ...cisco(40000), 56702, keyOf(paloAlto, 56702 - 0x8000)], reverse: 'same' },
  { field: 'application', from: [96, 56701, keyOf(paloAlto, 56701 - 0x8000)], reverse: 'same' },
]

export const aclRules: readonly Rule[] = [
  { field: 'in_acl', from: cisco(33000), reverse: 'same' },
  { field: 'out_acl', from: cisco(33001), reverse: 'same' },
]

export const maskRules: readonly Rule[] = [
  { field: 'src_mask', from: [9, 29], reverse: swap('dst_mask') },
  { field: 'dst_mask', from: [13, 30], reverse: swap('src_mask') },
]

/** 4 or 16 bytes in any address family. 40001 and 40002: Cisco ASA, v9. */
export const addressRules: readonly Rule[] = [
  { field: 'next_hop', from: [15, 62], reverse: 'none' },
  { field: 'bgp_next_hop', from: [18, 63], reverse: 'none' },
  { field: 'xlat_src_addr', from: [225, 281, ...cisco(40001)], reverse: swap('xlat_dst_addr'), zeroIsAbsent: true },
  { field: 'xlat_dst_addr', from: [226, 282, ...cisco(40002)], reverse: swap('xlat_src_addr'), zeroIsAbsent: true },
  { field: 'exporter_addr', from: [130, 131], reverse: 'same', zeroIsAbsent: true },
  { field: 'inner_src_addr', from: [881, 883].map(ofVmware), reverse: swap('inner_dst_addr'), zeroIsAbsent: true },
  { field: 'inner_dst_addr', from: [882, 884].map(ofVmware), reverse: swap('inner_src_addr'), zeroIsAbsent: true },
]

export const macRules: readonly Rule[] = [
  { field: 'src_mac', from: [56, 81], reverse: swap('dst_mac') },
  { field: 'dst_mac', from: [80, 57], reverse: swap('src_mac') },
]

export function netobservRules(
  pen: number,
): Readonly<{ text: readonly Rule[]; number: readonly Rule[]; interfaces: number; directions: number }> {
  const text = (field: FlowFieldName, id: number, opposite: FlowFieldName): Rule => ({
    field,
    from: [keyOf(pen, id)],
    reverse: swap(opposite),
  })
  return {
    text: [
      text('src_namespace', 7733, 'dst_namespace'),
      text('src_name', 7734, 'dst_name'),
      text('dst_namespace', 7735, 'src_namespace'),
      text('dst_name', 7736, 'src_name'),
      text('src_node', 7737, 'dst_node'),
      text('dst_node', 7738, 'src_node'),
    ],
    number: [{ field: 'rtt', from: [keyOf(pen, 7740)], reverse: 'same' }],
    interfaces: keyOf(pen, 7741),
    directions: keyOf(pen, 7742),
  }
}

/** `uptime`: ms since the exporter started; `before`: µs before the export. */
export type TimeUnit = 'ms' | 's' | 'ntp' | 'before' | 'uptime'

export type TimeElement = Readonly<{
  id: number
  unit: TimeUnit
}>

const observed: readonly TimeElement[] = [
  { id: 323, unit: 'ms' },
  { id: 324, unit: 'ntp' },
  { id: 325, unit: 'ntp' },
  { id: 322, unit: 's' },
]

/** Independent of other clocks first, then the finest. */
export const startElements: readonly TimeElement[] = [
  { id: 152, unit: 'ms' },
  { id: 154, unit: 'ntp' },
  { id: 156, unit: 'ntp' },
  { id: 158, unit: 'before' },
  { id: 150, unit: 's' },
  { id: 22, unit: 'uptime' },
  ...observed,
]
export const endElements: readonly TimeElement[] = [
  { id: 153, unit: 'ms' },
  { id: 155, unit: 'ntp' },
  { id: 157, unit: 'ntp' },
  { id: 159, unit: 'before' },
  { id: 151, unit: 's' },
  { id: 21, unit: 'uptime' },
  ...observed,
]

export const element = {
  octets: 1,
  sourcePort: [7, 180, 182],
  destinationPort: [11, 181, 183],
  sourceV4: 8,
  destinationV4: 12,
  sourceV6: 27,
  destinationV6: 28,
  classOfService: 5,
  codePoint: 195,
  ingressInterface: 10,
  egressInterface: 14,
  icmpV4: 32,
  icmpV6: 139,
  icmpTypeV4: 176,
  icmpCodeV4: 177,
  icmpTypeV6: 178,
  icmpCodeV6: 179,
  ipVersion: 60,
  etherType: 256,
  direction: 61,
  forwardingStatus: 89,
  firstLabel: 70,
  lastLabel: 79,
  interfaceName: 82,
  interfaceDescription: 83,
  durationMs: 161,
  durationUs: 162,
  initTime: 160,
  flowId: 148,
  applicationId: 95,
  applicationName: 96,
  applicationDescription: 94,
  octetTotal: 85,
  packetTotal: 86,
  initiatorCounters: [231, 298],
  responderCounters: [232, 299],
  samplingInterval: 34,
  samplerId: 48,
  samplerMode: 49,
  samplerInterval: 50,
  selectorId: 302,
  templateId: 145,
  samplingAlgorithm: 304,
  spacingSampled: 305,
  spacingSkipped: 306,
  timeSampled: 307,
  timeSkipped: 308,
  sizeSampled: 309,
  sizePopulation: 310,
  probability: 311,
  ipSection: 313,
  frameSection: 315,
  frameSize: 312,
  ipLength: 224,
} as const
