import type { AnyComponentSchema } from './component.ts'
import { walkWritten } from './descend.ts'
import type { ConfigDocument } from './document.ts'
import { valueFromText } from './environment.ts'
import { valueProblem } from './explain.ts'
import type { Path, Problem } from './problem.ts'
import { replacedAll } from './replaced.ts'

type Env = Readonly<Record<string, string | undefined>>

/** `${NAME}`, `${NAME:-default}`, `$${` and broken ones. */
export const variableReference = /\$?\$\{([^}]*)\}?/g
const content = /^([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?$/s
const whole = /^\$\{([A-Za-z_][A-Za-z0-9_]*)\}$/

type Expanded = Readonly<{
  document: ConfigDocument
  /** Paths of texts that still have a variable. */
  unknown: readonly Path[]
}>

/** `$${` is a literal `${`. In a secret, `${NAME}` becomes `env:NAME`. Without `env` a missing value is no problem. */
export function expandVariables(document: ConfigDocument, schema: AnyComponentSchema, env: Env | undefined): Expanded {
  const problems: Problem[] = []
  const unknown: Path[] = []
  const changes: Readonly<{ path: Path; value: unknown }>[] = []
  walkWritten(schema.info, document.value, (info, value, path) => {
    if (typeof value !== 'string' || !value.includes('${')) return
    const complain = (message: string, hint: string): void =>
      void problems.push(valueProblem(document, path, message, hint, info))
    if (info.kind === 'secret') {
      const name = whole.exec(value)?.[1]
      if (name !== undefined) changes.push({ path, value: `env:${name}` })
      else complain('a secret reference is one variable without further text', 'write `${NAME}` or `env:NAME`')
      return
    }
    let isWhole = true
    const text = value.replaceAll(variableReference, (match, inner: string) => {
      if (match.startsWith('$$')) return match.slice(1)
      const [, name, otherwise] = match.endsWith('}') ? (content.exec(inner) ?? []) : []
      const given = name === undefined ? undefined : env?.[name]
      if (given !== undefined && given !== '') return given
      if (otherwise !== undefined) return otherwise
      isWhole = false
      if (name === undefined)
        complain(`\`${match}\` is no variable`, 'write `${NAME}` or `${NAME:-default}`, and `$${` for a literal `${`')
      else if (env !== undefined)
        complain(`the environment variable ${name} is not set`, `set it, or write a default: \`\${${name}:-value}\``)
      return match
    })
    if (!isWhole) unknown.push(path)
    else changes.push({ path, value: valueFromText(info, text) })
  })
  const value = replacedAll(document.value, changes)
  return { document: { ...document, value, problems: [...document.problems, ...problems] }, unknown }
}
