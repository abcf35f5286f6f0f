import { isReservedInstance } from '../engine/cluster/names.ts'
import type { WeirConfig } from './config.ts'

const roles = ['collector', 'deliverer', 'api'] as const
type WorkRole = (typeof roles)[number]

export function rolesOf(config: Pick<WeirConfig, 'roles'>): ReadonlySet<WorkRole> {
  return new Set(config.roles.flatMap((role) => (role === 'all' ? roles : [role])))
}

type Complaint = Readonly<{
  path: readonly (string | number)[]
  message: string
  hint: string
}>

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
  if (config.instance !== null && isReservedInstance(config.instance))
    problems.push({
      path: ['instance'],
      message: 'transforms of a partition, or alert rules, write under this name',
      hint: 'choose another one',
    })
  for (const { id, settings } of Object.values(config.sources)) {
    const { redact } = settings as { readonly redact?: Readonly<{ enabled: boolean; key: unknown }> }
    // A generated key differs by folder: every secret would appear changed.
    if (redact?.enabled === true && redact.key === null) {
      problems.push({
        path: ['sources', id, 'redact', 'key'],
        message:
          'another replica may take over the cluster with another data folder, and must hash secret values ' +
          'with the same key',
        hint: 'set the same `redact.key` on all replicas, for example `env:WEIR_REDACT_KEY`',
      })
    }
  }
  return problems
}
