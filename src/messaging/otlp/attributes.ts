/** Resources, scopes, attributes and times of OTLP's JSON. Throws with the reason if a field has the wrong type. */
import { stringifyExact } from '../../model/exact-json.ts'
import { isRecord, type Fields } from '../../model/json.ts'

export type Texts = Readonly<Record<string, string>>

export function listIn(message: Fields, name: string): readonly unknown[] {
  const list = message[name] ?? []
  if (!Array.isArray(list)) throw new Error(`\`${name}\` is no list`)
  return list as unknown[]
}

export function messagesIn(message: Fields, name: string): Fields[] {
  return listIn(message, name).map((value) => {
    if (!isRecord(value)) throw new Error(`an element of \`${name}\` is no object`)
    return value
  })
}

export function messageIn(message: Fields, name: string): Fields {
  const member = message[name] ?? {}
  if (!isRecord(member)) throw new Error(`\`${name}\` is no object`)
  return member
}

export function textIn(message: Fields, name: string): string {
  const text = message[name] ?? ''
  if (typeof text !== 'string') throw new Error(`\`${name}\` is no text`)
  return text
}

/** An integer of 64 bits, as a number or text. */
export function integerIn(message: Fields, name: string): bigint {
  return integerOf(message[name] ?? 0, name)
}

export function integerOf(value: unknown, name: string): bigint {
  if (typeof value === 'number' && Number.isInteger(value)) return BigInt(value)
  if (typeof value === 'string' && /^-?\d{1,20}$/.test(value)) return BigInt(value)
  throw new Error(`\`${name}\` is no integer`)
}

const special = new Map<unknown, number>([
  ['NaN', Number.NaN],
  ['Infinity', Infinity],
  ['-Infinity', -Infinity],
])

export function doubleOf(value: unknown, name: string): number {
  const number = typeof value === 'number' ? value : (special.get(value) ?? Number(value === '' ? Number.NaN : value))
  if (typeof value !== 'number' && !special.has(value) && (typeof value !== 'string' || Number.isNaN(number)))
    throw new Error(`\`${name}\` is no number`)
  return number
}

/** Text of a value: texts as they are, others as JSON. */
export function textOfValue(value: Fields): string {
  const plain = plainValue(value)
  return typeof plain === 'string' ? plain : (stringifyExact(plain) ?? '')
}

function plainValue(any: Fields): unknown {
  if ('stringValue' in any) return textIn(any, 'stringValue')
  if ('boolValue' in any) return any['boolValue'] === true
  if ('intValue' in any) return integerIn(any, 'intValue')
  if ('doubleValue' in any) {
    const number = doubleOf(any['doubleValue'], 'doubleValue')
    return Number.isFinite(number) ? number : String(number)
  }
  if ('bytesValue' in any) return textIn(any, 'bytesValue')
  if ('arrayValue' in any) return messagesIn(messageIn(any, 'arrayValue'), 'values').map(plainValue)
  if ('kvlistValue' in any)
    return Object.fromEntries(
      messagesIn(messageIn(any, 'kvlistValue'), 'values').map((pair) => [
        textIn(pair, 'key'),
        plainValue(messageIn(pair, 'value')),
      ]),
    )
  return ''
}

/** Names that PromQL and LogQL can write. */
export function nameOf(written: string): string {
  const name = written.replaceAll(/[^A-Za-z0-9_]/g, '_')
  return /^\d/.test(name) ? `_${name}` : name
}

/** Attributes that become equal names are joined with `;`, as in Prometheus. Empty values are left out. */
export function labelsOf(message: Fields): Texts {
  const labels: Record<string, string> = {}
  for (const pair of messagesIn(message, 'attributes')) {
    const name = nameOf(textIn(pair, 'key'))
    const text = textOfValue(messageIn(pair, 'value'))
    if (name === '' || text === '') continue
    labels[name] = Object.hasOwn(labels, name) ? `${labels[name]};${text}` : text
  }
  return labels
}

/** Labels of a resource: also `job` and `instance`, as in Prometheus. */
export function resourceLabels(group: Fields): Texts {
  const labels = labelsOf(messageIn(group, 'resource'))
  const { service_name: service, service_namespace: namespace, service_instance_id: instance } = labels
  return {
    ...labels,
    ...(service === undefined ? {} : { job: namespace === undefined ? service : `${namespace}/${service}` }),
    ...(instance === undefined ? {} : { instance }),
  }
}

export function scopeLabels(group: Fields): Texts {
  const scope = messageIn(group, 'scope')
  const [name, version] = [textIn(scope, 'name'), textIn(scope, 'version')]
  return {
    ...(name === '' ? {} : { otel_scope_name: name }),
    ...(version === '' ? {} : { otel_scope_version: version }),
  }
}

/** Unix ms; undefined: the sender set no time. */
export function msOf(nanos: bigint): number | undefined {
  return nanos === 0n ? undefined : Number(nanos / 1_000_000n)
}
