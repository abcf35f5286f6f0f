import type { RuleProblem } from '../alerts/compile.ts'
import { maxRules, nameHint, nameShape, type AlertRule } from '../alerts/rule.ts'
import { refreshed, type WrittenRule } from '../alerts/settings.ts'
import { withoutUndefined } from '../model/json.ts'
import type { ConfigDocument } from '../schema/index.ts'
import type { Path, Problem } from '../schema/problem.ts'
import { problemIn } from './config-filters.ts'

/** The query language is loaded only if there are rules. `refreshes`: a sink is Alertmanager, which forgets alerts. */
export async function compileAlerts(
  rules: Readonly<Record<string, WrittenRule>>,
  document: ConfigDocument,
  refreshes: 'refresh' | 'once' = 'once',
): Promise<Readonly<{ rules: readonly AlertRule[]; problems: readonly Problem[] }>> {
  const names = Object.keys(rules)
  if (names.length === 0) return { rules: [], problems: [] }
  const { compileRule, isProblem } = await import('../alerts/index.ts')
  const problems: Problem[] = []
  const complain = (path: Path, { message, hint, text = '', from = 0 }: Omit<RuleProblem, 'path'>) =>
    problems.push(problemIn(document, ['alerts', ...path], { message, text, from, ...withoutUndefined({ hint }) }))
  if (names.length > maxRules)
    complain([names[maxRules]!], { message: `there are ${names.length} rules; the limit is ${maxRules}` })
  const compiled: AlertRule[] = []
  for (const [name, written] of Object.entries(rules)) {
    if (!nameShape.test(name))
      complain([name], {
        message: `\`${name}\` can't be the name of a rule`,
        hint: nameHint,
      })
    const rule = compileRule(name, written)
    if (isProblem(rule)) complain([name, ...rule.path], rule)
    else compiled.push(refreshed(rule, written, refreshes))
  }
  return { rules: compiled, problems }
}
