import type { AnyComponentSchema, ConfigOf, WrittenConfigOf } from './component.ts'
import { walkWritten } from './descend.ts'
import { applyOverrides } from './overrides.ts'
import { parseYaml, type ConfigDocument } from './document.ts'
import { explain, valueProblem } from './explain.ts'
import { formatProblems, type Problem } from './problem.ts'

export type Validated<T> =
  | Readonly<{ value: T; warnings: readonly Problem[]; problems?: never }>
  | Readonly<{ problems: readonly Problem[]; value?: never; warnings?: never }>

/** Validates a document and reports all problems in the order of the file. Never throws. */
export function validate<S extends AnyComponentSchema>(schema: S, document: ConfigDocument): Validated<ConfigOf<S>> {
  if (!document.readable) return { problems: document.problems }
  // Compiling the schemas takes longer than it saves.
  const result = schema.zod.safeParse(document.value, { jitless: true })
  if (result.success && document.problems.length === 0) {
    return { value: result.data as ConfigOf<S>, warnings: literalSecrets(schema, document) }
  }
  const problems = result.success ? [] : explain(schema.info, document, result.error.issues)
  return { problems: [...document.problems, ...problems].sort((a, b) => a.line - b.line || a.column - b.column) }
}

export function configFrom<S extends AnyComponentSchema>(schema: S, written: WrittenConfigOf<S>): ConfigOf<S> {
  const document = applyOverrides(parseYaml('', schema.type), [{ path: [], value: written, origin: schema.type }])
  const result = validate(schema, document)
  if (result.problems !== undefined) throw new Error(formatProblems(result.problems, ''))
  return result.value
}

export function literalSecrets(schema: AnyComponentSchema, document: ConfigDocument): Problem[] {
  const warnings: Problem[] = []
  walkWritten(schema.info, document.value, (info, value, path) => {
    if (info.kind !== 'secret' || typeof value !== 'string' || /^(env|file):/.test(value)) return
    const hint = 'write `env:NAME` or `file:/path` instead'
    const warning = valueProblem(document, path, 'this secret is written in plain text', hint, info)
    if (warning.line > 0 || warning.file.startsWith('-')) warnings.push(warning)
  })
  return warnings
}
