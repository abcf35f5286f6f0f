import { compileRule, isProblem, type WrittenRule } from '../compile.ts'
import type { AlertRule } from '../rule.ts'

const usual: WrittenRule = {
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

/** Fires while there are events. Throws if what is written is invalid. */
export function ruleOf(name: string, written: Partial<WrittenRule> = {}): AlertRule {
  const rule = compileRule(name, { ...usual, ...written })
  if (isProblem(rule)) throw new Error(rule.message)
  return rule
}
