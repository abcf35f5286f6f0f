/** Reads documents of programs written in Go: their keys ignore case, and unknown keys are errors. */
import { isRecord } from '../../model/json.ts'
import { nearest } from '../../schema/suggest.ts'

/** Returns undefined for an absent value, and for an invalid one after adding a problem. */
export type Reader<T> = (value: unknown, path: string, problems: string[]) => T | undefined
export type ReadBy<R> = R extends Reader<infer T> ? T : never

type Fields = Readonly<Record<string, Reader<unknown>>>
type ObjectOf<F extends Fields> = { readonly [Key in keyof F]?: ReadBy<F[Key]> | undefined }

function expected(what: string, value: unknown, path: string, problems: string[]): undefined {
  const shown = typeof value === 'string' || typeof value === 'number' ? ` \`${value}\`` : ''
  problems.push(`${path}: expected ${what}${shown === '' ? '' : ', not'}${shown}`)
  return undefined
}

export const text: Reader<string> = (value, path, problems) =>
  typeof value === 'string' ? value : expected('a text', value, path, problems)

export const integer: Reader<number> = (value, path, problems) =>
  typeof value === 'number' && Number.isSafeInteger(value) ? value : expected('an integer', value, path, problems)

export const float: Reader<number> = (value, path, problems) =>
  typeof value === 'number' ? value : expected('a number', value, path, problems)

export const flag: Reader<boolean> = (value, path, problems) =>
  typeof value === 'boolean' ? value : expected('true or false', value, path, problems)

export const anything: Reader<unknown> = (value) => value

export const textOrNumber: Reader<string | number> = (value, path, problems) =>
  typeof value === 'string' || typeof value === 'number' ? value : expected('a text or a number', value, path, problems)

/** Letters in any case: older versions of FlowCollector have upper case. */
export function choice<const Name extends string>(names: readonly Name[]): Reader<Name> {
  const folded = (name: string) => name.toLowerCase().replaceAll('_', '')
  return (value, path, problems) =>
    (typeof value === 'string' ? names.find((name) => folded(name) === folded(value)) : undefined) ??
    expected(`one of ${names.join(', ')}`, value, path, problems)
}

const units: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
}
const part = /(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)/g

/** A duration of Go in ms; a number is in ns. */
export const durationMs: Reader<number> = (value, path, problems) => {
  if (typeof value === 'number') return value / 1e6
  if (value === '0') return 0
  if (typeof value !== 'string' || !/^(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|ms|s|m|h))+$/.test(value))
    return expected('a duration such as 10s', value, path, problems)
  let ms = 0
  for (const [, count, unit] of value.matchAll(part)) ms += Number(count) * (units[unit ?? ''] ?? 0)
  return ms
}

export function list<T>(of: Reader<T>): Reader<readonly T[]> {
  return (value, path, problems) => {
    if (!Array.isArray(value)) return expected('a list', value, path, problems)
    const items = (value as readonly unknown[]).map((item, index) => of(item, `${path}[${index}]`, problems))
    return items.filter((item): item is Awaited<T> & T => item !== undefined)
  }
}

export function mapping<T>(of: Reader<T>): Reader<Readonly<Record<string, T>>> {
  return (value, path, problems) => {
    if (!isRecord(value)) return expected('a map', value, path, problems)
    const entries = Object.entries(value).flatMap(([key, member]): [string, T][] => {
      const read = of(member, `${path}.${key}`, problems)
      return read === undefined ? [] : [[key, read]]
    })
    return Object.fromEntries(entries)
  }
}

export function object<F extends Fields>(fields: F, { open = false } = {}): Reader<ObjectOf<F>> {
  const byFolded = new Map(Object.keys(fields).map((key) => [key.toLowerCase(), key]))
  return (value, path, problems) => {
    if (!isRecord(value)) return expected('a map', value, path, problems)
    const record: Record<string, unknown> = {}
    for (const [written, member] of Object.entries(value)) {
      const key = byFolded.get(written.toLowerCase())
      const reader = key === undefined ? undefined : fields[key]
      const at = path === '' ? written : `${path}.${written}`
      if (key === undefined || reader === undefined) {
        if (open) continue
        const near = nearest(written, Object.keys(fields))
        problems.push(`${at}: unknown key${near === undefined ? '' : `; did you mean ${near}?`}`)
      } else if (member !== null && member !== undefined) {
        const read = reader(member, at, problems)
        if (read !== undefined) record[key] = read
      }
    }
    return record as ObjectOf<F>
  }
}
