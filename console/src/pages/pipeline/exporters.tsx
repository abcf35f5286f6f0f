import { useMemo } from 'react'
import type { Ledger } from '../../../../src/api/published.ts'
import { count, size } from '../../parts/format.ts'
import { Grid, type GridColumn } from '../../parts/grid.tsx'
import type { Exporters } from '../../api/exporters.ts'
import { ago, exporterRows, kernelDrops, sorted, type ExporterRow } from './exporter-facts.ts'
import { shedText, type PipelineView } from '../../api/pipeline-view.ts'
import { generalText } from '../../text/general.ts'
import { pipelineText } from '../../text/pipeline.ts'

type TableProps = Readonly<{
  exporters: Exporters
  at: number
  sort: string
  onSort: (sort: string) => void
  selected: string
  onOpen: (id: string) => void
}>

export function ExporterTable({ exporters, at, sort, onSort, selected, onOpen }: TableProps): React.ReactNode {
  const rows = useMemo(() => sorted(exporterRows(exporters), sort), [exporters, sort])
  const columns = useMemo(() => [...sendColumns(at), ...faultColumns(exporters)], [exporters, at])
  const total = exporters.sources.reduce((sum, source) => sum + source.known, 0)
  return (
    <>
      <section
        className="panel table exporters"
        aria-label={pipelineText.exporters}
        style={{ height: Math.min(420, 34 + 28 * Math.max(1, rows.length) + 16) }}
      >
        <Grid
          label={pipelineText.exporters}
          columns={columns}
          rows={rows}
          rowKey={({ key }) => `exporter:${key}`}
          total={rows.length}
          sort={sort}
          selected={selected}
          onOpen={({ key }) => onOpen(`exporter:${key}`)}
          onSort={(id) => onSort(sort === `-${id}` ? id : `-${id}`)}
        />
      </section>
      {total > rows.length && <p className="dim">{pipelineText.shownOf(count(rows.length), count(total))}</p>}
    </>
  )
}

/** What an exporter sent. `at`: now, in ms. */
function sendColumns(at: number): readonly GridColumn<ExporterRow>[] {
  return [
    {
      id: 'exporter',
      line: 1,
      title: generalText.exporter,
      hint: pipelineText.exporterHint,
      width: 120,
      grow: 2,
      sortable: true,
      cell: ({ report }) => (
        <span className="mono">
          {report.why === undefined ? (
            ''
          ) : (
            <span className="warning" title={report.why}>
              ▲{' '}
            </span>
          )}
          {report.address}
        </span>
      ),
    },
    {
      id: 'source',
      line: 2,
      title: generalText.source,
      width: 74,
      grow: 1,
      sortable: true,
      cell: ({ source }) => source,
    },
    {
      id: 'last',
      line: 2,
      title: pipelineText.lastDatagram,
      width: 130,
      end: true,
      sortable: true,
      cell: ({ last }) => ago(at - last),
    },
    {
      id: 'lastRow',
      title: pipelineText.lastFlow,
      width: 104,
      end: true,
      sortable: true,
      cell: ({ lastRow }) => (lastRow === undefined ? generalText.none : ago(at - lastRow)),
    },
    {
      id: 'datagrams',
      title: pipelineText.datagrams,
      width: 106,
      end: true,
      sortable: true,
      cell: ({ report }) => count(report.datagrams),
    },
    {
      id: 'rows',
      line: 1,
      title: generalText.flows,
      width: 80,
      end: true,
      sortable: true,
      cell: ({ report }) => count(report.rows),
    },
    {
      id: 'templates',
      title: pipelineText.templates,
      width: 104,
      end: true,
      sortable: true,
      cell: ({ templates }) => count(templates),
    },
    {
      id: 'sampling',
      title: pipelineText.sampled,
      hint: pipelineText.sampledHint,
      width: 84,
      end: true,
      cell: ({ sampling }) =>
        sampling.length === 0
          ? generalText.unknown
          : sampling.map((interval) => pipelineText.sampledOne(count(interval))).join(', '),
    },
  ]
}

/** Rows and datagrams that are missing or were not decoded. */
function faultColumns(exporters: Exporters): readonly GridColumn<ExporterRow>[] {
  const drops = new Map(exporters.sources.map((source) => [source.name, kernelDrops(source)]))
  return [
    {
      id: 'missing',
      line: 2,
      title: pipelineText.gaps,
      hint: pipelineText.gapsHint,
      width: 64,
      end: true,
      sortable: true,
      cell: ({ missing }) => <span className={missing > 0 ? 'warning' : undefined}>{count(missing)}</span>,
    },
    {
      id: 'malformed',
      title: pipelineText.malformed,
      width: 106,
      end: true,
      sortable: true,
      cell: ({ malformed }) => <span className={malformed > 0 ? 'warning' : undefined}>{count(malformed)}</span>,
    },
    {
      id: 'undecoded',
      title: pipelineText.notDecoded,
      hint: pipelineText.notDecodedHint,
      width: 112,
      grow: 1,
      cell: ({ undecoded }) =>
        Object.entries(undecoded)
          .map(([why, bytes]) => `${size(bytes)} ${why}`)
          .join(', ') || generalText.none,
    },
    {
      id: 'drops',
      title: pipelineText.kernelDrops,
      hint: pipelineText.kernelDropsHint,
      width: 112,
      end: true,
      cell: ({ source }) => (
        <span className={(drops.get(source) ?? 0) > 0 ? 'warning' : undefined}>{count(drops.get(source) ?? 0)}</span>
      ),
    },
  ]
}

export function reasonsOf(
  exporters: Exporters | undefined,
  view: PipelineView,
  ledger: Ledger,
): readonly Readonly<{ of: string; id: string; why: string }>[] {
  return [
    ...(exporters?.sources ?? []).flatMap((source) => [
      ...(source.why === undefined ? [] : [{ of: source.name, id: `source:${source.name}`, why: source.why }]),
      ...source.exporters.flatMap(({ address, why }) =>
        why === undefined ? [] : [{ of: `${source.name} ${address}`, id: `exporter:${source.name}/${address}`, why }],
      ),
    ]),
    ...ledger.sources.flatMap(({ name, shed }) =>
      Object.entries(shed).flatMap(([reason, rows]) =>
        rows > 0 ? [{ of: name, id: `source:${name}`, why: `${count(rows)} ${shedText(reason)}.` }] : [],
      ),
    ),
    ...view.sources.flatMap(({ name, error }) =>
      error === undefined ? [] : [{ of: name, id: `source:${name}`, why: error }],
    ),
    ...view.sinks.flatMap(({ name, error }) =>
      error === undefined ? [] : [{ of: name, id: `sink:${name}`, why: error }],
    ),
    ...view.sinks.flatMap(({ name, balanced }) =>
      balanced
        ? []
        : [
            {
              of: name,
              id: `sink:${name}`,
              why: pipelineText.unbalancedHint,
            },
          ],
    ),
  ]
}
