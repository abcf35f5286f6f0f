import { WeirError } from '../model/errors.ts'
import { withoutUrlSecrets } from '../model/url-text.ts'

export const levels = ['debug', 'info', 'warn', 'error'] as const
export type Level = (typeof levels)[number]

/** Plain data, so that it can cross threads. */
export type LogRecord = Readonly<{
  time: number
  level: Level
  message: string
  fields: Readonly<Record<string, Plain>>
}>

type Plain = string | number | boolean | null

/** An error becomes message, code, advice and stack line; undefined values are omitted. */
export function plainFields(fields: Readonly<Record<string, unknown>>): Record<string, Plain> {
  const plain: Record<string, Plain> = {}
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) continue
    if (value instanceof Error) addError(plain, name, value)
    else plain[name] = isPlain(value) ? value : asText(value)
  }
  // Producers remove secrets from URLs; this is a second check.
  for (const [name, value] of Object.entries(plain))
    if (typeof value === 'string') plain[name] = withoutUrlSecrets(value)
  return plain
}

function addError(plain: Record<string, Plain>, name: string, error: Error) {
  plain[name] = error.message === '' ? error.name : error.message
  if ('code' in error && typeof error.code === 'string') plain.code = error.code
  if (error instanceof WeirError) {
    plain.advice = error.advice
    return
  }
  const captured = /^\s+at (.+)$/m.exec(error.stack ?? '')?.[1]
  if (captured !== undefined) plain.at = captured
}

function isPlain(value: unknown): value is Plain {
  return value === null || typeof value === 'string' || typeof value === 'boolean' || typeof value === 'number'
}

function asText(value: unknown): string {
  try {
    return (
      JSON.stringify(value, (_, inner: unknown) => (typeof inner === 'bigint' ? String(inner) : inner)) ?? String(value)
    )
  } catch {
    return String(value)
  }
}

export function formatText({ time, level, message, fields }: LogRecord): string {
  const pairs = Object.entries(fields).map(([name, value]) => ` ${name}=${quoted(value)}`)
  return `${stamp(time)} ${level.padEnd(5)} ${oneLine(message)}${pairs.join('')}`
}

/** A field cannot replace the line's own keys. */
export function formatJson({ time, level, message, fields }: LogRecord): string {
  return JSON.stringify({ ...fields, time: stamp(time), level, message })
}

/** Untrusted bytes must not start a line or control a terminal. */
function oneLine(text: string) {
  // eslint-disable-next-line no-control-regex -- finding control characters is the purpose
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, (match) =>
    match === '\n' ? '\\n' : `\\u${match.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

function quoted(value: Plain) {
  if (typeof value !== 'string') return String(value)
  return /^[^\s"=\\]+$/.test(value) && oneLine(value) === value ? value : oneLine(JSON.stringify(value))
}

function stamp(time: number) {
  return new Date(time).toISOString()
}
