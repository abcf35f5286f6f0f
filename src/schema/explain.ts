import type * as z from 'zod'
import { child, fieldsAt, valueAt } from './descend.ts'
import { locate, type ConfigDocument } from './document.ts'
import { infoOf, type AnyField, type FieldInfo } from './field.ts'
import { formatPath, SECRET_NAME, type Path, type Problem } from './problem.ts'
import { didYouMean, nearest } from './suggest.ts'

export function explain(root: FieldInfo, document: ConfigDocument, issues: readonly z.core.$ZodIssue[]): Problem[] {
  return issues.flatMap((issue) => explainOne(root, document, issue))
}

function explainOne(root: FieldInfo, document: ConfigDocument, issue: z.core.$ZodIssue): Problem[] {
  const path = issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part))
  const value = valueAt(document.value, path)
  const info = infoAt(root, document.value, path)
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => unknownKey(document, [...path, key], info, value))
  if (issue.code === 'custom') {
    const hint: unknown = issue.params?.['hint']
    return [valueProblem(document, path, issue.message, typeof hint === 'string' ? hint : undefined, info)]
  }
  if (issue.code === 'invalid_union' && issue.discriminator !== undefined) {
    return [wrongVariant(document, path, infoAt(root, document.value, path.slice(0, -1)), value)]
  }
  return [wrongValue(document, path, info, value)]
}

export function infoAt(root: FieldInfo, value: unknown, path: Path): FieldInfo | undefined {
  let info: FieldInfo | undefined = root
  for (const [depth, key] of path.entries()) {
    if (info === undefined) return undefined
    info = child(info, valueAt(value, path.slice(0, depth)), key)
  }
  return info
}

function unknownKey(document: ConfigDocument, path: Path, parent: FieldInfo | undefined, holder: unknown): Problem {
  const key = String(path.at(-1))
  const keys = Object.keys((parent === undefined ? undefined : fieldsAt(parent, holder)) ?? {})
  const all = parent?.kind === 'variants' ? ['type', ...keys] : keys
  const nested = parent === undefined ? undefined : nestedName(key, parent, holder)
  const hint =
    didYouMean(key, all) ??
    (nested === undefined ? undefined : `did you mean \`${nested}\`?`) ??
    (all.length === 0 ? undefined : `known fields: ${all.join(', ')}`)
  const problem = keyProblem(document, path, 'unknown field', hint)
  return mayBeSecret(key, valueAt(holder, [key]), parent) ? { ...problem, secret: true } : problem
}

/** The field of a group below that is written one level too high. */
function nestedName(key: string, parent: FieldInfo, holder: unknown): string | undefined {
  const groups = Object.entries(fieldsAt(parent, holder) ?? {}).flatMap(([name, field]) => {
    const { fields = {}, variants } = infoOf(field)
    const all = [fields, ...(variants?.values() ?? [])].flatMap((group) => Object.keys(group))
    return [...new Set(all)].map((below) => [below, `${name}.${below}`] as const)
  })
  const meant = nearest(key, new Set(groups.map(([below]) => below)))
  return groups.find(([below]) => below === meant)?.[1]
}

const SECRET_LIKE = new RegExp(
  'pas+|pwd|phrase|secret|tok|cred|key|auth|sasl|login|cert|jwt|hmac|salt|sig|cookie|session|conn|dsn|bearer|hook|' +
    'ur[il]|header|query',
  'i',
)

/** Also one that was mistyped, or has the name that another program gives it. */
function mayBeSecret(key: string, value: unknown, parent: FieldInfo | undefined): boolean {
  if (!holdsSecret(parent)) return false
  if (typeof value === 'object' && value !== null) return true
  const secrets = parent === undefined ? [] : secretNames(parent)
  const names = typeof value === 'string' ? SECRET_LIKE : new RegExp(SECRET_NAME, 'i')
  return typeof value !== 'boolean' && (names.test(key) || nearest(key, secrets) !== undefined)
}

