import { scalarBinary } from '../metrics/binary.ts'
import { bytesOf, durationMs } from '../metrics/lexer.ts'
import type { LabelFilter, LabelFormat, Stage, Unit } from './ast.ts'
import { readJson, readLogfmt, readPattern, readRegexp, readUnpack } from './parsers.ts'
import { errorLabel, State, type LogEntry } from './state.ts'
import { TemplateError, type Template } from './template.ts'

export type { LogEntry } from './state.ts'
export type Processed = Readonly<State>

/** Undefined: a stage removes the line. */
export function processed(entry: LogEntry, stages: readonly Stage[]): Processed | undefined {
  const state = new State(entry)
  for (const stage of stages) if (!applied(stage, state)) return undefined
  return state
}

function applied(stage: Stage, state: State): boolean {
  switch (stage.is) {
    case 'line':
      return stage.test(state.line)
    case 'filter':
      return holds(stage.filter, state)
    case 'unwrap':
      return unwrapped(stage, state)
    case 'json':
      readJson(state, stage.paths)
      break
    case 'logfmt':
      readLogfmt(state, stage)
      break
    case 'regexp':
      readRegexp(state, stage)
      break
    case 'pattern':
      readPattern(state, stage)
      break
    case 'unpack':
      readUnpack(state)
      break
    case 'decolorize':
      // oxlint-disable-next-line no-control-regex -- escape sequences of terminals begin with a control character
      state.line = state.line.replace(/\u001B\[[\d;]*[a-zA-Z]/g, '')
      break
    case 'line_format':
      rendered(stage.template, state, (text) => (state.line = text))
      break
    case 'label_format':
      for (const format of stage.formats) formatLabel(format, state)
      break
    case 'drop':
    case 'keep':
      select(stage, state)
      break
  }
  return true
}

function rendered(template: Template, state: State, use: (text: string) => void) {
  try {
    use(template.render({ labels: state.labels, line: state.line, time: state.entry.time }))
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error
    state.fail('TemplateFormatErr')
  }
}

/** A label gets a new name, or a new value. */
function formatLabel({ target, from }: LabelFormat, state: State) {
  const { labels, parsed } = state
  if (typeof from !== 'string')
    return rendered(from, state, (text) => {
      labels.set(target, text)
      parsed.add(target)
    })
  const value = labels.get(from)
  if (value === undefined) return
  labels.delete(from)
  labels.set(target, value)
  parsed.add(target)
}

function select({ is, names, matchers }: Extract<Stage, { is: 'drop' | 'keep' }>, { labels }: State) {
  for (const [name, value] of labels) {
    if (is === 'keep' && name.startsWith(errorLabel)) continue
    const isNamed = names.has(name) || matchers.some((each) => each.name === name && each.matches(value))
    if (isNamed === (is === 'drop')) labels.delete(name)
  }
}

function unwrapped({ name, conversion }: Extract<Stage, { is: 'unwrap' }>, state: State): boolean {
  const text = state.labels.get(name)
  if (text === undefined) return false
  const value = numberOf(text, conversion)
  if (Number.isNaN(value)) state.fail('SampleExtractionErr')
  state.value = Number.isNaN(value) ? 0 : value
  return true
}

function holds(filter: LabelFilter, state: State): boolean {
  if (filter.is === 'and') return holds(filter.left, state) && holds(filter.right, state)
  if (filter.is === 'or') return holds(filter.left, state) || holds(filter.right, state)
  if (filter.is === 'match') return filter.matcher.matches(state.labels.get(filter.matcher.name) ?? '')
  const text = state.labels.get(filter.name)
  // After an error, an address selects lines without the label, and a number lines with it, as in Loki.
  if (filter.is === 'ip') return text === undefined ? state.isFailed : filter.contains(text) !== filter.negative
  if (text === undefined) return false
  if (state.isFailed) return true
  const value = numberOf(text, filter.unit)
  if (!Number.isNaN(value)) return scalarBinary(filter.operator, value, filter.value) === 1
  // The line stays, with its error.
  state.fail('LabelFilterErr')
  return true
}

function numberOf(text: string, unit: Unit): number {
  if (unit === 'bytes') return bytesOf(text)
  if (unit === 'duration') {
    const sign = text.startsWith('-') ? -1 : 1
    const rest = text.replace(/^[+-]/, '')
    if (rest === '0') return 0
    return /^(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|[smh]))+$/.test(rest) ? (sign * durationMs(rest)) / 1000 : NaN
  }
  return /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text) ? Number(text) : NaN
}
