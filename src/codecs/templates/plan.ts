import type { FlowBuilder, GrowingColumn } from '../../model/flow-builder.ts'
import type { FlowFieldName } from '../../model/fields.ts'
import type { FieldPlace } from './data-set.ts'
import { applicationStep } from './applications.ts'
import type { OpenConnections } from './connections.ts'
import {
  aclRules,
  addressRules,
  element,
  endElements,
  firewallEvent,
  juniperProperty,
  keyOf,
  macRules,
  maskRules,
  netobservRules,
  numberRules,
  startElements,
  textRules,
  type Rule,
} from './elements.ts'
import { extraStep, type ExtraElement } from './extra.ts'
import { otherElements, type KeptElements } from './other-elements.ts'
import type { Layout } from './layout.ts'
import { isBytes, isFixedNumber, isNumber, isText, Lookup, type Half } from './lookup.ts'
import { addressStep, endpointSteps, familyAddressStep, familyMaskStep } from './step-addresses.ts'
import { aclText, connectionStep, type ConnectionCounter } from './step-firewall.ts'
import { interfaceStep, listSteps, mplsStep, singleListStep, textStep } from './step-names.ts'
import {
  directionStep,
  dscpStep,
  exceptionStep,
  firstNumberStep,
  macStep,
  numberStep,
  type Step,
} from './step-numbers.ts'
import { portSteps } from './step-ports.ts'
import { samplingStep, type SamplingDefaults } from './step-sampling.ts'
import { sectionStep } from './step-sections.ts'
import { timeSteps, type SkewRule } from './step-times.ts'
import { StringCodes } from './strings.ts'

type ReverseCounter = Readonly<{
  place: FieldPlace
  /** Of the other direction: if it is equal, both count the same packets. */
  unlike: FieldPlace | undefined
}>

export type Plan = Readonly<{
  forward: readonly Step[]
  /** For bidirectional records in which one of these counters is not 0, nor that of the other direction. */
  reverse: Readonly<{ steps: readonly Step[]; counters: readonly ReverseCounter[] }> | undefined
}>

export type PlanOptions = Readonly<{
  netobservPen: number
  /** Named by the configuration; stored whatever `elements` is. */
  extra: readonly ExtraElement[]
  elements: KeptElements
}>

const connectionEnds: readonly number[] = [8, 12, 27, 28, 7, 11, 4]

const isAddress = ({ length }: FieldPlace) => length === 4 || length === 16

export class Planner {
  readonly #flows: FlowBuilder
  readonly #options: PlanOptions
  readonly #codes: StringCodes
  readonly #aclCodes: StringCodes
  readonly #connections: OpenConnections
  readonly #netobserv
  readonly #rules: ReadonlyMap<string, Rule>
  readonly #skew: SkewRule
  readonly #sampling: SamplingDefaults

  constructor(
    flows: FlowBuilder,
    options: PlanOptions,
    skew: SkewRule,
    sampling: SamplingDefaults,
    connections: OpenConnections,
  ) {
    this.#flows = flows
    this.#options = options
    this.#skew = skew
    this.#sampling = sampling
    this.#codes = new StringCodes(flows)
    this.#aclCodes = new StringCodes(flows, aclText)
    this.#connections = connections
    this.#netobserv = netobservRules(options.netobservPen)
    const all = [
      ...numberRules,
      ...addressRules,
      ...macRules,
      ...maskRules,
      ...textRules,
      ...aclRules,
      ...this.#netobserv.text,
      ...this.#netobserv.number,
    ]
    this.#rules = new Map(all.map((rule) => [rule.field, rule]))
  }

