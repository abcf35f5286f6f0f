export {
  Alerts,
  type AlertJournal,
  type BegunAlert,
  type AlertParts,
  type AlertView,
  type Evaluated,
} from './alerts.ts'
export { AlertBook, AlertRefusal, type BookParts, type FileRule, type KnownRule } from './book.ts'
export { compileRule, isProblem, type RuleProblem } from './compile.ts'
export { NotEvaluated } from './evaluate.ts'
export { filterOf, viewOf } from './link.ts'
export { readRecorded } from './recorded.ts'
export { previewRule, type Preview } from './preview.ts'
export { maxRules, noDataPolicies, severities, type AlertRule, type FilterRule } from './rule.ts'
export { silenceOf, type Silence } from './silences.ts'
export { keyOf, type Instance, type Outcome, type Sample } from './states.ts'
export type { WrittenRule } from './settings.ts'
export { valueText } from './template.ts'
