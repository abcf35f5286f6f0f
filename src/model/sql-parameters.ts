/** Values of `$name` in SQL statements of users. Engines bind them; they never become text of a statement. */
export type SqlValue = string | number | readonly string[] | readonly number[]

export type SqlParameters = Readonly<Record<string, SqlValue>>

export const parameterName = /^[a-zA-Z]\w{0,39}$/

/** Stores may receive them in a URL. */
const maxBytes = 8192
const maxParameters = 40

export type SqlValueKind = 'text' | 'integer' | 'number' | 'nothing'

export function kindOfValue(value: SqlValue): SqlValueKind {
  const values: readonly (string | number)[] = typeof value === 'object' ? value : [value]
  if (values.length === 0) return 'nothing'
  if (typeof values[0] === 'string') return 'text'
  return values.every((candidate) => Number.isSafeInteger(candidate)) ? 'integer' : 'number'
}

/** Why values can't be bound; undefined if they can. */
export function parameterProblem(parameters: Readonly<Record<string, unknown>>): string | undefined {
  const names = Object.keys(parameters)
  if (names.length > maxParameters) return `There are ${names.length} parameters; the limit is ${maxParameters}.`
  const wrong = names.find((name) => !parameterName.test(name))
  if (wrong !== undefined)
    return `${JSON.stringify(wrong)} can't be the name of a parameter: use a letter, then letters, digits and _.`
  const cache = new Map<string, string>()
  for (const name of names) {
    const cached = cache.get(name.toLowerCase())
    if (cached !== undefined) return `The parameters ${cached} and ${name} differ only in case.`
    cache.set(name.toLowerCase(), name)
    const problem = valueProblem(parameters[name])
    if (problem !== undefined) return `Parameter ${name} ${problem}.`
  }
  const bytes = Buffer.byteLength(JSON.stringify(parameters))
  return bytes > maxBytes ? `The parameters have ${bytes} bytes; the limit is ${maxBytes}.` : undefined
}

function valueProblem(value: unknown): string | undefined {
  const isList = Array.isArray(value)
  const values: readonly unknown[] = isList ? value : [value]
  const [first] = values
  if (values.some((candidate) => typeof candidate === 'string' && candidate.includes('\0')))
    return 'contains a NUL character'
  const isPlain =
    values.every((candidate) => typeof candidate === 'string') ||
    values.every((candidate) => typeof candidate === 'number' && Number.isFinite(candidate))
  if (isPlain && values.some(isRounded)) return 'is an integer beyond 2^53, which JSON rounds; send it as a text'
  if (isPlain) return undefined
  return isList && (typeof first === 'string' || typeof first === 'number')
    ? 'is a list of texts and numbers; use one of them'
    : 'is neither a text, a number nor a list of them'
}

function isRounded(value: unknown): boolean {
  return Number.isInteger(value) && !Number.isSafeInteger(value) && Math.abs(Number(value)) < 2 ** 64
}

/** For users, if a statement names a parameter that the request lacks. */
export function missingParameter(name: string): string {
  return `Parameter $${name} has no value.`
}