  plan(layout: Layout): Plan {
    const lookup = new Lookup(layout, this.#rules)
    const counters = ['bytes', 'packets'].flatMap((field) => {
      const rule = this.#rules.get(field)!
      const place = lookup.rule(rule, 'reverse', isNumber)
      if (place === undefined) return []
      return [{ place, unlike: lookup.outBytes === 'unlike' ? lookup.rule(rule, 'forward', isNumber) : undefined }]
    })
    const [forward, back] = [this.#steps(lookup, 'forward'), counters.length > 0 ? this.#steps(lookup, 'reverse') : []]
    const extra = this.#extra(lookup)
    const reverse = counters.length === 0 ? undefined : { steps: [...back, ...extra], counters }
    return { forward: [...forward, ...extra], reverse }
  }

  #steps(lookup: Lookup, half: Half): readonly Step[] {
    return [
      ...(half === 'forward' ? this.#sections(lookup) : []),
      ...this.#numbers(lookup, half),
      ...this.#connection(lookup, half),
      ...this.#endpoints(lookup, half),
      ...this.#ports(lookup, half),
      ...this.#times(lookup, half),
      ...this.#addresses(lookup, half),
      ...this.#names(lookup, half),
      ...this.#rest(lookup, half),
    ]
  }

  #sections(lookup: Lookup): readonly Step[] {
    const frame = lookup.one(element.frameSection, isText)
    const section = frame ?? lookup.one(element.ipSection, isText)
    if (section === undefined) return []
    const onePacket = ['bytes', 'packets'].every(
      (field) => lookup.first(this.#rules.get(field)?.from ?? [], isNumber) === undefined,
    )
    const frameSize = lookup.one(element.frameSize)
    return [
      sectionStep(this.#flows, {
        section,
        kind: frame === undefined ? 'ip' : 'ethernet',
        onePacket,
        size: frameSize ?? lookup.one(element.ipLength),
        sizeIsOfFrame: frameSize !== undefined,
      }),
    ]
  }

  #numbers(lookup: Lookup, half: Half): readonly Step[] {
    const steps: Step[] = []
    for (const rule of [...numberRules, ...this.#netobserv.number]) {
      // Other counters are not the same quantity: they are kept as further elements.
      const isCounter = rule.field === 'bytes' || rule.field === 'packets'
      const first = isCounter ? lookup.rule(rule, half, isNumber) : undefined
      const places = isCounter ? (first === undefined ? [] : [first]) : lookup.each(rule, half, isNumber)
      const [place] = places
      const isZeroAbsent = rule.zeroIsAbsent === true
      if (places.length > 1) steps.push(firstNumberStep(this.#column(rule.field), places, isZeroAbsent))
      else if (place !== undefined) steps.push(numberStep(this.#column(rule.field), place, isZeroAbsent))
    }
    const direction = lookup.of([element.direction], half, isNumber, [])
    if (direction !== undefined) steps.push(directionStep(this.#flows.column('direction'), direction))
    const properties = lookup.repeated(juniperProperty, isBytes(2))
    if (properties.length > 0 && !lookup.has(element.forwardingStatus))
      steps.push(exceptionStep(this.#flows.column('forwarding_status'), properties))
    const codePoint = lookup.of([element.codePoint], half, isNumber, [])
    const place = codePoint ?? lookup.of([element.classOfService], half, isNumber, [])
    if (place !== undefined) steps.push(dscpStep(this.#flows.column('dscp'), place, codePoint === undefined ? 2 : 0))
    for (const rule of macRules) {
      const mac = lookup.each(rule, half, isBytes(6))
      if (mac.length > 0) steps.push(macStep(this.#column(rule.field) as GrowingColumn<Uint32Array>, mac))
    }
    return steps
  }

  #connection(lookup: Lookup, half: Half): readonly Step[] {
    const event = lookup.first(firewallEvent, isNumber)
    if (event === undefined) return []
    const mixed = half === 'forward' ? element.initiatorCounters : element.responderCounters
    const [bytes, packets] = (['bytes', 'packets'] as const).map((field, at): ConnectionCounter | undefined => {
      const place = lookup.rule(this.#rules.get(field)!, half, isNumber)
      if (place === undefined) return undefined
      const total = at === 0 ? element.octetTotal : element.packetTotal
      if (place === lookup.first([mixed[at]!], isNumber)) return 'mixed'
      return place === lookup.of([total], half, isNumber, []) ? 'total' : undefined
    })
    if (bytes === undefined && packets === undefined) return []
    const id = lookup.one(element.flowId)
    const identity = id === undefined ? lookup.all(connectionEnds) : [id]
    if (identity.length === 0) return []
    const places = { event, identity, bytes, packets }
    return [connectionStep(this.#flows, places, half === 'forward' ? 0 : 1, this.#connections, this.#sampling)]
  }

  #endpoints(lookup: Lookup, half: Half): readonly Step[] {
    const source = { v4: lookup.one(element.sourceV4, isBytes(4)), v6: lookup.one(element.sourceV6, isBytes(16)) }
    const destination = {
      v4: lookup.one(element.destinationV4, isBytes(4)),
      v6: lookup.one(element.destinationV6, isBytes(16)),
    }
    const [src, dst] = half === 'forward' ? [source, destination] : [destination, source]
    const columns = {
      etype: this.#flows.column('etype'),
      src: this.#flows.column('src_addr'),
      dst: this.#flows.column('dst_addr'),
    }
    return endpointSteps(columns, src, dst, {
      ipVersion: lookup.one(element.ipVersion, isBytes(1)),
      etherType: lookup.one(element.etherType, isBytes(2)),
    })
  }

  #ports(lookup: Lookup, half: Half): readonly Step[] {
    const flows = this.#flows
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
      this.#sampling,
    )
  }

  #times(lookup: Lookup, half: Half): readonly Step[] {
    const flows = this.#flows
    const ms = lookup.of([element.durationMs], half, isFixedNumber)
    const us = lookup.of([element.durationUs], half, isFixedNumber)
    const duration =
      ms !== undefined ? { place: ms, perMs: 1 } : us !== undefined ? { place: us, perMs: 1000 } : undefined
    return timeSteps(
      { start: flows.column('time_start'), end: flows.column('time_end'), skewed: flows.column('time_skewed') },
      {
        start: lookup.time(startElements, half),
        end: lookup.time(endElements, half),
        duration,
        initTime: lookup.one(element.initTime, isBytes(8)),
      },
      this.#skew,
    )
  }

  #addresses(lookup: Lookup, half: Half): readonly Step[] {
    const steps: Step[] = []
    const etype = this.#flows.column('etype')
    for (const rule of addressRules) {
      // Default: the sender's address; a relay that names the exporter takes precedence.
      const places = lookup.each(rule, half, isAddress)
      const [place] = places
      const column = this.#column(rule.field) as GrowingColumn<Uint32Array>
      const isZeroAbsent = rule.zeroIsAbsent === true
      if (places.length > 1) steps.push(familyAddressStep(etype, column, places, isZeroAbsent))
      else if (place !== undefined) steps.push(addressStep(column, place, isZeroAbsent))
    }
    for (const rule of maskRules) {
      const [v4, v6] = lookup.each(rule, half, isNumber)
      const column = this.#column(rule.field)
      if (v4 !== undefined && v6 !== undefined)
        steps.push(familyMaskStep(etype, column as GrowingColumn<Uint8Array>, v4, v6))
      else if (v4 !== undefined) steps.push(numberStep(column, v4, false))
    }
    return steps
  }

  #names(lookup: Lookup, half: Half): readonly Step[] {
    const steps: Step[] = []
    for (const [rules, codes] of [
      [[...this.#netobserv.text, ...textRules], this.#codes],
      [aclRules, this.#aclCodes],
    ] as const) {
      for (const rule of rules) {
        const place = lookup.rule(rule, half, isText)
        if (place !== undefined)
          steps.push(textStep(this.#column(rule.field) as GrowingColumn<Uint32Array>, place, codes))
      }
    }
    const application = lookup.one(element.applicationId, isText)
    if (application !== undefined)
      steps.push(applicationStep(this.#flows, this.#flows.column('application'), application, this.#sampling))
    const name = lookup.one(element.interfaceName, isText)
    const interfaces = lookup.first([this.#netobserv.interfaces], isText)
    if (name !== undefined && half === 'forward') {
      const columns = { input: this.#flows.column('in_if_name'), output: this.#flows.column('out_if_name') }
      const direction = lookup.one(element.direction)
      steps.push(interfaceStep(columns, name, direction, this.#codes))
      if (interfaces === undefined) steps.push(singleListStep(this.#flows, name, direction, this.#codes))
    }
    steps.push(...listSteps(this.#flows, interfaces, lookup.first([this.#netobserv.directions], isText), this.#codes))
    return steps
  }

  #rest(lookup: Lookup, half: Half): readonly Step[] {
    const steps: Step[] = []
    const labels: FieldPlace[] = []
    for (let id = element.firstLabel; half === 'forward' && id <= element.lastLabel; id++) {
      const place = lookup.one(id, ({ length }) => length !== undefined && length >= 3)
      if (place !== undefined) labels.push(place)
    }
    if (labels.length > 0) steps.push(mplsStep(this.#flows, labels))
    const scopes = {
      input: lookup.rule(this.#rules.get('in_if')!, half, isNumber),
      output: lookup.rule(this.#rules.get('out_if')!, half, isNumber),
      direction: half === 'forward' ? lookup.one(element.direction) : undefined,
    }
    steps.push(samplingStep({ sampling: this.#flows.column('sampling') }, lookup.sampling(), scopes, this.#sampling))
    if (half === 'reverse') {
      const reverse = this.#flows.column('reverse')
      steps.push((set, row) => reverse.fill(1, row, row + set.count))
    }
    return steps
  }

  /** After all other steps: the elements that they do not read are stored by name. */
  #extra(lookup: Lookup): readonly Step[] {
    const configured = this.#options.extra.flatMap((wanted) => {
      const place = lookup.first(keysOf(wanted), isText)
      return place === undefined ? [] : [{ wanted, place }]
    })
    const taken = new Set(configured.map(({ wanted }) => wanted.name))
    const others = otherElements(lookup.unused(), this.#options.elements, taken)
    const all = [...configured, ...others]
    return all.length === 0 ? [] : [extraStep(this.#flows, all)]
  }

  #column(field: FlowFieldName) {
    return this.#flows.column(field) as unknown as GrowingColumn
  }
}

/** NetFlow v9 sends an id of a vendor from 32768 without the enterprise number, IPFIX without the first bit. */
function keysOf({ pen, element: id }: ExtraElement): readonly number[] {
  if (id < 0x8000) return [keyOf(pen, id)]
  return pen === 0 ? [id] : [id, keyOf(pen, id - 0x8000)]
}
