import { syntaxError } from '../../query/metrics/failure.ts'
import type { LogEnvironment } from '../../query/logql/index.ts'
import type { GrafanaRequest } from './answer.ts'
import { logEntries } from '../../topics/logs/index.ts'
import { spanMs, timeMs } from './parameters.ts'

/** Loads the language with the first request. */
export const language = (): Promise<typeof import('../../query/logql/index.ts')> => import('../../query/logql/index.ts')

export const nsPerMs = 1_000_000n
const hourNs = 3_600_000n * nsPerMs
const usualLimit = 100
export const maxLimit = 5000
export const success = (data: unknown): object => ({ status: 'success', data })

/** Up to ten digits are seconds, more are ns; with a point seconds; or RFC 3339. In ns. */
export function nanoseconds({ parameters }: GrafanaRequest, name: string): bigint | undefined {
  const text = parameters.text(name)
  if (text === undefined) return undefined
  // Int64.
  if (/^-?\d{11,19}$/.test(text) && BigInt.asIntN(64, BigInt(text)) === BigInt(text)) return BigInt(text)
  const ms = /^-?\d{11,}$/.test(text) ? undefined : timeMs(text)
  if (ms === undefined)
    throw syntaxError(`could not parse '${name}' parameter: cannot parse "${text}" to a valid timestamp`)
  return BigInt(ms) * nsPerMs
}

export type NsSpan = Readonly<{ from: bigint; to: bigint }>

export function spanOf(request: GrafanaRequest): NsSpan {
  const to = nanoseconds(request, 'end') ?? BigInt(request.now) * nsPerMs
  const from = nanoseconds(request, 'start') ?? to - hourNs
  if (to < from) throw syntaxError('end timestamp must not be before or equal to start time')
  return { from, to }
}

export function stepOf({ parameters }: GrafanaRequest, { from, to }: NsSpan): number {
  const text = parameters.text('step')
  if (text === undefined) return Math.max(1000, Math.floor(Number((to - from) / nsPerMs) / 250 / 1000) * 1000)
  const ms = spanMs(text)
  if (ms === undefined) throw syntaxError(`cannot parse "${text}" to a valid duration`)
  if (ms <= 0) throw syntaxError('zero or negative query resolution step widths are not accepted')
  if (Number((to - from) / nsPerMs) / ms > 11_000)
    throw syntaxError(
      'exceeded maximum resolution of 11,000 points per time series. Try increasing the value of the step parameter',
    )
  return ms
}

/** Least time between lines, in ns. */
export function intervalOf({ parameters }: GrafanaRequest): bigint {
  const text = parameters.text('interval')
  const ms = text === undefined ? 0 : spanMs(text)
  if (ms === undefined) throw syntaxError(`cannot parse "${text}" to a valid duration`)
  if (ms < 0) throw syntaxError('interval must be >= 0')
  return BigInt(ms) * nsPerMs
}

export function limitOf({ parameters }: GrafanaRequest): number {
  const limit = parameters.count('limit') ?? usualLimit
  if (limit === 0) throw syntaxError('limit must be a positive value')
  if (limit > maxLimit)
    throw syntaxError(
      `max entries limit per query exceeded, limit > max_entries_limit_per_query (${limit} > ${maxLimit})`,
    )
  return limit
}

export function environmentOf(request: GrafanaRequest): LogEnvironment {
  const { tick, pause } = request.environment
  return { tick, pause, now: BigInt(request.now) * nsPerMs, source: (span) => logEntries(request, span) }
}
