import * as z from 'zod'
import { Complaint } from './complaint.ts'
import { makeField, type FieldFor, type Meta } from './field.ts'
import { parsed, raise } from './parsed.ts'

const MILLISECONDS: ReadonlyMap<string, number> = new Map([
  ['ms', 1],
  ['s', 1_000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
])

const BYTES: ReadonlyMap<string, number> = new Map([
  ['B', 1],
  ['KB', 1e3],
  ['MB', 1e6],
  ['GB', 1e9],
  ['TB', 1e12],
  ['KiB', 2 ** 10],
  ['MiB', 2 ** 20],
  ['GiB', 2 ** 30],
  ['TiB', 2 ** 40],
])

const DURATION = 'a duration such as `250ms`, `5s`, `10m`, `24h` or `7d`'
const SIZE = 'a size such as `64KiB`, `8MiB`, `10GiB` or `1GB`'

/** In milliseconds. */
export function duration<const M extends Meta<string>>(
  meta: M,
  range: Readonly<{ min?: string; max?: string }> = {},
): FieldFor<number, string, M> {
  const bound = checkRange(range, parseDuration)
  const advise = (value: unknown) =>
    typeof value === 'number' ? `write \`${value}s\` for seconds or \`${value}ms\` for milliseconds` : undefined
  const pattern = '^\\d+(?:\\.\\d+)?(?:ms|s|m|h|d)$'
  const schema = parsed((written) => bound(written, parseDuration(written)))
  return makeField(schema, { kind: 'duration', expects: DURATION, advise, pattern }, meta)
}

/** In bytes, also a plain number. */
export function bytes<const M extends Meta<string | number>>(
  meta: M,
  range: Readonly<{ min?: string; max?: string }> = {},
): FieldFor<number, string | number, M> {
  const bound = checkRange(range, parseBytes)
  const schema = z.union([z.string(), z.number()]).transform((written, context) => {
    const bytes = bound(
      String(written),
      typeof written === 'number' ? wholeBytes(written, written) : parseBytes(written),
    )
    if (!(bytes instanceof Complaint)) return bytes
    raise(context, bytes)
    return z.NEVER
  })
  const pattern = '^\\d+(?:\\.\\d+)?(?:[KMGT]i?)?B$'
  return makeField(schema, { kind: 'bytes', expects: SIZE, pattern }, meta)
}

export function parseDuration(written: string): number | Complaint {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(written)
  const unit = MILLISECONDS.get(match?.[2] ?? '')
  if (match === null || unit === undefined) {
    return new Complaint(`expected ${DURATION}, got \`${written}\``, unitHint(written, MILLISECONDS))
  }
  const value = Math.round(Number(match[1]) * unit)
  return Number.isSafeInteger(value) ? value : new Complaint(`\`${written}\` is too long a time`)
}

export function parseBytes(written: string): number | Complaint {
  const match = /^(\d+(?:\.\d+)?)((?:[KMGT]i?)?B)?$/.exec(written)
  const unit = BYTES.get(match?.[2] ?? 'B')
  if (match === null || unit === undefined)
    return new Complaint(`expected ${SIZE}, got \`${written}\``, unitHint(written, BYTES))
  return wholeBytes(Number(match[1]) * unit, written)
}

function wholeBytes(value: number, written: string | number): number | Complaint {
  if (!(value >= 0) || value > Number.MAX_SAFE_INTEGER) return new Complaint(`expected ${SIZE}, got \`${written}\``)
  if (typeof written === 'number' && !Number.isInteger(value))
    return new Complaint(`expected ${SIZE}, got \`${written}\``)
  return Math.round(value)
}

function unitHint(written: string, units: ReadonlyMap<string, number>): string | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*([A-Za-z]*)$/.exec(written.trim())
  if (match === null) return undefined
  const suffix = match[2]?.toLowerCase() ?? ''
  if (suffix === '') return undefined
  // Suggests the nearest unit for `64k` or `5 min`.
  const unitNames = [...units.keys()].sort((a, b) => b.length - a.length)
  const unit =
    unitNames.find((u) => u.toLowerCase() === suffix) ??
    unitNames.find((u) => u.toLowerCase().startsWith(suffix)) ??
    unitNames.find((u) => suffix.startsWith(u.toLowerCase()))
  return unit === undefined ? undefined : `write \`${match[1]}${unit}\``
}

type Range = Readonly<{ min?: string; max?: string }>
type Parse = (written: string) => number | Complaint

function checkRange(
  { min, max }: Range,
  parse: Parse,
): (written: string, value: number | Complaint) => number | Complaint {
  const low = bound(min, parse, 0)
  const high = bound(max, parse, Number.MAX_SAFE_INTEGER)
  return (written, value) => {
    if (value instanceof Complaint) return value
    if (value < low) return new Complaint(`must be at least ${min}, got \`${written}\``)
    return value > high ? new Complaint(`must be at most ${max}, got \`${written}\``) : value
  }
}

function bound(written: string | undefined, parse: Parse, otherwise: number) {
  if (written === undefined) return otherwise
  const value = parse(written)
  if (value instanceof Complaint) throw new TypeError(value.message)
  return value
}
