import { compileRule, isProblem } from '../compile.ts'
import type { AlertRule } from '../rule.ts'
import type { WrittenRule } from '../settings.ts'

/** Settings of a rule that fires while there are events. */
export const usualRule: WrittenRule = {
  on: 'events',
  filter: null,
  measure: null,
  by: [],
  window: 60_000,
  condition: '> 0',
  sql: null,
  every: 10_000,
  for: 0,
  resend: 0,
  no_data: 'keep',
  severity: 'warning',
  labels: {},
  annotations: {},
}

/** {@link usualRule} with other settings. Throws if they are invalid. */
export function ruleOf(name: string, written: Partial<WrittenRule> = {}): AlertRule {
  const rule = compileRule(name, { ...usualRule, ...written })
  if (isProblem(rule)) throw new Error(rule.message)
  return rule
}
