/** Places of a caret in texts of the editor, and the words that fit. */
import type { Suggested } from './completed-input.tsx'

/** `metric`: that of the labels; empty: any. */
export type ExpressionPlace = Readonly<{ from: number; word: string; metric: string }> &
  (Readonly<{ is: 'name' | 'label' }> | Readonly<{ is: 'value'; label: string }>)

const inBraces = /([a-zA-Z_:][\w:]*)?\s*\{([^{}]*)$/
const value = /([a-zA-Z_]\w*)\s*(?:=~|!~|!=|=)\s*"((?:[^"\\]|\\.)*)$/
const grouped = /\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^()]*)$/

/** Of PromQL and LogQL. */
export function placeIn(expr: string, caret: number): ExpressionPlace {
  const before = expr.slice(0, caret)
  const word = /[a-zA-Z_:][\w:]*$/.exec(before)?.[0] ?? ''
  const braces = inBraces.exec(before)
  if (braces !== null) {
    const [, metric = '', inside = ''] = braces
    const quoted = value.exec(inside)
    if (quoted !== null) {
      const typed = quoted[2] ?? ''
      return { is: 'value', from: caret - typed.length, word: typed, metric, label: quoted[1]! }
    }
    return { is: 'label', from: caret - word.length, word, metric }
  }
  if (grouped.test(before)) {
    const metric = /([a-zA-Z_:][\w:]*)\s*[{[]/.exec(expr)?.[1] ?? ''
    return { is: 'label', from: caret - word.length, word, metric }
  }
  return { is: 'name', from: caret - word.length, word, metric: '' }
}

export const promqlFunctions: readonly string[] = [
  'sum',
  'avg',
  'min',
  'max',
  'count',
  'topk',
  'bottomk',
  'quantile',
  'rate',
  'irate',
  'increase',
  'delta',
  'histogram_quantile',
  'avg_over_time',
  'max_over_time',
  'min_over_time',
  'sum_over_time',
  'label_replace',
  'clamp_min',
  'clamp_max',
  'absent',
]
export const logqlFunctions: readonly string[] = [
  'sum',
  'avg',
  'min',
  'max',
  'count',
  'topk',
  'rate',
  'count_over_time',
  'bytes_rate',
  'bytes_over_time',
  'sum_over_time',
  'quantile_over_time',
]

/** Those that begin with the word first. */
export function matching(words: readonly string[], word: string): readonly string[] {
  const typed = word.toLowerCase()
  const begins = words.filter((name) => name.toLowerCase().startsWith(typed))
  return [...begins, ...words.filter((name) => !begins.includes(name) && name.toLowerCase().includes(typed))]
}

/** The typed part of the value at the caret. */
export function wordAt(text: string, caret: number | undefined): string {
  const before = text.slice(0, caret ?? 0)
  return before.slice(before.lastIndexOf(',') + 1).trimStart()
}

/** Of values between commas, each at most once. */
export function inList(text: string, caret: number | undefined, words: readonly string[]): Suggested {
  const before = text.slice(0, caret ?? 0)
  const from = before.lastIndexOf(',') + 1
  const spaces = /^\s*/.exec(before.slice(from))?.[0].length ?? 0
  const chosen = new Set(text.split(',').map((item) => item.trim()))
  const word = before.slice(from + spaces)
  return { from: from + spaces, items: matching(words, word).filter((item) => !chosen.has(item) || item === word) }
}

/** Of words of a statement. */
export function inWords(text: string, caret: number | undefined, words: readonly string[]): Suggested {
  const word = /\w+$/.exec(text.slice(0, caret ?? 0))?.[0] ?? ''
  return { from: (caret ?? 0) - word.length, items: word === '' ? [] : matching(words, word) }
}
