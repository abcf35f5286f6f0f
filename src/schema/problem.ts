import { shownPlace, withoutUrlSecrets } from '../model/url-text.ts'

export type Problem = Readonly<{
  file: string
  line: number
  /** From 1, in characters; 0 for a flag or variable. */
  column: number
  /** Such as `sources.netflow.listen[0]`. */
  path: string
  message: string
  hint?: string
  /** The value may be a secret: only a key of the source line may be shown. `path`: only what follows the host is. */
  secret?: true | 'path'
}>

export type Path = readonly (string | number)[]

export function formatPath(path: Path): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`
    const key = /^[\w-]+$/.test(part) ? part : JSON.stringify(part)
    return text === '' ? key : `${text}.${key}`
  }, '')
}

/** Parts of the names of secrets. */
export const SECRET_NAME = String.raw`pas+w|pwd|secret|token|credential|api_?key`
/** A key of a secret, and its value up to the next key of a flow map. */
const SECRET_VALUE = new RegExp(
  String.raw`(?<=(?:^|[\s{,"'])[\w-]*(?:${SECRET_NAME})[\w-]*["']?\s*:\s*)(?!env:|file:|\{|\s*$)` +
    String.raw`(?:\[[^\]]*\]?|"(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|\S(?:(?!,\s*["']?[\w-]+["']?\s*:).)*)`,
  'gi',
)
const USER_AND_PASSWORD = /(?<=(?:\/\/|^|[\s"'`])[^\s:/@"'`]*:)(?!\/\/)[^\s"'`]+@/g
const URL_TEXT = /\b[a-z][a-z0-9+.-]*:\/\/[^\s"`<>]+/gi
// Plain YAML values have no colon followed by a blank.
const KEY = /^["']?[\w.-]+["']?\s*:(?:\s+|$)/

type Hidden = Readonly<{ start: number; end: number; shown: string }>

function hiddenIn(source: string, { column, path, secret }: Problem): readonly Hidden[] {
  const at = column - 1
  const captured = at + (KEY.exec(source.slice(at))?.[0].length ?? 0)
  const hiddenBy = (pattern: RegExp, show: (text: string) => string): Hidden[] =>
    [...source.matchAll(pattern)].map(({ index, 0: text }) => ({
      start: index,
      end: index + text.length,
      shown: show(text),
    }))
  const end = source.length
  return [
    ...(secret === true ? [{ start: captured, end, shown: '***' }] : []),
    ...(secret === 'path' ? [{ start: captured, end, shown: shownPlace(source.slice(captured)) }] : []),
    ...hiddenBy(URL_TEXT, withoutUrlSecrets),
    ...hiddenBy(USER_AND_PASSWORD, () => '***@'),
    // The value of a field with such a name that is no secret is shown.
    ...hiddenBy(SECRET_VALUE, () => '***').filter(({ start }) => path === '' || start !== captured),
  ]
}

/** The line as it may be shown, and the characters before the column. */
function shownLine(source: string, problem: Problem): Readonly<{ text: string; before: string }> {
  let [text, from] = ['', 0]
  let before: string | undefined
  const at = problem.column - 1
  const take = (until: number) => {
    if (before === undefined && at <= until) before = text + source.slice(from, at)
    text += source.slice(from, until)
  }
  for (const { start, end, shown } of hiddenIn(source, problem).toSorted(
    (a, b) => a.start - b.start || b.end - a.end,
  )) {
    if (end <= from) continue
    take(Math.max(start, from))
    text += shown
    from = end
    if (at < end) before ??= text.slice(0, text.length - shown.length)
  }
  take(source.length)
  return { text, before: before ?? text }
}

export function formatProblems(
  problems: readonly Problem[],
  text: string | ReadonlyMap<string, string>,
  kind: 'error' | 'warning' = 'error',
): string {
  const split = new Map<string, readonly string[]>()
  const lineOf = ({ file, line }: Problem): string | undefined => {
    const lines = split.get(file) ?? (typeof text === 'string' ? text : text.get(file))?.split(/\r?\n/) ?? []
    split.set(file, lines)
    return lines[line - 1]
  }
  return problems.map((problem) => formatProblem(problem, lineOf(problem), kind)).join('\n')
}

/** Characters of a source line to show. */
const longestLine = 400

function formatProblem(problem: Problem, source: string | undefined, kind: string): string {
  const { file, line, column, path, message, hint } = problem
  const location = line === 0 ? file : `${file}:${line}:${column}`
  const subject = path === '' ? '' : `${path}: `
  const out = [`${location}: ${kind}: ${subject}${withoutUrlSecrets(message).replace(USER_AND_PASSWORD, '***@')}`]
  if (source !== undefined) {
    const number = String(line).padStart(4)
    const { text, before } = shownLine(source, problem)
    const shown = text.length > longestLine ? `${text.slice(0, longestLine)} …` : text
    // Tabs stay, so that the caret is below its column.
    const indent = before.replace(/[^\t]/g, ' ')
    out.push(`${number} | ${shown}`)
    if (indent.length <= longestLine) out.push(`     | ${indent}^`)
  }
  if (hint !== undefined) out.push(`     = ${hint}`)
  return out.join('\n')
}
