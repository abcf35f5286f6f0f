import type * as z from 'zod'
import { isRecord } from '../model/json.ts'
import type { AnyComponentSchema, ConfigOf } from './component.ts'
import { valueAt } from './descend.ts'
import type { ConfigDocument } from './document.ts'
import { valueFromText } from './environment.ts'
import { explain, infoAt } from './explain.ts'
import type { FieldInfo } from './field.ts'
import { formatPath, type Path, type Problem } from './problem.ts'
import { Draft } from './replaced.ts'
import { literalSecrets } from './validate.ts'
import { variableReference } from './variables.ts'

/** Each value has few candidates, and then each of its parents is removed. */
const maxRounds = 40

type Salvaged<S extends AnyComponentSchema> = Readonly<{
  /** Valid unless `value` is missing. */
  document: ConfigDocument
  /** Missing if the document as a whole cannot be repaired. */
  value?: ConfigOf<S>
  problems: readonly Problem[]
  warnings: readonly Problem[]
  /** Values that were replaced or removed: a later check finds nothing of the user there. */
  guessed: readonly Path[]
}>

/**
 * Validates a document, and replaces its faults by valid values, so that checks across settings run as well. `unknown`:
 * paths of texts with variables that have no value; nothing is reported for them.
 */
export function salvage<S extends AnyComponentSchema>(
  schema: S,
  written: ConfigDocument,
  unknown: readonly Path[],
): Salvaged<S> {
  const guessed: Path[] = []
  const tries = new Map<string, number>()
  const draft = new Draft(written.value)
  const repair = (path: Path): void => {
    const key = formatPath(path)
    const attempt = tries.get(key) ?? 0
    tries.set(key, attempt + 1)
    guessed.push(path)
    const candidates = candidatesFor(infoAt(schema.info, draft.value, path), valueAt(written.value, path))
    if (attempt < candidates.length) draft.set(path, candidates[attempt])
    else if (attempt === candidates.length || path.length === 1) remove(draft, path)
    else repair(path.slice(0, -1))
  }
  for (const path of unknown) repair(path)
  const unknownPaths = new Set(unknown.map(formatPath))
  const isUnknown = (path: Path) => path.some((_, depth) => unknownPaths.has(formatPath(path.slice(0, depth + 1))))
  let problems: readonly Problem[] | undefined
  for (let round = 0; round < maxRounds; round++) {
    const { value } = draft
    const document = { ...written, value }
    // Compiling the schemas takes longer than it saves.
    const result = schema.zod.safeParse(value, { jitless: true })
    if (result.success) {
      const warnings = literalSecrets(schema, document)
      return { document, value: result.data as ConfigOf<S>, problems: problems ?? written.problems, warnings, guessed }
    }
    const faults = faulty(result.error.issues, value)
    const paths = faults.filter((path) => !isUnknown(path))
    // A component with an unknown value is judged once that value fits.
    if (paths.length === faults.length || round === maxRounds - 1)
      problems ??= [...written.problems, ...explain(schema.info, document, result.error.issues)]
    const repaired = paths.length === faults.length ? paths : faults.filter(isUnknown)
    if (repaired.length === 0) break
    for (const path of repaired) repair(path)
  }
  return { document: { ...written, value: draft.value }, problems: problems ?? written.problems, warnings: [], guessed }
}

function faulty(issues: readonly z.core.$ZodIssue[], value: unknown): readonly Path[] {
  const paths = issues.flatMap((issue): Path[] => {
    const path = issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part))
    return issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...path, key]) : path.length > 0 ? [path] : []
  })
  const seen = new Set<string>()
  return paths.filter((path) => {
    const key = formatPath(path)
    // The parent of a value that another issue removed may be gone.
    const isNew = !seen.has(key) && isContainer(valueAt(value, path.slice(0, -1)))
    seen.add(key)
    return isNew
  })
}

const isContainer = (value: unknown): boolean => Array.isArray(value) || isRecord(value)

function candidatesFor(info: FieldInfo | undefined, written: unknown): readonly unknown[] {
  if (info === undefined) return []
  const samples =
    typeof written === 'string' && written.includes('${')
      ? ['x', '1'].map((text) => valueFromText(info, written.replaceAll(variableReference, text)))
      : []
  // Of an address that is unknown, the port cannot clash.
  const candidates = info.kind === 'listen' || info.kind === 'host:port' ? ['127.0.0.1:0'] : samples
  // Beside `tls` a URL must have a scheme with TLS.
  const tls = typeof info.example === 'string' ? info.example.replace(/^(\w+[^s:]):\/\//, '$1s://') : undefined
  return [...candidates, info.example, tls, info.choices?.[0], info.min].filter(
    (value) => value !== undefined && value !== null,
  )
}

/** An element of a list stays, so that the others keep their places: the list is removed. */
function remove(draft: Draft, path: Path): void {
  const parent = valueAt(draft.value, path.slice(0, -1))
  if (Array.isArray(parent)) remove(draft, path.slice(0, -1))
  else if (isRecord(parent)) draft.remove(path)
}
