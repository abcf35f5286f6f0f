import { useQuery } from '@tanstack/react-query'
import type { FlowFrame } from '../../../../src/api/published.ts'
import { request } from '../../api/client.ts'
import { flowsText } from '../../parts/flows/text.ts'
import { direction as directionText } from '../../parts/flows/field-values.ts'
import { reportsOf, reportsQuery } from './reports.ts'

export function RecordReports({ flow }: { flow: ReadonlyMap<string, unknown> }): React.ReactNode {
  const query = reportsQuery(flow)
  const answer = useQuery({
    queryKey: ['flow-reports', flow.get('_pos')],
    enabled: query !== undefined,
    staleTime: Infinity,
    queryFn: ({ signal }) => request<FlowFrame>('/api/v1/flows', { signal, query: query ?? {} }),
  })
  if (answer.data === undefined) return null
  const reports = reportsOf(flow, answer.data)
  if (reports.length === 0) return null
  const exporters = new Set(reports.map(({ exporter }) => exporter)).size
  return (
    <section>
      <h3>{flowsText.reports(reports.length, exporters)}</h3>
      <ul>
        {reports.map(({ exporter, direction, name, way }) => (
          <li key={JSON.stringify([exporter, direction, name, way])}>
            {[exporter, wayText(direction), name, wayText(way)].filter((part) => part !== '').join(' · ')}
          </li>
        ))}
      </ul>
    </section>
  )
}

const wayText = (way: number | undefined) => (way === undefined ? '' : directionText(way))
