import { useQuery } from '@tanstack/react-query'
import type { AnswerFrame } from '../../../../src/api/published.ts'
import { request } from '../../api/client.ts'
import { PageLink } from '../../app/page-link.tsx'
import { useLiveRows } from '../../live/use-live.ts'
import { QueryError } from '../../parts/states.tsx'
import { plainText, protocol, time, volume } from '../../parts/format.ts'
import { homeText } from '../../text/home.ts'

const fields = [
  'time_received',
  'src_name',
  'src_addr',
  'dst_name',
  'dst_addr',
  'dst_port',
  'proto',
  'bytes_est',
  '_pos',
] as const
const eventFields = ['time_received', 'type', 'source', 'subject', '_pos']
const eventView = { kind: 'rows', q: { stream: 'events' }, columns: eventFields } as const
const shown = 6

export function Newest(): React.ReactNode {
  const flows = useQuery({
    queryKey: ['newest-flows'],
    refetchInterval: 3000,
    queryFn: ({ signal }) =>
      request<AnswerFrame>('/api/v1/flows', {
        signal,
        query: { from: 'now-1h', to: 'now', columns: fields.join(','), limit: shown },
      }),
  })
  const events = useLiveRows(eventView, false).rows.slice(0, shown)
  const rows = (flows.data?.rows ?? []).map(
    (row) =>
      Object.fromEntries(flows.data?.columns.map(({ name }, index) => [name, row[index]]) ?? []) as Readonly<
        Record<(typeof fields)[number], unknown>
      >,
  )
  return (
    <div className="newest">
      <section className="panel" aria-label={homeText.newestFlows}>
        <h2>{homeText.newestFlows}</h2>
        {rows.length === 0 ? (
          flows.isError ? (
            <QueryError of={flows} />
          ) : (
            <p className="dim">{flows.isPending ? homeText.loading : homeText.noneInTheLastHour}</p>
          )
        ) : (
          <ul>
            {rows.map((row) => (
              <li key={plainText(row._pos)}>
                <span className="mono dim">{time(row.time_received as string | null).slice(0, -4)}</span>
                <span className="what">
                  {plainText(row.src_name ?? row.src_addr)} → {plainText(row.dst_name ?? row.dst_addr)}
                  {row.dst_port === null ? '' : `:${plainText(row.dst_port)}`}
                </span>
                <span className="dim number">
                  {protocol(row.proto as number | null)} {volume(Number(row.bytes_est ?? 0))}
                </span>
              </li>
            ))}
          </ul>
        )}
        <p>
          <PageLink to="/flows">{homeText.allFlows}</PageLink>
        </p>
      </section>
      <section className="panel" aria-label={homeText.newestEvents}>
        <h2>{homeText.newestEvents}</h2>
        {events.length === 0 ? (
          <p className="dim">{homeText.noneInTheLiveMemory}</p>
        ) : (
          <ul>
            {events.map((row) => (
              <li key={plainText(row[4])}>
                <span className="mono dim">{time(row[0] as string | null).slice(0, -4)}</span>
                <span className="what">{plainText(row[1])}</span>
                <span className="dim">{plainText(row[3] ?? row[2])}</span>
              </li>
            ))}
          </ul>
        )}
        <p>
          <PageLink to="/events">{homeText.allEvents}</PageLink>
        </p>
      </section>
    </div>
  )
}
