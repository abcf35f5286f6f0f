import type { AnyComponentSchema, ConfigOf, WrittenConfigOf } from './component.ts'
import { walkWritten } from './descend.ts'
import { applyOverrides } from './overrides.ts'
import { parseYaml, type ConfigDocument } from './document.ts'
import { explain, problemAt } from './explain.ts'
import { formatProblems, type Problem } from './problem.ts'

/** A value that may be used, or everything that is wrong with it. */
export type Validated<T> =
  | { readonly value: T; readonly warnings: readonly Problem[]; readonly problems?: never }
  | { readonly problems: readonly Problem[]; readonly value?: never; readonly warnings?: never }

/** Checks a whole document, and reports all problems at once in the order of the file. Pure; never throws. */
export function validate<S extends AnyComponentSchema>(schema: S, document: ConfigDocument): Validated<ConfigOf<S>> {
  if (!document.readable) return { problems: document.problems }
  // One pass over one document: compiling the schemas to functions first would take longer than it saves.
  const result = schema.zod.safeParse(document.value, { jitless: true })
  if (result.success && document.problems.length === 0) {
    return { value: result.data as ConfigOf<S>, warnings: literalSecrets(schema, document) }
  }
  const found = result.success ? [] : explain(schema.info, document, result.error.issues)
  return { problems: [...document.problems, ...found].sort((a, b) => a.line - b.line || a.column - b.column) }
}

/**
 * The settings of a component from written values, for tests and presets.
 * @throws Error with every problem in its message.
 */
export function configFrom<S extends AnyComponentSchema>(schema: S, written: WrittenConfigOf<S>): ConfigOf<S> {
  const document = applyOverrides(parseYaml('', schema.type), [{ path: [], value: written, origin: schema.type }])
  const result = validate(schema, document)
  if (result.problems !== undefined) throw new Error(formatProblems(result.problems, ''))
  return result.value
}

function literalSecrets(schema: AnyComponentSchema, document: ConfigDocument): Problem[] {
  const warnings: Problem[] = []
  walkWritten(schema.info, document.value, (info, value, path) => {
    if (info.kind !== 'secret' || typeof value !== 'string' || /^(env|file):/.test(value)) return
    const hint = 'write `env:NAME` or `file:/path` instead'
    const warning = problemAt(
      document,
      path,
      'value',
      'this secret is written out where others may read it',
      hint,
      info,
    )
    // A variable of the environment is where `env:` would have pointed.
    if (warning.line > 0 || warning.file.startsWith('-')) warnings.push(warning)
  })
  return warnings
}
