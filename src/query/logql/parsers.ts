/** Parsers of lines: each adds labels, or an error label. */
import type { JsonPath, Stage } from './ast.ts'
import { membersAt, readMembers } from './json-members.ts'
import { captures } from './line-pattern.ts'
import type { State } from './state.ts'
import { parsedJson } from '../../model/json.ts'

export function sanitized(name: string): string {
  const text = name.trim().replace(/[^a-zA-Z0-9_]/g, '_')
  return /^\d/.test(text) ? `_${text}` : text
}

function objectOf(line: string): Record<string, unknown> | undefined {
  const body = parsedJson(line)
  const isObject = typeof body === 'object' && body !== null && !Array.isArray(body)
  return isObject ? (body as Record<string, unknown>) : undefined
}

/** A character that was no UTF-8 is a space, as in Loki. */
const withoutErrorRunes = (text: string): string => text.replaceAll('\uFFFD', ' ')

/** Every member that is no array, with the names of nested ones joined; or the members at the paths. */
export function readJson(state: State, paths: readonly (readonly [string, JsonPath])[]): void {
  if (paths.length > 0) return readJsonPaths(state, paths)
  const isRead = readMembers(state.line, (path, value) => {
    const label = jsonLabelOf(path)
    if (label !== undefined) state.extract(label, withoutErrorRunes(value))
  })
  if (!isRead) state.fail('JSONParserErr')
}

/** The label of a member of JSON; an empty key alone gives none. */
export function jsonLabelOf(path: readonly string[]): string | undefined {
  const [first, ...rest] = path.map((key) => key.trim()).filter((key) => key !== '')
  if (first === undefined && path.length === 1) return undefined
  return [sanitized(first ?? ''), ...rest.map((key) => key.replace(/[^a-zA-Z0-9_]/g, '_'))].join('_')
}

/** A line that begins as JSON is no error, even if it is damaged. */
function readJsonPaths(state: State, paths: readonly (readonly [string, JsonPath])[]): void {
  if (state.line === '') return
  if (/^\s*[^\s"{[]/.test(state.line)) return state.fail('JSONParserErr')
  const members = membersAt(
    state.line,
    paths.map(([, path]) => path),
  )
  for (const [at, [label]] of paths.entries()) state.extract(label, members[at] ?? '', { replaces: true })
}

const pair = /\s*([^\s="\uFFFD]+)(?:=(?:"((?:[^"\\]|\\.)*)"|([^\s="]*)))?(?=\s|$)/sy

/** `key=value` and `key="value"`. Without `strict`, text of another form is skipped. */
export function readLogfmt(state: State, { strict, keepEmpty, keys }: Extract<Stage, { is: 'logfmt' }>): void {
  const { line } = state
  const labelsOf = new Map<string, string[]>()
  for (const [label, key] of keys) {
    labelsOf.set(key, [...(labelsOf.get(key) ?? []), label])
    // A key that the line lacks is an empty label.
    if (!state.labels.has(label)) state.extract(label, '')
  }
  let at = 0
  while (at < line.length) {
    pair.lastIndex = at
    const match = pair.exec(line)
    if (match === null) {
      if (line.slice(at).trim() === '') return
      if (strict) return state.fail('LogfmtParserErr')
      const next = /\s+\S*/g
      next.lastIndex = at + (/^\s*/.exec(line.slice(at))?.[0].length ?? 0)
      const after = next.exec(line)
      if (after === null) return
      at = after.index
      continue
    }
    at = pair.lastIndex
    const [, key = '', quoted, plain] = match
    const value = withoutErrorRunes(quoted === undefined ? (plain ?? '') : unquoted(quoted))
    if (value === '' && !keepEmpty) continue
    if (keys.length === 0) state.extract(sanitized(key), value)
    else for (const label of labelsOf.get(key) ?? []) state.extract(label, value, { replaces: true })
  }
}

function unquoted(text: string): string {
  try {
    // Control characters may be in the text, but not in JSON.
    // oxlint-disable-next-line no-control-regex -- they are the ones to escape
    return JSON.parse(`"${text.replace(/[\u0000-\u001F]/g, (match) => JSON.stringify(match).slice(1, -1))}"`) as string
  } catch {
    return text
  }
}

export function readRegexp(state: State, { regex }: Extract<Stage, { is: 'regexp' }>): void {
  const matcher = regex.matcher(state.line)
  if (!matcher.find()) return
  for (const name of Object.keys(regex.namedGroups())) state.extract(sanitized(name), matcher.group(name) ?? '')
}

export function readPattern(state: State, { pattern }: Extract<Stage, { is: 'pattern' }>): void {
  if (state.line === '') return
  for (const [name, text] of captures(pattern, state.line)) state.extract(name, text)
}

/** Texts of a packed line become labels, `_entry` the line. */
export function readUnpack(state: State): void {
  if (state.line === '') return
  const body = objectOf(state.line)
  if (body === undefined) return state.fail('JSONParserErr')
  if (typeof body['_entry'] !== 'string') return
  for (const [key, value] of Object.entries(body))
    if (key !== '_entry' && typeof value === 'string') state.extract(sanitized(key), value, { replaces: true })
  state.line = body['_entry']
}
