import type { FlowBuilder } from '../../../model/flow-builder.ts'
import type { OpenConnections } from '../connections.ts'
import type { FieldPlace } from '../data-set.ts'
import {
  aclRules,
  addressRules,
  keyOf,
  macRules,
  maskRules,
  netobservRules,
  numberRules,
  textRules,
} from '../elements.ts'
import { extraStep, type ExtraElement } from '../extra.ts'
import type { Layout } from '../layout.ts'
import { isNumber, isText, Lookup, type Half } from '../lookup.ts'
import { otherElements, type KeptElements } from '../other-elements.ts'
import { aclText } from '../step-firewall.ts'
import type { Step } from '../step-numbers.ts'
import type { SamplingDefaults } from '../step-sampling.ts'
import type { SkewRule } from '../step-times.ts'
import { StringCodes } from '../strings.ts'
import { addressPlan, endpointPlan } from './addresses.ts'
import { connectionPlan } from './connections.ts'
import type { PlanContext, Planning } from './context.ts'
import { labelPlan, namePlan } from './names.ts'
import { numberPlan } from './numbers.ts'
import { portPlan } from './ports.ts'
import { samplingPlan } from './sampling.ts'
import { sectionPlan } from './sections.ts'
import { timePlan } from './times.ts'

type ReverseCounter = Readonly<{
  place: FieldPlace
  /** Field of the other direction: if it is equal, both count the same packets. */
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

/** In the order in which their steps run: later ones read columns of earlier ones. */
const plannings: readonly Planning[] = [
  sectionPlan,
  numberPlan,
  connectionPlan,
  endpointPlan,
  portPlan,
  timePlan,
  addressPlan,
  namePlan,
  labelPlan,
  samplingPlan,
  ({ flows }, _, half) => {
    if (half === 'forward') return []
    const reverse = flows.column('reverse')
    return [(set, row) => reverse.fill(1, row, row + set.count)]
  },
]

export class Planner {
  readonly #options: PlanOptions
  readonly #context: PlanContext

  constructor(
    flows: FlowBuilder,
    options: PlanOptions,
    skew: SkewRule,
    sampling: SamplingDefaults,
    connections: OpenConnections,
  ) {
    this.#options = options
    const netobserv = netobservRules(options.netobservPen)
    const all = [
      ...numberRules,
      ...addressRules,
      ...macRules,
      ...maskRules,
      ...textRules,
      ...aclRules,
      ...netobserv.text,
      ...netobserv.number,
    ]
    this.#context = {
      flows,
      rules: new Map(all.map((rule) => [rule.field, rule])),
      netobserv,
      codes: new StringCodes(flows),
      aclCodes: new StringCodes(flows, aclText),
      connections,
      skew,
      sampling,
    }
  }

  plan(layout: Layout): Plan {
    const { rules } = this.#context
    const lookup = new Lookup(layout, rules)
    const counters = ['bytes', 'packets'].flatMap((field) => {
      const rule = rules.get(field)!
      const position = lookup.rule(rule, 'reverse', isNumber)
      if (position === undefined) return []
      return [
        { place: position, unlike: lookup.outBytes === 'unlike' ? lookup.rule(rule, 'forward', isNumber) : undefined },
      ]
    })
    const [forward, back] = [this.#steps(lookup, 'forward'), counters.length > 0 ? this.#steps(lookup, 'reverse') : []]
    const extra = this.#extra(lookup)
    const reverse = counters.length === 0 ? undefined : { steps: [...back, ...extra], counters }
    return { forward: [...forward, ...extra], reverse }
  }

  #steps(lookup: Lookup, half: Half): readonly Step[] {
    return plannings.flatMap((planned) => planned(this.#context, lookup, half))
  }

  /** After all other steps: the elements that they do not read are stored by name. */
  #extra(lookup: Lookup): readonly Step[] {
    const configured = this.#options.extra.flatMap((wanted) => {
      const position = lookup.first(keysOf(wanted), isText)
      return position === undefined ? [] : [{ wanted, place: position }]
    })
    const taken = new Set(configured.map(({ wanted }) => wanted.name))
    const others = otherElements(lookup.unused(), this.#options.elements, taken)
    const all = [...configured, ...others]
    return all.length === 0 ? [] : [extraStep(this.#context.flows, all)]
  }
}

/** NetFlow v9 sends an id of a vendor from 32768 without the enterprise number, IPFIX without the first bit. */
function keysOf({ pen, element: id }: ExtraElement): readonly number[] {
  if (id < 0x8000) return [keyOf(pen, id)]
  return pen === 0 ? [id] : [id, keyOf(pen, id - 0x8000)]
}
