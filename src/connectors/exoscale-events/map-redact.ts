/** Replaces secrets by `[redacted]`: fields by their names, and text with a login in a URL or in PEM. */
import { isRecord } from '../../model/json.ts'

const redaction = '[redacted]'
const names =
  /user-?data|pass(?:word|wd|phrase|code)|secret|token|credential|private|certificate|connection-?string|(?:^|-)(?:keys?|pass|pwd|otp|pin|dsn)(?:-|$)/
const login = /\b[a-z][a-z0-9+.-]*:\/\/[^/\s:@]*:[^@\s]+@|-----BEGIN /i

export function redacted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(redacted)
  if (isRecord(value))
    return Object.fromEntries(
      Object.entries(value).map(([name, held]) => [
        name,
        isSecret(name) && !isNothing(held) ? redaction : redacted(held),
      ]),
    )
  return typeof value === 'string' && login.test(value) ? redaction : value
}

function isSecret(name: string) {
  return names.test(
    name
      .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-'),
  )
}

function isNothing(held: unknown) {
  return held === undefined || held === null || typeof held === 'boolean'
}
