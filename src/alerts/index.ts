export {
  Alerts,
  type AlertJournal,
  type AlertOfFlows,
  type AlertParts,
  type AlertView,
  type Evaluated,
} from './alerts.ts'
export { compileRule, isProblem, type RuleProblem, type WrittenRule } from './compile.ts'
export { filterOf, viewOf } from './link.ts'
export { readRecorded } from './recorded.ts'
export { maxRules, noDataPolicies, severities, type AlertRule, type FilterRule } from './rule.ts'
export { keyOf, type Instance, type Outcome, type Sample } from './states.ts'
export { valueText } from './template.ts'
