import { terminalWidth } from '../host/terminal.ts'
import { colour } from './colour.ts'
import { fitted } from './help/wrap.ts'

type TableStyle = Readonly<{
  /** `wide`: each cell in full, in lines of any length. `vertical`: a block for each row. */
  layout: 'fit' | 'wide' | 'vertical'
  headers: boolean
}>

/** A process runs one command. */
let style: TableStyle = { layout: 'fit', headers: true }

export function useTableStyle(next: TableStyle): void {
  style = next
}

/** Undefined: lines of any length. */
export function tableWidth(): number | undefined {
  return style.layout === 'fit' ? terminalWidth() : undefined
}

export function isVertical(): boolean {
  return style.layout === 'vertical'
}

export function showsHeaders(): boolean {
  return style.headers
}

/** `fixed`: a text that is not cut, as a time. */
export type Column = Readonly<{ title: string; width: number; right: boolean; fixed?: boolean }>

const gap = '  '
const leastText = 10

/** Text columns give way to fit `width`; then the last columns are left out, and lines end with `…`. */
export class TableLayout {
  readonly #widths: readonly number[]
  readonly #columns: readonly Column[]
  readonly #isCut: boolean
  readonly #fits: boolean

  constructor(columns: readonly Column[], width: number | undefined) {
    const natural = columns.map((column) => Math.max(column.width, column.title.length))
    const least = columns.map((column, at) => (isFixed(column) ? natural[at]! : Math.min(natural[at]!, leastText)))
    const total = (sizes: readonly number[]) => sizes.reduce((sum, size) => sum + size, gap.length * (sizes.length - 1))
    let count = columns.length
    if (width !== undefined)
      while (count > 1 && total(least.slice(0, count)) + (count < columns.length ? 3 : 0) > width) count--
    this.#fits = width !== undefined
    this.#isCut = count < columns.length
    this.#columns = columns.slice(0, count)
    this.#widths = width === undefined ? natural : this.#fit(natural.slice(0, count), width - (this.#isCut ? 3 : 0))
  }

  get left(): number {
    return this.#columns.length
  }

  head(): string {
    return showsHeaders() ? `${colour('bold', this.#line(this.#columns.map(({ title }) => title)))}\n` : ''
  }

  line(cells: readonly string[]): string {
    return `${this.#line(cells)}\n`
  }

  #fit(natural: readonly number[], width: number) {
    const fixed = this.#columns.reduce((sum, column, at) => sum + (isFixed(column) ? natural[at]! + gap.length : 0), 0)
    const texts = natural.filter((_, at) => !isFixed(this.#columns[at]!))
    const narrow = [...fitted(texts, width - fixed, leastText)]
    return natural.map((size, at) => (isFixed(this.#columns[at]!) ? size : (narrow.shift() ?? size)))
  }

  #line(cells: readonly string[]) {
    const laid = this.#columns.map(({ right }, at) => {
      const cell = cells[at] ?? ''
      // A number without its last digits is a wrong number.
      const text = right || !this.#fits ? cell : cutText(cell, this.#widths[at]!)
      return right ? text.padStart(this.#widths[at]!) : text.padEnd(this.#widths[at]!)
    })
    return this.#isCut ? `${laid.join(gap)}${gap}…` : laid.join(gap).trimEnd()
  }
}

function isFixed({ right, fixed }: Column) {
  return right || fixed === true
}

const time = /^(?:\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d[\d.Z]*|-?)$/

export function textTable(titles: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const lines = rows.map((row) => row.map((cell) => (typeof cell === 'number' ? grouped(cell) : cell)))
  const layout = new TableLayout(
    titles.map((title, at) => ({
      title,
      width: Math.max(0, ...lines.map((line) => (line[at] ?? '').length)),
      right: rows.length > 0 && rows.every((row) => typeof row[at] === 'number' || /^\d+$/.test(row[at] ?? '')),
      fixed: lines.every((line) => time.test(line[at] ?? '')),
    })),
    tableWidth(),
  )
  return layout.head() + lines.map((line) => layout.line(line)).join('')
}

export function cutText(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, width - 1)}…`
}

/** Replaces line breaks and control characters of external text, so that a terminal does not act on them. */
export function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\s]+/gu, ' ').trim()
}

function grouped(value: number) {
  return value.toLocaleString('en-US', { maximumFractionDigits: 1 })
}
