import type { RowFilter, SettingProblem } from '../engine/contracts.ts'
import { sourcesOfTransform, typesThatEmit } from '../components/manifests.ts'
import { loadTransform } from '../components/registry.ts'
import { walkWritten } from '../schema/descend.ts'
import { locate } from '../schema/document.ts'
import { filesOf, formatPath, type ConfigDocument } from '../schema/index.ts'
import type { FilterText } from '../schema/filter-field.ts'
import type { Path, Problem } from '../schema/problem.ts'
import type { FilterKind, QueryError } from '../query/index.ts'
import { weirSchema, type WeirConfig } from './config.ts'
import { withoutUndefined } from '../model/json.ts'

export type CompileFilter = (written: FilterText) => RowFilter

type Placed = Readonly<{
  path: Path
  value: FilterText
}>

function filtersIn(document: ConfigDocument): readonly Placed[] {
  const placed: Placed[] = []
  walkWritten(weirSchema.info, document.value, (info, value, path) => {
    if (info.kind === 'filter' && value !== null) placed.push({ path, value: value as FilterText })
  })
  return placed
}

export async function checkFilters(
  config: WeirConfig,
  document: ConfigDocument,
): Promise<Readonly<{ compile?: CompileFilter; problems: readonly Problem[] }>> {
  const placed = filtersIn(document)
  if (placed.length === 0) return { problems: [] }
  const { compileRowFilter, QueryError } = await import('../query/index.ts')
  const kindsOf = kindsIn(config)
  const problems = placed.flatMap(({ path, value }) => {
    const kinds = kindsOf(path)
    const texts = typeof value === 'string' ? [{ at: path, text: value, one: value, kinds }] : byKind(path, value)
    return texts.flatMap(({ at, text, one: isOne, kinds: of }) => {
      try {
        compileRowFilter(isOne, of)
        return []
      } catch (error) {
        if (!(error instanceof QueryError)) throw error
        return [filterProblem(document, at, text, error)]
      }
    })
  })
  return { compile: (written) => compileRowFilter(written), problems }
}

function byKind(
  path: Path,
  value: Exclude<FilterText, string>,
): Readonly<{ at: Path; text: string; one: FilterText; kinds?: readonly FilterKind[] }>[] {
  return Object.entries(value).flatMap(([kind, text]) =>
    text === undefined ? [] : [{ at: [...path, kind], text, one: { [kind]: text } }],
  )
}

export async function transformProblems(config: WeirConfig, document: ConfigDocument): Promise<readonly Problem[]> {
  const problems: Problem[] = []
  for (const { id, type, settings } of Object.values(config.transforms))
    for (const problem of (await loadTransform(type)).problems?.(settings) ?? [])
      problems.push(problemIn(document, ['transforms', id, ...problem.path], problem))
  return problems
}

export function filterProblem(document: ConfigDocument, path: Path, text: string, error: QueryError): Problem {
  const { from = 0, hint } = error.problems[0] ?? {}
  return problemIn(document, path, { text, from, message: error.message, ...withoutUndefined({ hint }) })
}

/** Located at the character of the text, if the text is written on one line. */
export function problemIn(
  document: ConfigDocument,
  path: Path,
  { text, from, message, hint }: Omit<SettingProblem, 'path'>,
): Problem {
  const location = locate(document, path, 'value')
  const line = rest(document, location)
  const quote = line !== undefined && /^["']/.test(line) ? 1 : 0
  const column = line?.slice(quote).startsWith(text) === true ? location.column + quote + from : location.column
  return {
    ...location,
    column,
    path: formatPath(path),
    message,
    ...withoutUndefined({ hint }),
  }
}

/** Rest of the line. Undefined for a flag or variable. */
function rest(document: ConfigDocument, { file, line, column }: Pick<Problem, 'file' | 'line' | 'column'>) {
  const result = filesOf(document).find((candidate) => candidate.file === file)
  const start = result?.nodes.lines.lineStarts[line - 1]
  if (result === undefined || start === undefined) return undefined
  const end = result.text.indexOf('\n', start)
  return result.text.slice(start + column - 1, end === -1 ? undefined : end)
}

function kindsIn(config: WeirConfig): (path: Path) => readonly FilterKind[] | undefined {
  const isFlows = flowSources(config)
  return ([under, id]) => {
    if (under !== 'sinks' && under !== 'transforms') return undefined
    const common = config[under][String(id)]?.common
    const families = common?.only.family
    if (families !== null && families !== undefined)
      return [
        ...new Set(
          families.map((family) =>
            family === 'flow' ? 'flows' : family === 'change' ? 'changes' : family === 'audit' ? 'audit' : 'events',
          ),
        ),
      ]
    return common?.from?.every(isFlows) === true ? ['flows'] : undefined
  }
}

/** Sources and outputs of transforms that have flows only. */
function flowSources(config: WeirConfig): (source: string) => boolean {
  const flows = typesThatEmit('flows')
  const inputs = new Map(
    Object.values(config.transforms).flatMap((transform) =>
      sourcesOfTransform(transform).map((source) => [source, transform.common.from] as const),
    ),
  )
  const results = new Map<string, boolean>()
  return (source) => {
    const existing = results.get(source)
    if (existing !== undefined) return existing
    const seen = new Set([source])
    let all = true
    for (const name of seen) {
      const before = results.get(name)
      if (before === true) continue
      const type = config.sources[name]?.type
      const from = inputs.get(name)
      all = before ?? (type === undefined ? from !== null && from !== undefined : flows.has(type))
      if (!all) break
      // A cycle is reported elsewhere.
      for (const input of type === undefined ? (from ?? []) : []) seen.add(input)
    }
    results.set(source, all)
    return all
  }
}
