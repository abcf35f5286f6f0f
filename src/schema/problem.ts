import { withoutUrlSecrets } from '../model/url-text.ts'

/** One thing wrong with a configuration, and where. */
export interface Problem {
  /** The file as the user named it, or the flag or variable that set the value. */
  readonly file: string
  /** From 1; 0 when the value came from a flag or a variable. */
  readonly line: number
  /** From 1, in characters; 0 when the value came from a flag or a variable. */
  readonly column: number
  /** Such as `sources.netflow.listen[0]`; empty for the whole document. */
  readonly path: string
  readonly message: string
  readonly hint?: string
  /** What stands at this problem's column may be a secret: of the source line only a key there may be shown. */
  readonly secret?: true
}

export type Path = readonly (string | number)[]

/** `a.b[0]`, with keys that would be misread in quotes. */
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
// A plain YAML value never holds a colon and a blank, so that this matches keys only.
const KEY = /^["']?[\w.-]+["']?\s*:(?:\s+|$)/

function mask(text: string): string {
  return withoutUrlSecrets(text).replace(USER_AND_PASSWORD, '$1***@').replace(SECRET_KEY, '$1***')
}

function hide(source: string, column: number): string {
  const key = KEY.exec(source.slice(column - 1))?.[0] ?? ''
  return `${mask(source.slice(0, column - 1))}${key}***`
}

/**
 * Compiler-style lines: place and message, the source line, a caret, the hint. `text` is the text of the file, or of
 * each file by its name;
 * `kind` is the word before the message. What looks like a secret is masked, because this ends up in program logs.
 */
export function formatProblems(
  problems: readonly Problem[],
  text: string | ReadonlyMap<string, string>,
  kind: 'error' | 'warning' = 'error',
): string {
  const lineOf = ({ file, line }: Problem): string | undefined =>
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
    // Tabs stay tabs, so that the caret stands under its column whatever the terminal's tab width.
    const indent = source.slice(0, column - 1).replace(/[^\t]/g, ' ')
    out.push(`${number} | ${shown}`, `     | ${indent}^`)
  }
  if (hint !== undefined) out.push(`     = ${hint}`)
  return out.join('\n')
}
