import { useCallback, useMemo } from 'react'
import { useAlertHistory, useAlertRules } from '../../api/alerts.ts'
import type { ChartMark, MarkProps } from '../../parts/chart.tsx'
import type { Range } from '../../state/range.ts'
import { serverNow } from '../../state/server-time.ts'
import { alertRulesText } from '../../text/alert-rules.ts'

/** Bands of the alerts about a sum of flows, as `bytes`. */
export type AlertMarks = (sum: string) => readonly ChartMark[]

const none: readonly ChartMark[] = []
const movingMs = 10_000
/** `bytes/s` and `bytes` are of the same rows, as `sum(drop_bytes)` is of dropped ones. */
const sumOf = (measure: string) => measure.replace(/\/s$/, '').replace(/^sum\((.+)\)$/, '$1')

/** Alerts of rules with the filter of the view, or of every rule of the measure in a view without one. */
export function useAlertMarks(
  filter: string,
  t: Range | undefined,
  { enabled }: Readonly<{ enabled: boolean }>,
): AlertMarks {
  const rules = useAlertRules()
  const relevant = useMemo(
    () =>
      new Map(
        rules
          ?.filter(({ on, filter: of = '' }) => on === 'flows' && (filter === '' || of.trim() === filter.trim()))
          .map(({ name, measure = '' }) => [name, sumOf(measure)]),
      ),
    [rules, filter],
  )
  const isUsed = enabled && t !== undefined && relevant.size > 0
  const refreshMs = t?.to === 'now' ? movingMs : 0
  const { data: history } = useAlertHistory({ from: t?.from, to: t?.to, limit: 500 }, refreshMs, {
    enabled: isUsed,
  })
  const bands = useMemo(() => {
    const fired = isUsed ? (history?.alerts ?? []) : []
    return Map.groupBy(
      fired.map(({ rule, labels, starts_at: start, ends_at: end }) => {
        const { alertname: _, severity: __, ...shown } = labels
        const text = Object.values(shown).join(', ')
        const mark: ChartMark = {
          is: 'alert',
          since: Date.parse(start) / 1000,
          at: (end === null ? serverNow() : Date.parse(end)) / 1000,
          text: text === '' ? alertRulesText.firingMark(rule) : alertRulesText.firingMarkOf(rule, text),
        }
        return { sum: relevant.get(rule), mark }
      }),
      ({ sum }) => sum,
    )
  }, [isUsed, history, relevant])
  const memo = useMemo(() => new Map([...bands].map(([sum, fired]) => [sum, fired.map(({ mark }) => mark)])), [bands])
  return useCallback((sum: string) => memo.get(sum) ?? none, [memo])
}

/** Beside the changes of the view, while marks are shown. */
export function useMarksWith(marks: MarkProps, alerts: AlertMarks, sum: string): MarkProps {
  const bands = alerts(sum)
  return useMemo(
    () => (bands.length === 0 || !marks.marksShown ? marks : { ...marks, marks: [...bands, ...marks.marks] }),
    [marks, bands],
  )
}
