import type { FastifyRequest } from 'fastify'
import { syntaxError } from '../../query/metrics/failure.ts'
import { durationOf, longestMs } from '../../query/metrics/lexer.ts'
import { firstTime, lastTime } from '../../query/index.ts'

/** Parameters of the query, and of a form. */
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
    const ms = timeMs(text)
    if (ms === undefined) throw syntaxError(`invalid parameter "${name}": cannot parse "${text}" to a valid timestamp`)
    return ms
  }

  /** Seconds or a duration, as ms. */
  step(name: string): number | undefined {
    const text = this.text(name)
    if (text === undefined) return undefined
    const ms = spanMs(text)
    if (ms === undefined) throw syntaxError(`invalid parameter "${name}": cannot parse "${text}" to a valid duration`)
    return ms
  }

  count(name: string): number | undefined {
    const text = this.text(name)
    if (text === undefined) return undefined
    if (!/^\d{1,9}$/.test(text)) throw syntaxError(`invalid parameter "${name}": ${text} is not a number`)
    return Number(text)
  }
}

/** Seconds or RFC 3339, in whole ms within the years 0 to 9999. */
export function timeMs(text: string): number | undefined {
  const ms = isNumber(text) ? Math.round(Number(text) * 1000) : rfc3339(text)
  return ms === undefined || !(ms >= firstMs && ms <= lastMs) ? undefined : ms
}

const [firstMs, lastMs] = [Number(firstTime / 1000n), Number(lastTime / 1000n)]

/** Seconds or a duration, in whole ms. */
export function spanMs(text: string): number | undefined {
  const ms = isNumber(text) ? Number(text) * 1000 : durationOf(text)
  return ms === undefined || !(Math.abs(ms) <= longestMs) ? undefined : Math.round(ms)
}

function isNumber(text: string): boolean {
  return /^-?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text)
}

function rfc3339(text: string): number | undefined {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/i.test(text)) return undefined
  const ms = Date.parse(text)
  return Number.isNaN(ms) ? undefined : ms
}
