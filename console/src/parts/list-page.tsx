/** The frame of a page that lists rows. A page adds its columns, its state and its texts. */
import { Grid, type GridProps } from './grid.tsx'
import { PageBar, type PageBarProps } from './page-bar.tsx'
import { Loading, NoAnswer, StaleNotice, UnreadNotice } from './states.tsx'

type ListPageProps = Readonly<{
  title: string
  className?: string
  /** Filter, chips and, as children, the time range. */
  bar: PageBarProps
  /** Parts of the URL that were not understood. */
  unread: readonly string[]
  onRead: () => void
  children: React.ReactNode
}>

export function ListPage({ title, className = '', bar, unread, onRead, children }: ListPageProps): React.ReactNode {
  return (
    <div className={`page ${className}`.trim()}>
      <h1 className="spoken">{title}</h1>
      <PageBar {...bar} />
      <UnreadNotice unread={unread} onClose={onRead} />
      {children}
    </div>
  )
}

export type ListRows<Row> = Readonly<{
  /** Undefined: not known yet. After an error those before it. */
  rows: readonly Row[] | undefined
  error: unknown
  busy: boolean
  /** The rows are of the query before. */
  stale?: boolean
  again: () => void
}>

type ListTableProps<Row> = Readonly<{
  of: ListRows<Row>
  label: string
  /** Number of rows and notes; `acts` is at its end. */
  line: React.ReactNode
  acts: React.ReactNode
  /** Between the line and the table: charts. */
  above?: React.ReactNode
  /** Properties of the table, without its label and rows. */
  grid: Omit<GridProps<Row>, 'label' | 'rows'> & Readonly<{ label?: string }>
  /** Another view of the rows than the table. */
  instead?: React.ReactNode
  /** Without rows. */
  empty: React.ReactNode
  /** What loads, in a sentence. */
  loads: string
  needsStore: string
  /** If a control elsewhere chooses the list: its `aria-controls`. */
  panel?: string
  drawer?: React.ReactNode
}>

export function ListTable<Row>(props: ListTableProps<Row>): React.ReactNode {
  const { of, label, line, acts, above, panel, drawer } = props
  const { rows = [], error, busy, stale = false, again } = of
  const asPanel = panel === undefined ? {} : { id: panel, role: 'tabpanel', 'aria-label': label }
  return (
    <>
      <div className={stale ? 'page-line stale' : 'page-line'}>
        {line}
        <div className="end">{acts}</div>
      </div>
      {error !== undefined && rows.length > 0 && <StaleNotice error={error} onRetry={again} />}
      {above}
      <div className="page-body" {...asPanel}>
        <section className={stale ? 'panel table stale' : 'panel table'} aria-label={label} aria-busy={busy}>
          <Body {...props} />
        </section>
        {drawer}
      </div>
    </>
  )
}

function Body<Row>({ of, label, grid, instead, empty, loads, needsStore }: ListTableProps<Row>) {
  const { rows, error, again } = of
  if (rows !== undefined && rows.length > 0) return instead ?? <Grid key={label} label={label} {...grid} rows={rows} />
  if (error !== undefined) return <NoAnswer error={error} needsStore={needsStore} onRetry={again} />
  return rows === undefined ? <Loading what={loads} /> : empty
}
