/** Rows of two lines on a phone: names and an amount, below them the rest. */
export type LinedColumn = Readonly<{
  id: string
  width: number
  grow?: number
  end?: boolean
  /** Line of the column on a phone; if a column has it, those without are hidden. */
  line?: 1 | 2
}>

export type GridLines<Column> = Readonly<{
  /** Columns of the first line, then of the second. */
  columns: readonly Column[]
  /** Number of columns in the first line. */
  first: number
  /** Tracks of a CSS grid. */
  tracks: readonly [string, string]
}>

/** px of a row in a window of 390 px; in a narrower one, the columns are. */
const room = 356
const leastText = 84
/** Milliseconds of times of other days are cut. */
const mostText = 116
/** In the first line names need the room. */
const mostAmount = [132, 150] as const
/** Wider columns of numbers have two of them. */
const widestAmount = 140
/** Checkboxes and pins. */
const widestControl = 50
const mostWithoutDetails = 6

/**
 * Columns that have no room in two lines are left out if rows have details.
 * @returns undefined if one line is better: two columns, or many without details.
 */
export function linesOf<Column extends LinedColumn>(
  columns: readonly Column[],
  rows: 'details' | 'plain',
): GridLines<Column> | undefined {
  const isListed = columns.some(({ line }) => line === 1)
  if (columns.length < 3 || (rows === 'plain' && !isListed && columns.length > mostWithoutDetails)) return undefined
  const [above, below] = isListed ? asListed(columns) : byWeight(columns)
  const second = rows === 'plain' ? below : fitting(below)
  return {
    columns: [...above, ...second],
    first: above.length,
    tracks: [tracksOf(above, mostAmount[0]), tracksOf(second, mostAmount[1])],
  }
}

type Split<Column> = readonly [above: readonly Column[], below: readonly Column[]]

function asListed<Column extends LinedColumn>(columns: readonly Column[]): Split<Column> {
  return [columns.filter(({ line }) => line === 1), columns.filter(({ line }) => line === 2)].map(amountsLast) as never
}

/** The two widest names and the first amount are above. */
function byWeight<Column extends LinedColumn>(columns: readonly Column[]): Split<Column> {
  const texts = columns.filter(({ end, width }) => end !== true && width > widestControl)
  const most = Math.max(0, ...texts.map(weightOf))
  const names = texts.filter((column) => weightOf(column) === most).slice(0, 2)
  const amount = columns.find(({ end, width }) => end === true && width <= widestAmount)
  const isAbove = (column: Column) =>
    names.includes(column) || column === amount || (column.end !== true && column.width <= widestControl)
  return [columns.filter(isAbove), columns.filter((column) => !isAbove(column))].map(amountsLast) as never
}

const weightOf = ({ grow = 0, width }: LinedColumn) => (grow > 0 ? grow * 1000 : width)

const amountsLast = <Column extends LinedColumn>(columns: readonly Column[]): readonly Column[] =>
  columns.toSorted((a, b) => Number(a.end === true) - Number(b.end === true))

/** The first amount has room before names. */
function fitting<Column extends LinedColumn>(columns: readonly Column[]): readonly Column[] {
  const amount = columns.find(({ end }) => end === true)
  let left = room - (amount === undefined ? 0 : leastOf(amount))
  return columns.filter((column, at) => {
    if (column === amount) return true
    left -= leastOf(column)
    return left >= 0 || (at === 0 && amount === undefined)
  })
}

const leastOf = ({ width, grow = 0, end }: LinedColumn) =>
  end === true ? Math.min(width, mostAmount[1]) : grow > 0 ? leastText : Math.min(width, mostText)

const tracksOf = (columns: readonly LinedColumn[], most: number) =>
  columns
    .map(({ width, grow = 0, end }, _, all) =>
      end === true || (grow === 0 && all.some((column) => column.end !== true && (column.grow ?? 0) > 0))
        ? `minmax(0, ${Math.min(width, end === true ? most : mostText)}px)`
        : `minmax(0, ${grow === 0 ? width : Math.round(100 * Math.sqrt(grow))}fr)`,
    )
    .join(' ')
