import type { FlowFieldName } from '../../../model/fields.ts'
import type { FlowBuilder, GrowingColumn } from '../../../model/flow-builder.ts'
import type { OpenConnections } from '../connections.ts'
import type { netobservRules, Rule } from '../elements.ts'
import type { Half, Lookup } from '../lookup.ts'
import type { SamplingDefaults } from '../step-sampling.ts'
import type { SkewRule } from '../step-times.ts'
import type { Step } from '../step-numbers.ts'
import type { StringCodes } from '../strings.ts'

/** Context of all templates of a decoder. */
export type PlanContext = Readonly<{
  flows: FlowBuilder
  rules: ReadonlyMap<string, Rule>
  netobserv: ReturnType<typeof netobservRules>
  codes: StringCodes
  aclCodes: StringCodes
  connections: OpenConnections
  skew: SkewRule
  sampling: SamplingDefaults
}>

/** The steps of one kind for a template. */
export type Planning = (context: PlanContext, lookup: Lookup, half: Half) => readonly Step[]

export function columnOf({ flows }: PlanContext, field: FlowFieldName): GrowingColumn {
  return flows.column(field) as unknown as GrowingColumn
}
