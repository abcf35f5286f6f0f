import { count, duration, protocol, time, volume } from '../../../parts/format.ts'
import type { GridColumn } from '../../../parts/grid.tsx'
import { agentFlags } from '../field-values.ts'
import type { Widths } from '../parameters.ts'
import { conversationsText } from '../../../text/conversations.ts'
import { generalText } from '../../../text/general.ts'
import type { Conversation, End } from './rows.ts'
import type { Rank } from './state.ts'

/** The ranking that a column selects. */
export const rankOfColumn: Readonly<Record<string, Rank>> = {
  bytes_out: 'bytes',
  bytes_in: 'bytes',
  packets_out: 'packets',
  packets_in: 'packets',
  last: 'last',
  duration: 'duration',
  rtt: 'rtt',
  reports: 'flows',
  dropped: 'drop_packets',
}

export function sortedColumn(rank: Rank): string {
  return Object.keys(rankOfColumn).find((id) => rankOfColumn[id] === rank) ?? ''
}

const evidence: Readonly<Record<Conversation['initiator'], string>> = {
  syn: conversationsText.bySyn,
  port: conversationsText.byPort,
  time: conversationsText.byTime,
}

function Endpoint({ end, hint = '' }: { readonly end: End; readonly hint?: string }): React.ReactNode {
  const { addr, port, name, namespace, label } = end
  const beside = namespace ?? label
  return (
    <span title={[name, beside, addr, hint].filter((part) => part !== null && part !== '').join(' · ')}>
      {name === null ? <span className="mono">{addr ?? '–'}</span> : name}
      {port !== null && <span className="mono dim">:{port}</span>}
      {beside !== null && beside !== name && <span className="beside">{beside}</span>}
    </span>
  )
}

const absent = (
  <span className="dim" title={conversationsText.noneReported}>
    –
  </span>
)
const dash = <span className="dim">–</span>

function durationMs({ first, last }: Conversation): number {
  return Math.max(0, Date.parse(last) - Date.parse(first))
}

function flagsText({ out, in: back }: Conversation): readonly [both: string, each: string] {
  const text = (flags: number | null): string => (flags === null ? '–' : agentFlags(flags) || '–')
  return [
    out.flags === null && back.flags === null ? '' : agentFlags((out.flags ?? 0) | (back.flags ?? 0)),
    conversationsText.flagsOfBoth(text(out.flags), text(back.flags)),
  ]
}

const columns: readonly GridColumn<Conversation>[] = [
  {
    id: 'client',
    title: conversationsText.client,
    hint: conversationsText.clientHint,
    width: 180,
    grow: 2,
    cell: ({ client, initiator }) => (
      <>
        <Endpoint end={client} hint={evidence[initiator]} />
        {initiator !== 'syn' && (
          <span className="beside" title={evidence[initiator]}>
            {conversationsText.guessed}
          </span>
        )}
      </>
    ),
  },
  {
    id: 'server',
    title: conversationsText.server,
    hint: conversationsText.serverHint,
    width: 170,
    grow: 2,
    cell: ({ server }) => <Endpoint end={server} />,
  },
  { id: 'proto', title: generalText.protocol, width: 74, cell: ({ proto }) => protocol(proto) },
  ...(['out', 'in'] as const).map((way): GridColumn<Conversation> => ({
    id: `bytes_${way}`,
    title: way === 'out' ? conversationsText.bytesOut : conversationsText.bytesIn,
    hint: way === 'out' ? conversationsText.outHint : conversationsText.inHint,
    width: 84,
    grow: 1,
    end: true,
    sortable: true,
    cell: (row) =>
      row[way].bytes === null ? absent : <span title={count(row[way].bytes)}>{volume(Number(row[way].bytes))}</span>,
  })),
  ...(['out', 'in'] as const).map((way): GridColumn<Conversation> => ({
    id: `packets_${way}`,
    title: way === 'out' ? conversationsText.packetsOut : conversationsText.packetsIn,
    hint: way === 'out' ? conversationsText.outHint : conversationsText.inHint,
    width: 86,
    grow: 1,
    end: true,
    sortable: true,
    cell: (row) => (row[way].packets === null ? absent : count(row[way].packets)),
  })),
  {
    id: 'first',
    title: conversationsText.started,
    hint: conversationsText.startedHint,
    width: 104,
    cell: ({ first }) => <span className="mono">{time(first)}</span>,
  },
  {
    id: 'last',
    title: conversationsText.ended,
    hint: conversationsText.endedHint,
    width: 104,
    sortable: true,
    cell: ({ last }) => <span className="mono">{time(last)}</span>,
  },
  {
    id: 'duration',
    title: conversationsText.duration,
    hint: conversationsText.durationHint,
    width: 82,
    end: true,
    sortable: true,
    cell: (row) => duration(durationMs(row)),
  },
  {
    id: 'rtt',
    title: conversationsText.rtt,
    hint: conversationsText.rttHint,
    width: 118,
    end: true,
    sortable: true,
    cell: ({ rtt }) => {
      if (rtt === undefined) return dash
      const [min, max] = rtt.map((ns) => duration(ns / 1e6)) as [string, string]
      return min === max ? min : `${min} – ${max}`
    },
  },
  {
    id: 'flags',
    title: conversationsText.flags,
    hint: conversationsText.flagsHint,
    width: 120,
    grow: 1,
    cell: (row) => {
      const [both, each] = flagsText(row)
      const isReset = (((row.out.flags ?? 0) | (row.in.flags ?? 0)) & 0x404) !== 0
      return both === '' ? (
        dash
      ) : (
        <span className={isReset ? 'mono bad' : 'mono'} title={each}>
          {both}
        </span>
      )
    },
  },
  {
    id: 'reports',
    title: conversationsText.reports,
    hint: conversationsText.reportsHint,
    width: 76,
    end: true,
    sortable: true,
    cell: ({ out, in: back }) => (
      <span title={conversationsText.reportsOfBoth(count(out.flows), count(back.flows))}>
        {count(out.flows + back.flows)}
      </span>
    ),
  },
  {
    id: 'dropped',
    title: conversationsText.dropped,
    hint: conversationsText.droppedHint,
    width: 80,
    end: true,
    sortable: true,
    cell: ({ dropped }) => (dropped === null ? dash : count(dropped)),
  },
]

export function conversationColumns(widths: Widths): readonly GridColumn<Conversation>[] {
  return columns.map((column) =>
    widths[column.id] === undefined ? column : { ...column, width: widths[column.id] ?? column.width, grow: 0 },
  )
}
