/** The parts of the configuration that are about sharing the work: short forms, and what does not go together. */
import { isPartitionInstance } from '../engine/cluster/names.ts'
import type { ConfigDocument, Override } from '../schema/index.ts'
import type { WeirConfig } from './config.ts'

export const roles = ['collector', 'deliverer', 'api'] as const
export type WorkRole = (typeof roles)[number]

/** What this Weir does. */
export function rolesOf(config: Pick<WeirConfig, 'roles'>): ReadonlySet<WorkRole> {
  return new Set(config.roles.flatMap((role) => (role === 'all' ? roles : [role])))
}

/** `journal: kafka://…` and `roles: collector` in the form that the schema knows. What is written wrongly stays, and is complained of there. */
export function shortForms(document: ConfigDocument): readonly Override[] {
  const { journal, roles: written } = (document.value ?? {}) as { readonly journal?: unknown; readonly roles?: unknown }
  const origin = 'short form'
  const on = typeof journal === 'string' ? journalOf(journal) : undefined
  return [
    ...(on === undefined ? [] : [{ path: ['journal'], value: { on }, origin }]),
    ...(typeof written === 'string'
      ? [{ path: ['roles'], value: written.split(',').map((role) => role.trim()), origin }]
      : []),
  ]
}

/** kafka://host:port,host:port/topic or nats://host:port/stream, the last part may be left out */
function journalOf(text: string): Readonly<Record<string, unknown>> | undefined {
  const parts = /^(kafka|nats|tls):\/\/([^/]+)(?:\/([^/]*))?$/.exec(text)
  if (parts === null) return undefined
  const [, scheme = '', hosts = '', name = ''] = parts
  const places = hosts.split(',')
  if (scheme === 'kafka') return { type: 'kafka', brokers: places, ...(name === '' ? {} : { topic: name }) }
  const [url, ...more] = places.map((place) => `${scheme}://${place}`)
  return {
    type: 'nats',
    url,
    ...(more.length === 0 ? {} : { more_urls: more }),
    ...(name === '' ? {} : { stream: name }),
  }
}

interface Complaint {
  readonly path: readonly (string | number)[]
  readonly message: string
  readonly hint: string
}

/** What can't be with the journal where it is. */
export function sharedProblems(config: WeirConfig): readonly Complaint[] {
  const shared = config.journal.on.type !== 'files'
  const all = rolesOf(config)
  if (!shared)
    return all.size === roles.length
      ? []
      : [
          {
            path: ['roles'],
            message: 'the work can only be shared over a journal on a bus',
            hint: 'set `journal: kafka://…`, or leave `roles` out',
          },
        ]
  const problems: Complaint[] = []
  if (config.instance !== null && isPartitionInstance(config.instance))
    problems.push({
      path: ['instance'],
      message: 'transforms of a partition write under this name',
      hint: 'choose another one',
    })
  for (const { id, type, settings } of Object.values(config.sources)) {
    const { redact } = settings as { readonly redact?: { readonly enabled: boolean; readonly key: unknown } }
    // One that is made in a folder is another in the next: every secret value would look changed.
    if (type === 'kubernetes' && redact?.enabled === true && redact.key === null) {
      problems.push({
        path: ['sources', id, 'redact', 'key'],
        message: 'who goes on with the cluster may have another folder, and needs the same key for secret values',
        hint: 'set `redact.key`, for example to `env:WEIR_REDACT_KEY`, to the same for all',
      })
    }
  }
  return problems
}
