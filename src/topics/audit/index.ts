import { Object as ObjectOf } from 'typebox'
import { dialectOf } from '../../query/index.ts'
import type { Instance } from '../coverage.ts'
import { operation, type Surroundings } from '../operation.ts'
import { Refusal } from '../refusal.ts'
import { readRows } from '../rows.ts'
import { auditScope } from '../scope.ts'
import { readColumns } from './columns.ts'
import { readFirstSeen, readLogins, readNewest, type Collectors } from './facts.ts'
import { readTraces } from './page.ts'
import {
  AuditColumns,
  AuditColumnsParameters,
  AuditFactsParameters,
  AuditFirstSeen,
  AuditLogins,
  AuditNewest,
  AuditPage,
  AuditParameters,
  AuditSums,
  AuditSumsParameters,
  AuditTrace,
  AuditTraceParameters,
  traceColumns,
} from './schema.ts'
import { readAuditSums } from './sums.ts'

export { auditStatement } from './statement.ts'

export const audit = operation({
  id: 'audit',
  summary: 'Audit events of clouds and clusters, newest first',
  description: 'All pages cover the time range of the first page.',
  parameters: AuditParameters,
  result: AuditPage,
  run: readTraces,
})

export const auditTrace = operation({
  id: 'auditTrace',
  summary: 'One audit event with all its data',
  parameters: AuditTraceParameters,
  result: AuditTrace,
  refuses: ['WEIR_API_NOT_FOUND'],
  async run({ pos }, surroundings) {
    const dialect = dialectOf(surroundings.store)
    const scope = auditScope(surroundings.viewer, dialect)
    const [row] = await readRows<AuditTrace>(
      surroundings,
      `SELECT ${traceColumns}, data FROM audit WHERE _pos = ` +
        `${dialect.text(pos)}${scope === undefined ? '' : ` AND ${scope}`} LIMIT 1`,
    )
    if (row !== undefined) return row
    throw new Refusal('WEIR_API_NOT_FOUND', `There is no event ${pos}.`, [
      'GET /api/v1/audit lists events; expired ones are deleted.',
    ])
  },
})

export const auditSums = operation({
  id: 'auditSums',
  summary: 'Number of audit events over time and by group',
  description:
    'Same parameters as GET /api/v1/audit. Groups and rest add up to the total, in each bucket and over the ' +
    'time range.',
  parameters: AuditSumsParameters,
  result: AuditSums,
  run: (query, surroundings: Surroundings & Readonly<{ instance: Instance }>) => readAuditSums(query, surroundings),
})

export const auditColumns = operation({
  id: 'auditColumns',
  summary: 'Audit events counted by actor, action, resource, tenant and region, as columns of nodes',
  description: 'Same parameters as GET /api/v1/audit. Each column has its largest nodes; the rest is counted together.',
  parameters: AuditColumnsParameters,
  result: AuditColumns,
  run: readColumns,
})

export const auditFirstSeen = operation({
  id: 'auditFirstSeen',
  summary: 'First actions: actors and actions without earlier events',
  description:
    'Pairs of actor and action with the oldest stored event within the time range. Expired events are not considered.',
  parameters: AuditFactsParameters,
  result: AuditFirstSeen,
  run: readFirstSeen,
})

export const auditLogins = operation({
  id: 'auditLogins',
  summary: 'Failed logins by actor',
  description:
    'Events in the time range with a login as action (login, sign-in, authenticate) and with severity ' +
    'warning or incident.',
  parameters: AuditFactsParameters,
  result: AuditLogins,
  run: readLogins,
})

export const auditNewest = operation({
  id: 'auditNewest',
  summary: 'Newest audit event, and the delay of each source',
  description: 'Distinguishes “no activity” from “not received yet”.',
  parameters: ObjectOf({}),
  result: AuditNewest,
  run: (_query, { collectors, ...surroundings }: Surroundings & Readonly<{ collectors: Collectors }>) =>
    readNewest(collectors, surroundings),
})
