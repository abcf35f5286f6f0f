import { NotEvaluated, previewRule, type AlertRule } from '../../alerts/index.ts'
import type { StoreReader } from '../../engine/control.ts'
import { messageOf } from '../../model/errors.ts'
import type { AlertReport, AlertSide } from './report.ts'

export type AlertRange = Readonly<{ from: number; to: number }>

/** Evaluates the rules that differ over the stored rows of a range; Unix ms. */
export async function compareAlerts(
  running: readonly AlertRule[],
  candidate: readonly AlertRule[],
  range: AlertRange,
  store: StoreReader | undefined,
): Promise<readonly AlertReport[]> {
  const [before, after] = [byName(running), byName(candidate)]
  const reports: AlertReport[] = []
  for (const alert of new Set([...before.keys(), ...after.keys()])) {
    const [old, next] = [before.get(alert), after.get(alert)]
    if (old !== undefined && next !== undefined && JSON.stringify(old, exact) === JSON.stringify(next, exact)) continue
    reports.push(await compareRule(alert, [old, next], range, store))
  }
  return reports
}

const byName = (rules: readonly AlertRule[]) => new Map(rules.map((rule) => [rule.name, rule]))

async function compareRule(
  alert: string,
  [old, next]: readonly [AlertRule | undefined, AlertRule | undefined],
  range: AlertRange,
  store: StoreReader | undefined,
): Promise<AlertReport> {
  try {
    const side = (rule: AlertRule | undefined) => (rule === undefined ? null : evaluated(rule, range, store))
    const [before, after] = await Promise.all([side(old), side(next)])
    const { text: a, ...running } = before ?? { text: '[]' }
    const { text: b, ...changed } = after ?? { text: '[]' }
    return {
      alert,
      running: before === null ? null : (running as AlertSide),
      candidate: after === null ? null : (changed as AlertSide),
      differs: a !== b,
    }
  } catch (error) {
    const problem = error instanceof NotEvaluated ? error.message : `The rule was not evaluated: ${messageOf(error)}`
    return { alert, running: null, candidate: null, problem, differs: true }
  }
}

async function evaluated(
  rule: AlertRule,
  range: AlertRange,
  store: StoreReader | undefined,
): Promise<AlertSide & { readonly text: string }> {
  const { firings, values } = await previewRule(rule, store, range, new AbortController().signal)
  const peaks = values.flatMap(({ value }) => (value === null ? [] : [value]))
  return {
    firings: firings.length,
    peak: peaks.length === 0 ? null : peaks.reduce((a, b) => Math.max(a, b)),
    ms: firings.reduce((sum, { from, to = range.to }) => sum + to - from, 0),
    text: JSON.stringify(firings),
  }
}

/** BigInt values, as those of filters, have no JSON. */
function exact(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? `${value}n` : value
}
