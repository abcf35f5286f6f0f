/** An operation without a rule is for admins only, and fails a test. */
import { namespacesText } from '../../topics/scope.ts'
import { ApiError } from '../problems.ts'
import type { Principal } from './principal.ts'

type Open = 'open'
type Authenticated = 'authenticated'
/** A limited viewer gets only the rows of its namespaces, and their sums. */
type Scoped = 'scoped'
type Unlimited = 'unlimited'
type Admin = 'admin'
type Events = 'events'

export type Decision = Open | Authenticated | Scoped | Unlimited | Admin | Events

type AccessRule = Readonly<{
  access: Decision
  reason: string
}>

const admin = (reason: string): AccessRule => ({ access: 'admin', reason })
const authenticated = (reason: string): AccessRule => ({ access: 'authenticated', reason })
const scoped = (reason: string): AccessRule => ({ access: 'scoped', reason })
const unlimited = (reason: string): AccessRule => ({ access: 'unlimited', reason })

export const accessRules: Readonly<Record<string, AccessRule>> = {
  flows: scoped('Pages of flows.'),
  distinctFlows: scoped('Numbers of values, of the permitted flows.'),
  series: scoped('Sums, and the sum of the rest.'),
  home: scoped('Sums of flows, changes and warning events of the permitted namespaces.'),
  conversations: scoped('Sums of both directions of connections.'),
  topology: scoped('Edges, and the sums of all edges.'),
  live: scoped('Rows, series, graphs and counts of flows; no events.'),
  openLive: scoped('The live stream.'),
  setLive: scoped('Same as the live stream.'),
  mcp: authenticated('Requests operations with the credentials of the caller; no rows itself.'),
  alerts: scoped('Alerts with a filter or labels within the permitted namespaces.'),
  alertHistory: scoped('Same alerts as the list, of rules that exist.'),
  tap: scoped('Flows of a source or a sink; no events.'),
  complete: scoped('Values of flows and changes, with their counts.'),
  exportFlows: scoped('All flows.'),
  changes: scoped('Changes of objects in the permitted namespaces, and the number of hidden ones.'),
  change: scoped('Same as the list.'),
  changeSums: scoped('Sums over the rows of the list.'),
  why: scoped('Flows, changes and audit events of the permitted namespaces; no cloud events.'),
  levels: scoped('Same as why.'),
  marks: scoped('Same as why.'),
  investigate: scoped('Each lane as its own operation: costs, cloud resources and gaps of the watch are withheld.'),
  compareMoments: scoped('Same as the investigation, at two times.'),
  audit: scoped('Audit events about objects in the permitted namespaces; no cloud events.'),
  auditTrace: scoped('Same as the list.'),
  auditSums: scoped('Sums over the rows of the list.'),
  auditColumns: scoped('Sums over the rows of the list.'),
  auditFirstSeen: scoped('Based on the rows of the list.'),
  auditLogins: scoped('Based on the rows of the list.'),
  auditQuery: authenticated('The SQL text of the query, including its limits; no rows.'),
  graph: scoped('Edges of objects in the permitted namespaces, to objects in them or without a namespace.'),
  graphPaths: scoped('Same as the graph.'),
  auditNewest: scoped('Based on the rows of the list; no information about sources.'),
  resources: scoped('Objects in the permitted namespaces.'),
  resource: scoped('One object in the permitted namespaces, and its permitted relations.'),
  images: scoped('Images that run in the permitted namespaces, and their permitted pods.'),
  imageDiff: scoped('These images.'),
  packages: scoped('Packages of these images.'),
  facts: scoped('Facts of these images.'),
  problems: scoped('Problems of these images.'),
  problemSums: scoped('Problems of these images.'),
  flaws: scoped('Problems of these images.'),
  promQuery: scoped('Flows, changes and audit events of the permitted namespaces; points have no namespace.'),
  promQueryForm: scoped('Same as promQuery.'),
  promQueryRange: scoped('Same rows as the query.'),
  promQueryRangeForm: scoped('Same rows as the query.'),
  promLabels: scoped('Same rows as the query.'),
  promLabelsForm: scoped('Same rows as the query.'),
  promLabelValues: scoped('Same rows as the query.'),
  promSeries: scoped('Same rows as the query.'),
  promSeriesForm: scoped('Same rows as the query.'),
  lokiQuery: scoped('Flows of the permitted namespaces; log lines and events have no namespace.'),
  lokiQueryRange: scoped('Same rows as the query.'),
  lokiLabels: scoped('Same rows as the query.'),
  lokiLabelValues: scoped('Same rows as the query.'),
  lokiSeries: scoped('Same rows as the query.'),
  lokiSeriesForm: scoped('Same rows as the query.'),
  lokiStats: scoped('Same rows as the query.'),
  lokiDetectedLabels: scoped('Same rows as the query.'),
  lokiVolume: scoped('Same rows as the query.'),
  lokiVolumeRange: scoped('Same rows as the query.'),
  lokiDetectedFields: scoped('Same rows as the query.'),
  lokiDetectedFieldValues: scoped('Same rows as the query.'),
  lokiQueryForm: scoped('Same rows as the query.'),
  lokiQueryRangeForm: scoped('Same rows as the query.'),
  lokiLabelsForm: scoped('Same rows as the query.'),
  lokiLabelValuesForm: scoped('Same rows as the query.'),
  lokiStatsForm: scoped('Same rows as the query.'),
  lokiDetectedLabelsForm: scoped('Same rows as the query.'),
  lokiVolumeForm: scoped('Same rows as the query.'),
  lokiVolumeRangeForm: scoped('Same rows as the query.'),
  lokiDetectedFieldsForm: scoped('Same rows as the query.'),
  lokiDetectedFieldValuesForm: scoped('Same rows as the query.'),
  lokiTail: scoped('Same rows as the query.'),
  promFederate: scoped('Same rows as the query.'),
  promStatusTsdb: scoped('Same rows as the query.'),
  lokiFormatQuery: authenticated('Parses a query; no rows.'),
  lokiFormatQueryForm: authenticated('Parses a query; no rows.'),
  promFormatQuery: authenticated('Parses a query; no rows.'),
  promFormatQueryForm: authenticated('Parses a query; no rows.'),
  promParseQuery: authenticated('Parses a query; no rows.'),
  promParseQueryForm: authenticated('Parses a query; no rows.'),
  lokiPatterns: authenticated('Empty.'),
  lokiPatternsForm: authenticated('Empty.'),
  lokiRules: authenticated('Empty.'),
  lokiRulesForm: authenticated('Empty.'),
  promAlertmanagers: authenticated('Empty.'),
  promTargets: authenticated('Empty.'),
  promTargetsMetadata: authenticated('Empty.'),
  promScrapePools: authenticated('Empty.'),
  promStatusConfig: authenticated('Empty.'),
  lokiBuildInfo: authenticated('The version.'),
  lokiBuildInfoForm: authenticated('The version.'),
  lokiDrilldownLimits: authenticated('Limits, no rows.'),
  lokiDrilldownLimitsForm: authenticated('Limits, no rows.'),
  promStatusFlags: authenticated('Limits, no rows.'),
  promRuntimeInfo: authenticated('Time and state of the server.'),
  promWalReplay: authenticated('Time and state of the server.'),
  promMetadata: authenticated('Names of metrics, no values.'),
  promBuildInfo: authenticated('The version.'),
  promRules: authenticated('Empty.'),
  promAlerts: authenticated('Empty.'),
  promExemplars: authenticated('Empty.'),
  promExemplarsForm: authenticated('Empty.'),
  queries: authenticated('Own running queries; numbers of rows only without a limit of namespaces.'),
  fields: authenticated('Names and types, no values.'),
  validate: authenticated('Validates a filter; no rows.'),
  quickFilters: authenticated('Filters from the configuration; no rows.'),
  importLink: authenticated('Parses a link; no rows.'),
  dashboards: authenticated('Dashboards of the configuration; they contain filters and statements, and no rows.'),
  importDashboard: authenticated('Converts the JSON of the request; no rows.'),
  transfers: scoped('Sums of visible flows; no rows of costs for limited users.'),
  incidents: scoped('Incidents of the permitted namespaces.'),
  incident: scoped('Same as the list.'),
  incidentHistory: scoped('Same as the incident, for each version.'),
  exportIncident: scoped('Same as the incident.'),
  putIncident: admin('Changes what all users read.'),
  deleteIncident: admin('Changes what all users read.'),
  listSaved: authenticated('Own and shared views; they contain filters and no rows.'),
  showSaved: authenticated('Same as the list.'),
  putSaved: authenticated('Own views.'),
  deleteSaved: authenticated('Own views.'),
  health: authenticated('Liveness only.'),
  openapi: authenticated('The description of the API.'),
  logins: { access: 'open', reason: 'Required to show the sign-in page.' },
  login: { access: 'open', reason: 'The request itself verifies the token.' },
  loginOidc: { access: 'open', reason: 'Redirects to the identity provider.' },
  loginOidcCallback: { access: 'open', reason: 'The request itself verifies the response of the provider.' },
  logout: { access: 'open', reason: 'Ends the session of the request, if any.' },
  me: authenticated('Information about the current user.'),
  ledger: unlimited('Counts of rows of every namespace.'),
  pipeline: unlimited('Rates and destinations of rows of every namespace.'),
  changeGaps: unlimited('Counts of repaired objects by kind, over all namespaces.'),
  clusters: unlimited('Kinds and their object counts, over all namespaces.'),
  testAlert: unlimited('Rows of every namespace.'),
  previewAlert: unlimited('Sums of every namespace.'),
  exporters: unlimited('Exporters and their rates, over all namespaces.'),
  events: unlimited('Events have no reliable namespace.'),
  event: unlimited('Events have no reliable namespace.'),
  eventContext: unlimited('Events have no reliable namespace.'),
  eventSums: unlimited('Events have no reliable namespace.'),
  exportEvents: unlimited('Events have no reliable namespace.'),
  eventFields: unlimited('Events have no reliable namespace.'),
  eventSeries: unlimited('Events have no reliable namespace.'),
  inventory: unlimited('Resources of whole accounts.'),
  inventoryFacets: unlimited('Resources of whole accounts.'),
  inventoryDiff: unlimited('Resources of whole accounts.'),
  inventoryResource: unlimited('Resources of whole accounts.'),
  spend: unlimited('Costs of whole accounts.'),
  spendForecast: unlimited('Costs of whole accounts.'),
  spendMovers: unlimited('Costs of whole accounts.'),
  spendTags: unlimited('Costs of whole accounts.'),
  exportSpend: unlimited('Costs of whole accounts.'),
  exporterRecipes: unlimited('Listen addresses.'),
  listDeadLetters: unlimited('Rows of every namespace.'),
  listDeadLetterReasons: unlimited('Rows of every namespace.'),
  showDeadLetter: unlimited('A row of any namespace.'),
  retryDeadLetters: admin('Changes deliveries.'),
  editDeadLetter: admin('Changes deliveries.'),
  dropDeadLetters: admin('Drops rows.'),
  sql: admin('A statement can read every row and column.'),
  reload: admin('Changes what runs.'),
  putAlert: admin('Changes deliveries.'),
  deleteAlert: admin('Changes deliveries.'),
  silenceAlert: admin('Changes deliveries.'),
  endAlertSilence: admin('Changes deliveries.'),
  sendAlertTest: admin('Sends a message.'),
  forgetSink: admin('Drops rows.'),
  putReport: { access: 'events', reason: 'Adds rows.' },
  postEvents: { access: 'events', reason: 'Adds rows.' },
  validateWebhook: { access: 'events', reason: 'Verifies whether events may be posted.' },
}