function secretNames(info: FieldInfo): string[] {
  const groups = [info.fields ?? {}, ...(info.variants?.values() ?? [])]
  return groups.flatMap(Object.entries<AnyField>).flatMap(([name, field]) => {
    const below = infoOf(field)
    return below.kind === 'secret' ? [name] : secretNames(below)
  })
}

function wrongVariant(document: ConfigDocument, path: Path, parent: FieldInfo | undefined, value: unknown): Problem {
  const names = [...(parent?.variants?.keys() ?? [])]
  const expects = `expected one of ${names.map((name) => `\`${name}\``).join(', ')}`
  if (value === undefined) return keyProblem(document, path, `required field is missing; ${expects}`, undefined)
  const hint = typeof value === 'string' ? didYouMean(value, names) : undefined
  return valueProblem(document, path, `${expects}, got ${show(value)}`, hint, undefined)
}

function wrongValue(document: ConfigDocument, path: Path, info: FieldInfo | undefined, value: unknown): Problem {
  if (value === undefined) {
    const hint =
      info?.example === undefined ? undefined : `for example \`${String(path.at(-1))}: ${written(info.example)}\``
    return keyProblem(document, path, 'required field is missing', hint)
  }
  if (value === null) return keyProblem(document, path, 'has no value', adviseEmpty(info))
  const secret = holdsSecret(info)
  const hint =
    (secret && (info?.kind === 'list' || info?.kind === 'group') ? undefined : info?.advise?.(value)) ??
    (typeof value === 'string' ? didYouMean(value, info?.choices ?? []) : undefined)
  const got = secret ? kindOf(value) : show(value)
  return valueProblem(document, path, `expected ${info?.expects ?? 'something else'}, got ${got}`, hint, info)
}

function adviseEmpty(info: FieldInfo | undefined): string {
  if (info?.required === true)
    return info.example === undefined ? 'write a value' : `for example \`${written(info.example)}\``
  const fallback = info?.default
  if (info?.kind === 'group') return 'give it at least one field, or remove the line'
  if (fallback === undefined || fallback === null) return 'write a value, or remove the line'
  return `write a value, or remove the line for the default \`${written(fallback)}\``
}

/** A misplaced value may be a secret. */
function holdsSecret(info: FieldInfo | undefined): boolean {
  if (info === undefined) return false
  if (info.kind === 'secret' || holdsSecret(info.of)) return true
  const fields = [info.fields ?? {}, ...(info.variants?.values() ?? [])].flatMap((group) => Object.values(group))
  return fields.some((field) => holdsSecret(infoOf(field)))
}

function mayHavePath(info: FieldInfo | undefined) {
  return info !== undefined && (info.kind === 'url' || info.isUrl === true)
}

function keyProblem(document: ConfigDocument, path: Path, message: string, hint: string | undefined): Problem {
  return {
    ...locate(document, path, 'key'),
    path: formatPath(path),
    message,
    ...(hint === undefined ? {} : { hint }),
  }
}

export function valueProblem(
  document: ConfigDocument,
  path: Path,
  message: string,
  hint: string | undefined,
  info: FieldInfo | undefined,
): Problem {
  return {
    ...locate(document, path, 'value'),
    path: formatPath(path),
    message,
    ...(hint === undefined ? {} : { hint }),
    ...(holdsSecret(info) ? { secret: true as const } : mayHavePath(info) ? { secret: 'path' as const } : {}),
  }
}

function written(value: unknown) {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function show(value: unknown) {
  if (typeof value === 'string') return `\`${value.length > 60 ? `${value.slice(0, 57)}…` : value}\``
  return typeof value === 'number' || typeof value === 'boolean' ? `\`${String(value)}\`` : kindOf(value)
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return value === null ? 'nothing' : 'a map'
  return typeof value === 'string' ? 'a text' : typeof value === 'number' ? 'a number' : 'true or false'
}
