import { scalarBinary } from '../metrics/binary.ts'
import { goFloat } from '../metrics/go-float.ts'
import { bytesOf, durationMs, secondsOf } from '../metrics/lexer.ts'
import type { LabelFilter, LabelFormat, Stage, Unit } from './ast.ts'
import { readJson, readLogfmt, readPattern, readRegexp, readUnpack } from './parsers.ts'
import { errorLabel, State, type LogEntry } from './state.ts'
import { TemplateError, type Template } from './template.ts'

export type { LogEntry } from './state.ts'
export type Processed = Readonly<State>

/** Undefined: a stage removes the line. */
export function processed(entry: LogEntry, stages: readonly Stage[], now: bigint): Processed | undefined {
  const state = new State(entry, now)
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
    use(template.render({ labels: state.labels, line: state.line, time: state.entry.time, now: state.now }))
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
    const isNamed = names.has(name) || matchers.some((matcher) => matcher.name === name && matcher.matches(value))
    if (isNamed === (is === 'drop')) labels.delete(name)
  }
}

function unwrapped({ name, conversion }: Extract<Stage, { is: 'unwrap' }>, state: State): boolean {
  const text = state.labels.get(name)
  if (text === undefined) return false
  const value = numberOf(text, conversion)
  if (value === undefined) state.fail('SampleExtractionErr')
  state.value = value ?? 0
  return true
}

function holds(filter: LabelFilter, state: State): boolean {
  if (filter.is === 'and') return holds(filter.left, state) && holds(filter.right, state)
  if (filter.is === 'or') return holds(filter.left, state) || holds(filter.right, state)
  if (filter.is === 'match') return filter.matcher.matches(state.labels.get(filter.matcher.name) ?? '')
  // After an error, an address selects every line without the label, as in Loki: a parser filters by those before it.
  if (filter.is === 'ip' && state.isFailed && !state.parsed.has(filter.name)) return true
  const text = state.labels.get(filter.name)
  // The label of an error is no value to convert.
  if (text === undefined || filter.name === errorLabel) return false
  if (filter.is === 'ip') return filter.contains(text) !== filter.negative
  const value = numberOf(text, filter.unit)
  if (value !== undefined) return scalarBinary(filter.operator, value, filter.value) === 1
  // The line stays, with its first error, unless another filter drops it.
  if (!state.isFailed) state.fail('LabelFilterErr')
  return true
}

/** Undefined: the text is no number. */
function numberOf(text: string, unit: Unit): number | undefined {
  if (unit === 'bytes') return numberOrNone(bytesOf(text))
  if (unit === 'number') return goFloat(text)
  const sign = text.startsWith('-') ? -1 : 1
  const rest = text.replace(/^[+-]/, '')
  if (rest === '0') return 0
  return /^(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|[smh]))+$/.test(rest) ? sign * secondsOf(durationMs(rest)) : undefined
}

const numberOrNone = (value: number): number | undefined => (Number.isNaN(value) ? undefined : value)
