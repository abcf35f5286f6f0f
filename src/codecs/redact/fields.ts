import { isRecord } from '../../model/json.ts'
import { redactArguments } from './commands.ts'
import { TextRedactor } from './text.ts'
import { isSecretValue, mark } from './values.ts'

const mask = (): string => mark
const texts: TextRedactor = new TextRedactor({ mask, structure: (value) => redactFields(value) })

/** Replaces secret values of JSON by `redacted:`: by the names of fields, and within texts. Unchanged parts stay. */
export function redactFields(value: unknown, name = ''): unknown {
  if (typeof value === 'string') return redactField(name, value)
  if (Array.isArray(value)) return redactedList(value, name)
  if (!isRecord(value)) return isNumber(value) && texts.suspicionOf(name) === 'password' ? mark : value
  const named = Object.hasOwn(value, 'value') ? [value['name'], value['key']].find(isText) : undefined
  let copy: Record<string, unknown> | undefined
  for (const [key, part] of Object.entries(value)) {
    const safe = redactFields(part, key === 'value' && named !== undefined ? named : key)
    if (safe !== part) (copy ??= { ...value })[key] = safe
  }
  return copy ?? value
}

/** Redacts the value of a field by its name. */
export function redactField(name: string, value: string): string {
  const suspicion = name === '' ? 'none' : texts.suspicionOf(name)
  return suspicion !== 'none' && isSecretValue(value, suspicion) ? mark : texts.redact(value)
}

function redactedList(list: readonly unknown[], name: string): readonly unknown[] {
  const safe =
    list.every(isText) && texts.suspicionOf(name) === 'none'
      ? redactArguments(list, mask, (value) => texts.redact(value))
      : list.map((entry) => redactFields(entry, typeof entry === 'object' ? '' : name))
  return safe.some((entry, index) => entry !== list[index]) ? safe : list
}

const isText = (value: unknown): value is string => typeof value === 'string'
const isNumber = (value: unknown): value is number => typeof value === 'number'
