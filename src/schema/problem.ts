import { withoutUrlSecrets } from '../model/url-text.ts'

export type Problem = Readonly<{
  file: string
  line: number
  /** From 1, in characters; 0 for a flag or variable. */
  column: number
  /** Such as `sources.netflow.listen[0]`. */
  path: string
  message: string
  hint?: string
  /** The value may be a secret: only a key of the source line may be shown. */
  secret?: true
}>

export type Path = readonly (string | number)[]

export function formatPath(path: Path): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`
    const key = /^[\w-]+$/.test(part) ? part : JSON.stringify(part)
    return text === '' ? key : `${text}.${key}`
  }, '')
}

const SECRET_KEY =
  /((?:^|[\s{,"'])[\w-]*(?:pas+w|pwd|secret|token|credential|api_?key)[\w-]*["']?\s*:\s*)(?!env:|file:|\{|\s*$)\S.*$/i
const USER_AND_PASSWORD = /((?:\/\/|^|[\s"'`])[^\s:/@"'`]*:)(?!\/\/)[^\s"'`]+@/g
// Plain YAML values have no colon followed by a blank.
const KEY = /^["']?[\w.-]+["']?\s*:(?:\s+|$)/

function mask(text: string) {
  return withoutUrlSecrets(text).replace(USER_AND_PASSWORD, '$1***@').replace(SECRET_KEY, '$1***')
}

function hide(source: string, column: number) {
  const key = KEY.exec(source.slice(column - 1))?.[0] ?? ''
  return `${mask(source.slice(0, column - 1))}${key}***`
}

export function formatProblems(
  problems: readonly Problem[],
  text: string | ReadonlyMap<string, string>,
  kind: 'error' | 'warning' = 'error',
): string {
  const lineOf = ({ file, line }: Problem) =>
    (typeof text === 'string' ? text : text.get(file))?.split(/\r?\n/)[line - 1]
  return problems.map((problem) => formatProblem(problem, lineOf(problem), kind)).join('\n')
}

function formatProblem(problem: Problem, source: string | undefined, kind: string): string {
  const { file, line, column, path, message, hint } = problem
  const place = line === 0 ? file : `${file}:${line}:${column}`
  const subject = path === '' ? '' : `${path}: `
  const out = [`${place}: ${kind}: ${subject}${withoutUrlSecrets(message).replace(USER_AND_PASSWORD, '$1***@')}`]
  if (source !== undefined) {
    const number = String(line).padStart(4)
    const shown = problem.secret === true ? hide(source, column) : mask(source)
    // Tabs stay, so that the caret is below its column.
    const indent = source.slice(0, column - 1).replace(/[^\t]/g, ' ')
    out.push(`${number} | ${shown}`, `     | ${indent}^`)
  }
  if (hint !== undefined) out.push(`     = ${hint}`)
  return out.join('\n')
}
