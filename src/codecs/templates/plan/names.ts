import type { GrowingColumn } from '../../../model/flow-builder.ts'
import { applicationStep } from '../applications.ts'
import type { FieldPlace } from '../data-set.ts'
import { aclRules, element, textRules } from '../elements.ts'
import { isText } from '../lookup.ts'
import { interfaceStep, listSteps, mplsStep, singleListStep, textStep } from '../step-names.ts'
import type { Step } from '../step-numbers.ts'
import { columnOf, type Planning } from './context.ts'

export const namePlan: Planning = (context, lookup, half) => {
  const { flows, netobserv, codes, aclCodes, sampling } = context
  const steps: Step[] = []
  for (const [rules, codesOfRules] of [
    [[...netobserv.text, ...textRules], codes],
    [aclRules, aclCodes],
  ] as const) {
    for (const rule of rules) {
      const position = lookup.rule(rule, half, isText)
      if (position !== undefined)
        steps.push(textStep(columnOf(context, rule.field) as GrowingColumn<Uint32Array>, position, codesOfRules))
    }
  }
  const application = lookup.one(element.applicationId, isText)
  if (application !== undefined) steps.push(applicationStep(flows, flows.column('application'), application, sampling))
  const name = lookup.one(element.interfaceName, isText)
  const interfaces = lookup.first([netobserv.interfaces], isText)
  if (name !== undefined && half === 'forward') {
    const columns = { input: flows.column('in_if_name'), output: flows.column('out_if_name') }
    const direction = lookup.one(element.direction)
    steps.push(interfaceStep(columns, name, direction, codes))
    if (interfaces === undefined) steps.push(singleListStep(flows, name, direction, codes))
  }
  steps.push(...listSteps(flows, interfaces, lookup.first([netobserv.directions], isText), codes))
  return steps
}

export const labelPlan: Planning = ({ flows }, lookup, half) => {
  const labels: FieldPlace[] = []
  for (let id = element.firstLabel; half === 'forward' && id <= element.lastLabel; id++) {
    const position = lookup.one(id, ({ length }) => length !== undefined && length >= 3)
    if (position !== undefined) labels.push(position)
  }
  return labels.length === 0 ? [] : [mplsStep(flows, labels)]
}
