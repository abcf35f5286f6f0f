/** An object, its JSON as text, or absent. */
import type { AuditActor, AuditPerson } from '../../model/audit.ts'
import { isRecord, withoutUndefined, textOf, type Fields } from '../../model/json.ts'

type TraceUser = Readonly<{
  data: Fields
  text?: string
}>

export function userOf(value: unknown): TraceUser {
  if (isRecord(value)) return { data: written(value) }
  const text = textOf(value)
  if (text === undefined) return { data: { domain: {} } }
  try {
    const read: unknown = JSON.parse(text)
    if (isRecord(read)) return { data: written(read) }
  } catch {
    // Retained as text.
  }
  return { data: { domain: {} }, text }
}

export function actorOf(
  { data, text }: TraceUser,
  { kind, address }: { kind: string | undefined; address: string | undefined },
): AuditActor {
  const who = personOf(data)
  const behind =
    isRecord(data['assumedBy']) && isRecord(data['assumedBy']['user']) ? personOf(data['assumedBy']['user']) : undefined
  const isKnown = who.id !== undefined || who.name !== undefined
  return withoutUndefined<AuditActor>({
    kind:
      behind !== undefined
        ? 'session'
        : isKnown
          ? 'user'
          : text === undefined && kind === 'SystemAction'
            ? 'system'
            : 'unknown',
    ...who,
    impersonatedBy: behind,
    address,
  })
}

function written({ id, name, domain, ...rest }: Fields): Fields {
  const home = isRecord(domain) ? domain : {}
  const nonEmpty = (of: Fields): Fields =>
    Object.fromEntries(Object.entries(of).filter(([, value]) => value !== null && value !== ''))
  return { ...withoutUndefined({ id: textOf(id), name: textOf(name) }), domain: nonEmpty(home), ...nonEmpty(rest) }
}

function personOf(user: Fields): AuditPerson {
  const domain = isRecord(user['domain']) ? user['domain'] : {}
  return withoutUndefined<AuditPerson>({
    id: textOf(user['id']),
    name: textOf(user['name']),
    domain: textOf(domain['id']) ?? textOf(domain['name']),
  })
}
