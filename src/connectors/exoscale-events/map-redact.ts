/** Replaces fields by their names, text with a login in a URL or in PEM, and secrets within other text. */
import { redactField } from '../../codecs/redact/index.ts'
import { isRecord } from '../../model/json.ts'

const redaction = '[redacted]'
const names =
  /user-?data|pass(?:word|wd|phrase|code)|secret|token|credential|private|certificate|connection-?string|conn-?str|accesskeyid|(?:^|-)(?:keys?|pass|pwd|otp|pin|dsn|jwt|hmac|salt)(?:-|$)/
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
  if (typeof value !== 'string') return value
  return login.test(value) ? redaction : redactField('', value)
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
