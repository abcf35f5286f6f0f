import { element } from '../elements.ts'
import { isNumber } from '../lookup.ts'
import { samplingStep } from '../step-sampling.ts'
import type { Planning } from './context.ts'

export const samplingPlan: Planning = ({ flows, rules, sampling }, lookup, half) => {
  const scopes = {
    input: lookup.rule(rules.get('in_if')!, half, isNumber),
    output: lookup.rule(rules.get('out_if')!, half, isNumber),
    direction: half === 'forward' ? lookup.one(element.direction) : undefined,
  }
  return [samplingStep({ sampling: flows.column('sampling') }, lookup.sampling(), scopes, sampling)]
}
