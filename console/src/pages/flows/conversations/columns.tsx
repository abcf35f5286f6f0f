import { dash } from '../../../parts/dash.tsx'
import { count, duration, protocol, time, volume } from '../../../parts/format.ts'
import type { GridColumn } from '../../../parts/grid.tsx'
import { agentFlags } from '../../../parts/flows/field-values.ts'
import type { Widths } from '../../../parts/grid-widths.ts'
import { conversationsText } from './text.ts'
import { generalText } from '../../../text/general.ts'
import type { Conversation, End } from './rows.ts'
import type { Rank } from './state.ts'

export const rankOfColumn: Readonly<Record<string, Rank>> = {
  bytes: 'bytes',
  packets: 'packets',
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
  learned: conversationsText.byEarlierFlows,
  lower: conversationsText.byLowerPort,
  time: conversationsText.byTime,
}

/** A client that is a guess has a question mark. */
function Endpoint({ end, initiator }: { end: End; initiator?: Conversation['initiator'] }) {
  const { addr, port, name, namespace, label } = end
  const beside = namespace ?? label
  const hint = initiator === undefined ? '' : evidence[initiator]
  return (
    <span title={[name, beside, addr, hint].filter((part) => part !== null && part !== '').join(' · ')}>
      {name === null ? <span className="mono">{addr ?? '–'}</span> : name}
      {port !== null && <span className="mono dim">:{port}</span>}
      {(initiator === 'lower' || initiator === 'time') && <span className="dim">?</span>}
      {beside !== null && beside !== name && <span className="beside">{beside}</span>}
    </span>
  )
}

const bytesText = (value: number | string) => volume(Number(value))

function BothWays({
  out,
  back,
  format,
}: {
  out: number | string | null
  back: number | string | null
  format: (value: number | string) => string
}) {
  if (out === null && back === null) return dash
  const reported = (value: typeof out) => (value === null ? conversationsText.noneReported : count(value))
  const text = (value: typeof out) => (value === null ? '–' : format(value))
  return (
    <span title={conversationsText.eachWay(reported(out), reported(back))}>
      {format(sumOf(out, back))}
      <span className="beside">→ {text(out)}</span>
      <span className="beside">← {text(back)}</span>
    </span>
  )
}

/** Exact; integers beyond 2^53 are strings. */
function sumOf(out: number | string | null, answered: number | string | null): number | string {
  const sum = BigInt(out ?? 0) + BigInt(answered ?? 0)
  return sum <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(sum) : sum.toString()
}

function durationMs({ first, last }: Conversation) {
  return Math.max(0, Date.parse(last) - Date.parse(first))
}

function flagsText({ out, in: back }: Conversation): readonly [both: string, each: string] {
  const text = (flags: number | null) => (flags === null ? '–' : agentFlags(flags) || '–')
  return [
    out.flags === null && back.flags === null ? '' : agentFlags((out.flags ?? 0) | (back.flags ?? 0)),
    conversationsText.eachWay(text(out.flags), text(back.flags)),
  ]
}

const columns: readonly GridColumn<Conversation>[] = [
  {
    id: 'client',
    line: 1,
    title: conversationsText.client,
    hint: conversationsText.clientHint,
    width: 190,
    grow: 2,
    cell: ({ client, initiator }) => <Endpoint end={client} initiator={initiator} />,
  },
  {
    id: 'server',
    line: 1,
    title: conversationsText.server,
    hint: conversationsText.serverHint,
    width: 166,
    grow: 2,
    cell: ({ server }) => <Endpoint end={server} />,
  },
  { id: 'proto', line: 2, title: generalText.protocol, width: 74, cell: ({ proto }) => protocol(proto) },
  {
    id: 'bytes',
    line: 2,
    title: generalText.bytes,
    hint: conversationsText.bytesHint,
    width: 236,
    grow: 1,
    end: true,
    sortable: true,
    cell: ({ out, in: back }) => <BothWays out={out.bytes} back={back.bytes} format={bytesText} />,
  },
  {
    id: 'packets',
    title: generalText.packets,
    hint: conversationsText.packetsHint,
    width: 178,
    grow: 1,
    end: true,
    sortable: true,
    cell: ({ out, in: back }) => <BothWays out={out.packets} back={back.packets} format={count} />,
  },
  {
    id: 'reports',
    title: conversationsText.reports,
    hint: conversationsText.reportsHint,
    width: 76,
    end: true,
    sortable: true,
    cell: ({ out, in: back }) => (
      <span title={conversationsText.eachWay(count(out.flows), count(back.flows))}>
        {count(out.flows + back.flows)}
      </span>
    ),
  },
  {
    id: 'rtt',
    title: conversationsText.rtt,
    hint: conversationsText.rttHint,
    width: 112,
    end: true,
    sortable: true,
    cell: ({ rtt }) => {
      if (rtt === undefined) return dash
      const [min, max] = rtt.map((ns) => duration(ns / 1e6)) as [string, string]
      return min === max ? min : `${min} – ${max}`
    },
  },
  {
    id: 'first',
    line: 2,
    title: conversationsText.started,
    hint: conversationsText.startedHint,
    width: 116,
    cell: ({ first }) => <span className="mono">{time(first)}</span>,
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
    id: 'dropped',
    title: conversationsText.dropped,
    hint: conversationsText.droppedHint,
    width: 80,
    end: true,
    sortable: true,
    cell: ({ dropped }) => (dropped === null ? dash : count(dropped)),
  },
  {
    id: 'flags',
    title: conversationsText.flags,
    hint: conversationsText.flagsHint,
    width: 120,
    grow: 1,
    cell: (row) => {
      const [both, byDirection] = flagsText(row)
      const isReset = (((row.out.flags ?? 0) | (row.in.flags ?? 0)) & 0x404) !== 0
      return both === '' ? (
        dash
      ) : (
        <span className={isReset ? 'mono bad' : 'mono'} title={byDirection}>
          {both}
        </span>
      )
    },
  },
  {
    id: 'last',
    title: conversationsText.ended,
    hint: conversationsText.endedHint,
    width: 116,
    sortable: true,
    cell: ({ last }) => <span className="mono">{time(last)}</span>,
  },
]

export function conversationColumns(widths: Widths): readonly GridColumn<Conversation>[] {
  return columns.map((column) =>
    widths[column.id] === undefined
      ? column
      : { ...column, width: widths[column.id] ?? column.width, grow: 0, isSized: true },
  )
}
