/** Alert rules of the running Weir that cannot be evaluated. */
import type { Alerts } from '../../topics/alerts/schema.ts'
import { oneLine } from '../text-table.ts'
import { ok, reason, warn, type CheckContext, type Finding } from './finding.ts'
import { getRunning } from './running.ts'

type ListedRule = Pick<Alerts['rules'][number], 'name' | 'state' | 'error'>

export async function checkAlerts({ running }: CheckContext): Promise<Finding[]> {
  if (running === undefined || running.url === '') return []
  try {
    const answer = await getRunning(running, '/api/v1/alerts')
    // The check of the exporters already reports a missing token.
    if (!answer.ok) return []
    return alertFindings(((await answer.json()) as Alerts).rules)
  } catch (error) {
    return [warn('alerts', `the running Weir did not respond: ${reason(error)}`, 'Check its log.')]
  }
}

export function alertFindings(rules: readonly ListedRule[]): Finding[] {
  if (rules.length === 0) return []
  const failing = rules.filter(({ error }) => error !== undefined)
  const silent = rules.filter(({ state }) => state === 'no_data')
  const findings = [
    ...failing.map(({ name, error = '' }) =>
      warn(`alert ${name}`, oneLine(error), `Its alerts keep their states. Try \`weir alerts test ${name}\`.`),
    ),
    ...silent.map(({ name }) =>
      warn(`alert ${name}`, 'no data in its window', 'Check its sources, or set `no_data` of the rule.'),
    ),
  ]
  return findings.length > 0 ? findings : [ok('alerts', `${rules.length} rules are evaluated`)]
}
