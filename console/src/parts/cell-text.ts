import { isValidElement, type ReactNode } from 'react'
import { timeZone } from '../state/preferences.ts'

/**
 * The text that a cell shows, for files. Components are called without React, so those with hooks yield the text of
 * their children.
 */
export function textOf(node: ReactNode): string {
  if (node === null || node === undefined || typeof node === 'boolean') return ''
  if (typeof node === 'string' || typeof node === 'number' || typeof node === 'bigint') return String(node)
  if (isValidElement<{ children?: ReactNode; className?: string }>(node)) {
    const { type, props } = node
    if (typeof type === 'function') {
      try {
        return textOf((type as (props: unknown) => ReactNode)(props))
      } catch {
        return textOf(props.children)
      }
    }
    const text = textOf(props.children)
    return props.className?.includes('beside') === true ? ` ${text.trim()}` : text
  }
  return Symbol.iterator in node ? [...node].map(textOf).join('') : ''
}

const group = new Intl.NumberFormat().formatToParts(1_234_567).find(({ type }) => type === 'group')?.value ?? ','

function isGrouped(text: string): boolean {
  const [first = '', ...others] = text.split(group)
  return /^-?\d{1,3}$/.test(first) && others.length > 0 && others.every((digits) => /^\d{3}$/.test(digits))
}

/** Numbers without the separators of thousands, and no dash for an absent value. */
export function csvText(node: ReactNode): string | null {
  const text = textOf(node).trim()
  if (text === '' || text === '–') return null
  return isGrouped(text) ? text.replaceAll(group, '') : text
}

export type CsvColumn<Row> = Readonly<{
  id: string
  title: string
  cell: (row: Row) => ReactNode
  csv?: (row: Row) => string | null
}>

/** Titles of the screen. The id follows a title that several columns have. */
export function csvTitles(columns: readonly Pick<CsvColumn<never>, 'id' | 'title'>[]): readonly string[] {
  const titles = columns.map(({ title }) => title)
  return columns.map(({ id, title }) =>
    titles.indexOf(title) === titles.lastIndexOf(title) ? title : `${title} (${id})`,
  )
}

export function csvCells<Row>(columns: readonly CsvColumn<Row>[], row: Row): readonly (string | null)[] {
  return columns.map(({ cell, csv }) => (csv === undefined ? csvText(cell(row)) : csv(row)))
}

/** Name of the zone of the times in a file. */
export function zoneName(): string {
  return timeZone.get() === 'utc' ? 'UTC' : Intl.DateTimeFormat().resolvedOptions().timeZone
}
