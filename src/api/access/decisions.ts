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
  series: scoped('Sums, and the sum of all others.'),
  topology: scoped('Edges, and the sums of all edges.'),
  live: scoped('Rows, series, graphs and counts of flows; no events.'),
  openLive: scoped('The stream itself.'),
  setLive: scoped('As the stream itself.'),
  tap: scoped('Flows of a source or a sink; no events.'),
  complete: scoped('Values of flows and of changes, and how many have them.'),
  exportFlows: scoped('Flows, all of them.'),
  changes: scoped('Changes of objects of his namespaces, and how many of them are hidden.'),
  change: scoped('As the list.'),
  changeSums: scoped('Sums of what the list shows.'),
  audit: scoped('Traces of what was done to objects of his namespaces; of a cloud none.'),
  auditTrace: scoped('As the list.'),
  auditSums: scoped('Sums of what the list shows.'),
  auditColumns: scoped('Sums of what the list shows.'),
  auditFirsts: scoped('Of what the list shows.'),
  auditLogins: scoped('Of what the list shows.'),
  auditQuery: everybody('The question in SQL, with what limits it; no row.'),
  graph: scoped('Edges of objects of his namespaces, to what is in none or in his.'),
  graphPaths: scoped('As neighbours.'),
  auditNewest: scoped('Of what the list shows; nothing of sources.'),
  resources: scoped('Objects of his namespaces.'),
  resource: scoped('An object of his namespaces, and what of these it belongs to.'),
  fields: everybody('Names and types, no values.'),
  validate: everybody('Says whether a text is a filter.'),
  quickFilters: everybody('Filters that the configuration names; no row.'),
  importLink: everybody('Reads a link, and no row.'),
  listSaved: everybody('Views that are one’s own or shared; they hold questions and no rows.'),
  showSaved: everybody('As the list.'),
  putSaved: everybody('One’s own views.'),
  deleteSaved: everybody('One’s own views.'),
  health: everybody('Whether it runs.'),
  openapi: everybody('The description of the API.'),
  logins: { who: 'open', why: 'What a page needs to offer a login.' },
  login: { who: 'open', why: 'Checks the token itself.' },
  loginOidc: { who: 'open', why: 'Leads to the provider of identities.' },
  loginOidcCallback: { who: 'open', why: 'Checks what the provider sent itself.' },
  logout: { who: 'open', why: 'Ends the session that asks, if there is one.' },
  me: everybody('What is known of oneself.'),
  ledger: unlimited('Counts of rows of every namespace.'),
  pipeline: unlimited('Rates of rows of every namespace, and where they go.'),
  changeGaps: unlimited('How many objects of a kind differed, whatever their namespace.'),
  clusters: unlimited('Kinds and how many objects each has, whatever their namespace.'),
  exporters: unlimited('Who sends, and how much, whatever its namespace.'),
  exporterRecipes: unlimited('Where it listens.'),
  listDeadLetters: unlimited('Rows of every namespace.'),
  showDeadLetter: unlimited('A row of any namespace.'),
  retryDeadLetters: admin('Changes what is delivered.'),
  editDeadLetter: admin('Changes what is delivered.'),
  dropDeadLetters: admin('Gives rows up.'),
  sql: admin('A statement can ask for every row and every column.'),
  reload: admin('Changes what runs.'),
  forgetSink: admin('Gives rows up.'),
  postEvents: { who: 'events', why: 'Adds rows.' },
  validateWebhook: { who: 'events', why: 'Asks whether events may be posted.' },
}

/** May he? Throws 403 with what he may do instead. */
export function authorize(principal: Principal, operation: string | undefined): void {
  const who = operation === undefined ? 'everybody' : (decisions[operation]?.who ?? 'admin')
  if (principal.role === 'admin' || who === 'open' || who === 'everybody' || who === 'scoped') return
  if (who === 'unlimited' && principal.namespaces === undefined) return
  const limited = principal.namespaces !== undefined
  const reason =
    who === 'unlimited'
      ? `This shows what belongs to every namespace, and ${principal.name} may see ${listed(principal.namespaces ?? [])} only.`
      : `This needs the role admin, and ${principal.name} has the role viewer${limited ? `, of ${listed(principal.namespaces)}` : ''}.`
  throw new ApiError('WEIR_API_FORBIDDEN', reason, {
    hints: [
      limited
        ? 'Flows, series, topology, the live stream, tap, changes and resources are there for your namespaces.'
        : 'Everything that only reads is there for you, except SQL.',
      'Roles and namespaces are given by `auth` in the configuration; GET /api/v1/me says which are yours.',
    ],
  })
}

/** What a limited viewer is told who asks for events. */
export function eventsHidden(what: string, { name, namespaces = [] }: Principal): ApiError {
  return new ApiError(
    'WEIR_API_FORBIDDEN',
    `${what} asks for events, which name no namespace that could be relied on, and ${name} may see ${listed(namespaces)} only.`,
    {
      hints: ['Ask for flows.'],
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
