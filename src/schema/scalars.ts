import * as z from 'zod'
import { shownPlace } from '../model/url-text.ts'
import { Complaint } from './complaint.ts'
import { makeField, type FieldFor, type FieldInfo, type Meta } from './field.ts'
import { parsed } from './parsed.ts'
import { Secret } from './secret.ts'

/** Non-empty unless `pattern` matches an empty text. `pattern` must match the whole text. */
export function text<const M extends Meta<string>>(
  meta: M,
  rule?: Readonly<{ pattern: RegExp; expects: string; isUrl?: true }>,
): FieldFor<string, string, M> {
  const shown = rule?.isUrl === true ? shownPlace : (written: string) => written
  const expects = rule?.expects ?? 'text'
  const whole = rule === undefined ? undefined : new RegExp(`^(?:${rule.pattern.source})$`, rule.pattern.flags)
  const schema = parsed((written) => {
    if (written === '' && whole?.test('') !== true) return new Complaint(`expected ${expects}, got an empty text`)
    if (whole !== undefined && !whole.test(written))
      return new Complaint(`expected ${expects}, got \`${shown(written)}\``)
    return written
  })
  const facts = {
    kind: 'text',
    expects,
    advise: quoteIt,
    ...(whole === undefined ? {} : { pattern: whole.source }),
    ...(rule?.isUrl === true ? { isUrl: true as const } : {}),
  } as const
  return makeField(schema, facts, meta)
}

export function flag<const M extends Meta<boolean>>(meta: M): FieldFor<boolean, boolean, M> {
  const advise = (value: unknown): string | undefined => {
    if (typeof value !== 'string') return undefined
    if (/^(yes|on|y|true|enabled)$/i.test(value)) return 'write true'
    return /^(no|off|n|false|disabled)$/i.test(value) ? 'write false' : undefined
  }
  return makeField(z.boolean(), { kind: 'flag', expects: 'true or false', advise }, meta)
}

export function integer<const M extends Meta<number>>(
  meta: M,
  range: Readonly<{ min?: number; max?: number }> = {},
): FieldFor<number, number, M> {
  const min = range.min ?? Number.MIN_SAFE_INTEGER
  const max = range.max ?? Number.MAX_SAFE_INTEGER
  const expects = `a whole number${rangeWords(range)}`
  const advise = (value: unknown): string | undefined =>
    typeof value === 'string' && /^-?\d+$/.test(value) ? 'write it without quotes' : undefined
  return makeField(z.int().min(min).max(max), { kind: 'integer', expects, advise, ...range }, meta)
}

function rangeWords({ min, max }: { min?: number; max?: number }) {
  if (min !== undefined && max !== undefined) return ` from ${min} to ${max}`
  if (min !== undefined) return ` of at least ${min}`
  return max === undefined ? '' : ` of at most ${max}`
}

export function choice<const C extends readonly [string, ...string[]], const M extends Meta<C[number]>>(
  choices: C,
  meta: M,
): FieldFor<C[number], C[number], M> {
  const expects = `one of ${choices.map((word) => `\`${word}\``).join(', ')}`
  const schema = z.enum(choices) as unknown as z.ZodType<C[number], C[number]>
  return makeField<C[number], C[number], M>(schema, { kind: 'choice', expects, choices }, meta)
}

/** Also `env:NAME` or `file:/path`, see `resolveReferences`. Its path and query may be secrets. */
export function urlText<const M extends Meta<string>>(
  meta: M,
  rule: { readonly schemes?: readonly string[] } = {},
): FieldFor<string, string, M> {
  const { schemes } = rule
  const expects =
    schemes === undefined ? 'a URL' : `a URL that starts with ${schemes.map((s) => `${s}://`).join(' or ')}`
  const schema = parsed((written) => {
    const url = URL.parse(written)
    if (url === null || !written.includes('://'))
      return new Complaint(`expected ${expects}, got \`${shownPlace(written)}\``)
    if (schemes !== undefined && !schemes.includes(url.protocol.slice(0, -1))) {
      return new Complaint(`expected ${expects}, got ${url.protocol}//`)
    }
    if (url.password !== '') return new Complaint('a URL must not hold a password', 'use the auth fields instead')
    return written
  })
  return makeField(schema, { kind: 'url', expects }, meta)
}

/** A path, not opened here. `holds`: content of a file that must exist at the start. */
export function filePath<const M extends Meta<string>>(
  meta: M,
  rule: Pick<FieldInfo, 'holds' | 'isOutput'> = {},
): FieldFor<string, string, M> {
  const schema = parsed((written) => {
    if (written === '') return new Complaint('expected a path, got an empty text')
    if (written.includes('\0')) return new Complaint('a path holds no NUL')
    if (written.startsWith('~')) return new Complaint('`~` is not expanded here', 'write the whole path')
    return written
  })
  return makeField(schema, { kind: 'path', expects: 'a path', advise: quoteIt, ...rule }, meta)
}

/** Never printed; see {@link Secret}. `least`: minimum length. */
export function secret<const M extends Meta<string>>(
  meta: M,
  rule: { readonly least?: number } = {},
): FieldFor<Secret, string, M> {
  const expects = '`env:NAME` or `file:/path`'
  return makeField(parsed(Secret.parse), { kind: 'secret', expects, advise: quoteIt, ...rule }, meta)
}

function quoteIt(value: unknown): string | undefined {
  return typeof value === 'number' || typeof value === 'boolean' ? 'put the value in quotes' : undefined
}
