import type { FastifyRequest } from 'fastify'
import { syntaxError } from '../../query/metrics/failure.ts'
import { durationMs } from '../../query/metrics/lexer.ts'

/** Of the query, and of a form. */
export class Parameters {
  readonly #values: URLSearchParams

  constructor(request: FastifyRequest) {
    this.#values = new URLSearchParams(request.url.split('?').slice(1).join('?'))
    if (request.method !== 'POST' || !(request.body instanceof Uint8Array)) return
    for (const [name, value] of new URLSearchParams(Buffer.from(request.body).toString('utf8')))
      this.#values.append(name, value)
  }

  text(name: string): string | undefined {
    const value = this.#values.get(name)
    return value === null || value === '' ? undefined : value
  }

  needed(name: string): string {
    const value = this.text(name)
    if (value === undefined) throw syntaxError(`invalid parameter "${name}": it is missing`)
    return value
  }

  all(name: string): string[] {
    return this.#values.getAll(name)
  }

  /** Unix seconds or RFC 3339, as ms. */
  seconds(name: string): number | undefined {
    const text = this.text(name)
    if (text === undefined) return undefined
    const ms = isNumber(text) ? Math.round(Number(text) * 1000) : rfc3339(text)
    if (ms === undefined || !Number.isSafeInteger(ms))
      throw syntaxError(`invalid parameter "${name}": cannot parse "${text}" to a valid timestamp`)
    return ms
  }

  /** Seconds or a duration, as ms. */
  step(name: string): number | undefined {
    const text = this.text(name)
    if (text === undefined) return undefined
    const ms = isNumber(text)
      ? Number(text) * 1000
      : /^(?:\d+(?:\.\d+)?(?:ms|[smhdwy]))+$/.test(text)
        ? durationMs(text)
        : NaN
    if (!Number.isFinite(ms))
      throw syntaxError(`invalid parameter "${name}": cannot parse "${text}" to a valid duration`)
    return Math.round(ms)
  }

  count(name: string): number | undefined {
    const text = this.text(name)
    if (text === undefined) return undefined
    if (!/^\d{1,9}$/.test(text)) throw syntaxError(`invalid parameter "${name}": ${text} is not a number`)
    return Number(text)
  }
}

export function isNumber(text: string): boolean {
  return /^-?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text)
}

export function rfc3339(text: string): number | undefined {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/i.test(text)) return undefined
  const ms = Date.parse(text)
  return Number.isNaN(ms) ? undefined : ms
}
