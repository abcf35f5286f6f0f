import type { SinkRow } from '../../engine/delivery/rows.ts'
import { isRecord, type Fields } from '../../model/json.ts'

type IndexName = (row: SinkRow, time: number, data: () => Fields) => string

const placeholder = /\{\{([\w.@-]+)\}\}|%([YmdH])/g
const absent = 'none'
const longest = 255

export function indexNames(pattern: string): IndexName {
  if (!pattern.includes('{{')) {
    const days = new Map<number, string>()
    return (_, time) => {
      const hour = Math.floor(time / 3_600_000)
      const day = days.get(hour)
      if (day !== undefined) return day
      if (days.size > 1000) days.clear()
      const name = pattern.replaceAll(placeholder, (_all, _label, part: string) => datePart(part, time))
      days.set(hour, name)
      return name
    }
  }
  return (row, time, data) =>
    pattern
      .replaceAll(placeholder, (_, label: string | undefined, part: string) =>
        label === undefined ? datePart(part, time) : inName(valueOf(label, row, data)),
      )
      .slice(0, longest)
}

/** The pattern of an index template that matches every name made from `pattern`. */
export function templatePattern(pattern: string): string {
  return pattern.replaceAll(placeholder, '*')
}

function datePart(part: string, time: number) {
  const date = new Date(time).toISOString()
  if (part === 'Y') return date.slice(0, 4)
  return part === 'm' ? date.slice(5, 7) : part === 'd' ? date.slice(8, 10) : date.slice(11, 13)
}

function valueOf(name: string, { event, family }: SinkRow, data: () => Fields): string {
  if (name === 'family') return family
  if (name === 'source' || name === 'type' || name === 'subject') return event[name] ?? absent
  const fields = data()
  const labels = fields['labels']
  const value = (isRecord(labels) ? labels[name] : undefined) ?? fields[name]
  if (value === undefined || value === null) return absent
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** Replaces characters that an index name cannot contain. */
function inName(text: string): string {
  const clean = text.toLowerCase().replaceAll(/[\\/*?"<>|\s,#:{}%]+/g, '-')
  return clean === '' ? absent : clean.slice(0, 100)
}