/** Throws 403 with the permitted alternatives. */
export function authorize(principal: Principal, operation: string | undefined): void {
  const access = operation === undefined ? 'authenticated' : (accessRules[operation]?.access ?? 'admin')
  if (principal.role === 'admin' || access === 'open' || access === 'authenticated' || access === 'scoped') return
  if (access === 'unlimited' && principal.namespaces === undefined) return
  const limited = principal.namespaces !== undefined
  const reason =
    access === 'unlimited'
      ? `This operation covers every namespace, and ${principal.name} may see ` +
        `${namespacesText(principal.namespaces ?? [])} only.`
      : `This operation requires the role admin, and ${principal.name} has the role ` +
        `viewer${limited ? `, of ${namespacesText(principal.namespaces)}` : ''}.`
  throw new ApiError('WEIR_API_FORBIDDEN', reason, {
    hints: [
      limited
        ? 'Available for your namespaces: flows, series, topology, the live stream, tap, changes, resources and images.'
        : 'All reading operations except SQL are available.',
      '`auth` in the configuration assigns roles and namespaces; GET /api/v1/me shows yours.',
    ],
  })
}

export function eventsHidden(what: string, { name, namespaces = [] }: Principal): ApiError {
  return new ApiError(
    'WEIR_API_FORBIDDEN',
    `${what} requests events, which have no namespace, and ${name} may see ${namespacesText(namespaces)} only.`,
    {
      hints: ['Request flows.'],
    },
  )
}
