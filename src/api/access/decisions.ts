/**
 * Who may ask for what. Every operation of the API stands here, once; one that does not is for admins alone, and a test
 * is red until somebody has decided.
 */
import { ApiError } from '../problems.ts'
import type { Principal } from './principal.ts'

/** Before a login: what a browser needs to log in. */
type Open = 'open'
/** Everybody who is logged in; the answer has no rows and no sums of rows. */
type Everybody = 'everybody'
/** Everybody who is logged in; a limited viewer gets his own rows and sums of these alone. */
type Scoped = 'scoped'
/** Admins, and viewers that are not limited: the answer speaks of rows of every namespace. */
type Unlimited = 'unlimited'
type Admin = 'admin'
/** Admins, or whoever reaches the address, as `http.auth` says. */
type Events = 'events'

export type Decision = Open | Everybody | Scoped | Unlimited | Admin | Events

export interface Decided {
  readonly who: Decision
  readonly why: string
}

const admin = (why: string): Decided => ({ who: 'admin', why })
const everybody = (why: string): Decided => ({ who: 'everybody', why })
const scoped = (why: string): Decided => ({ who: 'scoped', why })
const unlimited = (why: string): Decided => ({ who: 'unlimited', why })

/** By operationId. */
export const decisions: Readonly<Record<string, Decided>> = {
  flows: scoped('Pages of flows.'),
  series: scoped('Sums, and the sum of the rest.'),
  topology: scoped('Edges, and the sums of all edges.'),
  live: scoped('Rows, series, graphs and counts of flows; no events.'),
  openLive: scoped('The live stream.'),
  setLive: scoped('Same as the live stream.'),
  tap: scoped('Flows of a source or a sink; no events.'),
  complete: scoped('Values of flows and changes, with their counts.'),
  exportFlows: scoped('All flows.'),
  changes: scoped('Changes of objects in the permitted namespaces, and the number of hidden ones.'),
  change: scoped('Same as the list.'),
  changeSums: scoped('Sums over the rows of the list.'),
  audit: scoped('Audit events about objects in the permitted namespaces; no cloud events.'),
  auditTrace: scoped('Same as the list.'),
  auditSums: scoped('Sums over the rows of the list.'),
  auditColumns: scoped('Sums over the rows of the list.'),
  auditFirsts: scoped('Based on the rows of the list.'),
  auditLogins: scoped('Based on the rows of the list.'),
  auditQuery: everybody('The SQL text of the query, including its limits; no rows.'),
  graph: scoped('Edges of objects in the permitted namespaces, to objects in them or without a namespace.'),
  graphPaths: scoped('As neighbours.'),
  auditNewest: scoped('Based on the rows of the list; no information about sources.'),
  resources: scoped('Objects in the permitted namespaces.'),
  resource: scoped('One object in the permitted namespaces, and its permitted relations.'),
  fields: everybody('Names and types, no values.'),
  validate: everybody('Validates a filter; no rows.'),
  quickFilters: everybody('Filters from the configuration; no rows.'),
  importLink: everybody('Parses a link; no rows.'),
  listSaved: everybody('Own and shared views; they contain filters and no rows.'),
  showSaved: everybody('Same as the list.'),
  putSaved: everybody('Own views.'),
  deleteSaved: everybody('Own views.'),
  health: everybody('Liveness only.'),
  openapi: everybody('The description of the API.'),
  logins: { who: 'open', why: 'Required to show the sign-in page.' },
  login: { who: 'open', why: 'The request itself verifies the token.' },
  loginOidc: { who: 'open', why: 'Redirects to the identity provider.' },
  loginOidcCallback: { who: 'open', why: 'The request itself verifies the response of the provider.' },
  logout: { who: 'open', why: 'Ends the session of the request, if any.' },
  me: everybody('Information about the current user.'),
  ledger: unlimited('Counts of rows of every namespace.'),
  pipeline: unlimited('Rates and destinations of rows of every namespace.'),
  changeGaps: unlimited('Counts of repaired objects by kind, over all namespaces.'),
  clusters: unlimited('Kinds and their object counts, over all namespaces.'),
  exporters: unlimited('Exporters and their rates, over all namespaces.'),
  exporterRecipes: unlimited('Listen addresses.'),
  listDeadLetters: unlimited('Rows of every namespace.'),
  showDeadLetter: unlimited('A row of any namespace.'),
  retryDeadLetters: admin('Changes deliveries.'),
  editDeadLetter: admin('Changes deliveries.'),
  dropDeadLetters: admin('Drops rows.'),
  sql: admin('A statement can read every row and column.'),
  reload: admin('Changes what runs.'),
  forgetSink: admin('Drops rows.'),
  postEvents: { who: 'events', why: 'Adds rows.' },
  validateWebhook: { who: 'events', why: 'Verifies whether events may be posted.' },
}

/** May he? Throws 403 with what he may do instead. */
export function authorize(principal: Principal, operation: string | undefined): void {
  const who = operation === undefined ? 'everybody' : (decisions[operation]?.who ?? 'admin')
  if (principal.role === 'admin' || who === 'open' || who === 'everybody' || who === 'scoped') return
  if (who === 'unlimited' && principal.namespaces === undefined) return
  const limited = principal.namespaces !== undefined
  const reason =
    who === 'unlimited'
      ? `This covers every namespace, and ${principal.name} may see ${listed(principal.namespaces ?? [])} only.`
      : `This needs the role admin, and ${principal.name} has the role viewer${limited ? `, of ${listed(principal.namespaces)}` : ''}.`
  throw new ApiError('WEIR_API_FORBIDDEN', reason, {
    hints: [
      limited
        ? 'Available for your namespaces: flows, series, topology, the live stream, tap, changes and resources.'
        : 'All reading operations except SQL are available.',
      '`auth` in the configuration assigns roles and namespaces; GET /api/v1/me shows yours.',
    ],
  })
}

/** What a limited viewer is told who asks for events. */
export function eventsHidden(what: string, { name, namespaces = [] }: Principal): ApiError {
  return new ApiError(
    'WEIR_API_FORBIDDEN',
    `${what} requests events, whose namespace cannot be verified, and ${name} may see ${listed(namespaces)} only.`,
    {
      hints: ['Request flows.'],
    },
  )
}

const mostListed = 5

/** Namespaces in words. */
export function listed(namespaces: readonly string[]): string {
  if (namespaces.length === 0) return 'no namespace'
  const rest = namespaces.length - mostListed
  return `namespace${namespaces.length === 1 ? '' : 's'} ${namespaces.slice(0, mostListed).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`
}
