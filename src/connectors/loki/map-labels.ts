import type { EventBatch, FlowBatch } from '../../model/batches.ts'
import { isPresent, type Column } from '../../model/columns.ts'
import type { FlowFieldName } from '../../model/fields.ts'

export function labelNameOf(name: string): string {
  const legal = name.replaceAll(/[^A-Za-z0-9_]/g, '_')
  return /^\d/.test(legal) ? `_${legal}` : legal
}

type Labels = Readonly<Record<string, string>>

export type LabelField = Readonly<{
  field: FlowFieldName
  name: string
}>

type LabelSource = Readonly<{
  name: string
  /** 0: absent. */
  code: (row: number) => number
  value: (code: number) => string
}>

/** The streams of one send, by number. */
export class Streams {
  /** Label sets in Loki's text form, names sorted. */
  readonly texts: string[] = []
  readonly labels: Labels[] = []
  readonly #known = new Map<string, number>()

  ofFlows({ columns, dictionary }: FlowBatch, fields: readonly LabelField[], fixed: Labels): (row: number) => number {
    const sources = fields.flatMap(({ field, name }) => {
      const column = columns[field]
      return column === undefined ? [] : [labelSource(name, column, dictionary)]
    })
    return this.#numbers(sources, fixed)
  }

  ofEvents({ family, source, type, dictionary }: EventBatch, fixed: Labels): (row: number) => number {
    const sources = Object.entries({ family, source, type }).map(([name, codes]) =>
      labelSource(name, { kind: 'dict', codes }, dictionary),
    )
    return this.#numbers(sources, fixed)
  }

  /** Combines the codes of a row to one number; each combination is resolved once. */
  #numbers(sources: readonly LabelSource[], fixed: Labels): (row: number) => number {
    const levels = sources.map(() => new Map<number, number>())
    const streams: number[] = []
    let combinations = 0
    return (row) => {
      let combined = 0
      for (const [level, { code }] of sources.entries()) {
        const key = combined * 0x1_0000_0000 + code(row)
        let next = levels[level]?.get(key)
        if (next === undefined) {
          next = ++combinations
          levels[level]?.set(key, next)
        }
        combined = next
      }
      return (streams[combined] ??= this.#stream(sources, fixed, row))
    }
  }

  #stream(sources: readonly LabelSource[], fixed: Labels, row: number): number {
    const labels: Record<string, string> = {}
    for (const [name, value] of Object.entries(fixed)) labels[labelNameOf(name)] = value
    for (const { name, code, value } of sources) {
      const text = code(row) === 0 ? '' : value(code(row))
      if (text !== '') labels[name] = text.toWellFormed()
    }
    const names = Object.keys(labels).sort()
    const text = `{${names.map((name) => `${name}=${JSON.stringify(labels[name])}`).join(', ')}}`
    const existing = this.#known.get(text)
    if (existing !== undefined) return existing
    const number = this.texts.length
    this.texts.push(text)
    this.labels.push(labels)
    this.#known.set(text, number)
    return number
  }
}

function labelSource(name: string, column: Column, dictionary: readonly string[]): LabelSource {
  switch (column.kind) {
    case 'dict': {
      const { codes } = column
      return { name, code: (row) => codes[row] ?? 0, value: (code) => dictionary[code] ?? '' }
    }
    case 'u8':
    case 'u16':
    case 'u32': {
      const { values, valid } = column
      const code = (row: number) => (isPresent(valid, row) ? (values[row] ?? 0) + 1 : 0)
      return { name, code, value: (number) => String(number - 1) }
    }
    default:
      return { name, code: () => 0, value: () => '' }
  }
}
