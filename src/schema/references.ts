import { WeirError } from '../model/errors.ts'
import { Complaint } from './complaint.ts'
import type { AnyComponentSchema } from './component.ts'
import { walkWritten } from './descend.ts'
import type { ConfigDocument } from './document.ts'
import { valueProblem } from './explain.ts'
import type { FieldInfo } from './field.ts'
import type { Path, Problem } from './problem.ts'
import { replacedAll } from './replaced.ts'
import { Secret } from './secret.ts'

type Machine = Readonly<{
  env: Readonly<Record<string, string | undefined>>
  readFile: (path: string) => string
}>

type Rules = Machine &
  Readonly<{
    /** A missing value is no problem here. */
    mayMiss: (path: Path) => boolean
  }>

const missingHint = 'set the variable or write the file, or change the reference'

type Resolved = Readonly<{
  document: ConfigDocument
  /** Paths of references without a value. */
  unknown: readonly Path[]
}>

export function isReference(written: unknown): written is string {
  return typeof written === 'string' && /^(?:env|file):(?!\/\/)/.test(written)
}

/** Fields with a value that may be `env:NAME` or `file:/path`, besides secrets. */
export function takesReference({ kind, isUrl }: FieldInfo): boolean {
  return kind === 'url' || kind === 'host:port' || isUrl === true
}

/** URLs and addresses written as `env:NAME` or `file:/path` become their values, which must not be printed. */
export function resolveReferences(
  document: ConfigDocument,
  schema: AnyComponentSchema,
  { mayMiss, ...machine }: Rules,
): Resolved {
  const problems: Problem[] = []
  const unknown: Path[] = []
  const changes: Readonly<{ path: Path; value: unknown }>[] = []
  walkWritten(schema.info, document.value, (info, value, path) => {
    if (!takesReference(info) || !isReference(value)) return
    const reference = resolveReference(value, machine)
    if (!(reference instanceof Complaint)) changes.push({ path, value: reference })
    else if (reference.hint === missingHint && mayMiss(path)) unknown.push(path)
    else {
      unknown.push(path)
      problems.push(valueProblem(document, path, reference.message, reference.hint, info))
    }
  })
  const value = replacedAll(document.value, changes)
  return { document: { ...document, value, problems: [...document.problems, ...problems] }, unknown }
}

/** Other values are returned as they are. */
export function resolveReference(written: unknown, { env, readFile }: Machine): unknown {
  if (!isReference(written)) return written
  const reference = Secret.parse(written)
  if (reference instanceof Complaint) return reference
  try {
    return reference.reveal(env, readFile).trim()
  } catch (error) {
    if (!(error instanceof WeirError)) throw error
    return new Complaint(error.message, missingHint)
  }
}
