import {
  Array as ArrayOf,
  Boolean as Flag,
  Integer,
  Number as Num,
  Object as ObjectOf,
  Optional,
  String as Text,
  Unsafe,
} from 'typebox'
import { savedPagePattern } from '../saved/pages.ts'
import { nullText, oneOf, orNull, parameters, type Of } from '../schema.ts'
import { verdicts, WhyParameters } from '../why/schema.ts'

export const incidentStates = ['open', 'mitigated', 'resolved'] as const

/** The file is read and written whole. */
export const incidentLimits = { incidents: 1000, candidates: 50, pins: 200, namespaces: 100, notes: 65_536 } as const

export const IncidentParameters = ObjectOf({
  id: Text({ pattern: '^[A-Za-z0-9_-]{1,64}$', description: 'Selected by the client that creates it.' }),
})

const { filter, both_ways, reporters, by, promql, logql, lookback, at } = WhyParameters.properties

/** What {@link WhyParameters} has besides the time range. */
const question = parameters({ filter, both_ways, reporters, by, promql, logql, lookback, at })

const shortText = (description: string) => Text({ maxLength: 2000, description })
const shortNull = (description: string) => orNull(Text({ maxLength: 2000, description }))

const IncidentCandidate = parameters({
  selected: Flag({ description: 'The cause that a user selected; one candidate at most.' }),
  is: oneOf(['change', 'rollout', 'resource', 'audit'], { description: 'As in `why`.' }),
  pos: shortText('Permanent id of the change or audit event.'),
  time: shortText('Of the change; ISO 8601.'),
  cluster: shortNull('Of the object.'),
  group: shortText('API group; of cloud resources the provider.'),
  kind: shortText('Of the object.'),
  namespace: shortNull('Of the object.'),
  name: shortText('Of the object.'),
  ref: shortNull('Permanent name of the object.'),
  operation: shortText('As in `why`.'),
  actor: shortNull('Name of the user or controller.'),
  actor_ref: shortNull('Permanent name of the user.'),
  paths: ArrayOf(shortText('JSON Pointer.'), { description: 'Changed fields, at most 20.' }),
  score: Num({ minimum: 0, maximum: 1, description: 'As `why` showed it.' }),
  share: Num({ minimum: 0, description: 'Share of the changed traffic, as `why` showed it.' }),
  seconds_before: Num({ description: 'From the change to `onset`.' }),
})
export type IncidentCandidate = Of<typeof IncidentCandidate>

const IncidentPin = parameters({
  title: Text({ minLength: 1, maxLength: 300 }),
  path: Text({
    maxLength: 65_536,
    pattern: `${savedPagePattern.slice(0, -1)}(?:\\?[^#\\s]*)?$`,
    description: 'Path of a page of the console with its parameters. A time range `t` has fixed times.',
    examples: ['/flows?v=1&live=0&t=2026-11-20T14:00:00Z..2026-11-20T14:10:00Z&q=dst.owner=orders-db'],
  }),
  time: shortNull('Time of the row; ISO 8601.'),
  namespace: shortNull('Namespace of all that the page shows; null: viewers limited to namespaces do not see the pin.'),
})
export type IncidentPin = Of<typeof IncidentPin>

const title = Text({ minLength: 1, maxLength: 200, pattern: String.raw`\S` })
const state = oneOf(incidentStates, { default: 'open' })
const namespaces = ArrayOf(Text({ minLength: 1, maxLength: 63 }), {
  description:
    'Viewers limited to namespaces see the incident if it has namespaces and they may see all of them. They then see ' +
    'its title, notes and question; candidates and pins only of their namespaces.',
})
const from = Text({ maxLength: 40, description: 'Start of the time range. Relative times are stored as fixed ones.' })
const to = Text({ maxLength: 40, description: 'End, exclusive.' })
const onset = orNull(Text({ maxLength: 40, description: 'Time of the change that the candidates precede.' }))
const verdict = orNull(oneOf(verdicts, { description: 'As `why` stated it.' }))
const candidates = ArrayOf(IncidentCandidate, {
  description: `Changes that preceded, as \`why\` listed them; at most ${incidentLimits.candidates}.`,
})
const pins = ArrayOf(IncidentPin, { description: `Links, at most ${incidentLimits.pins}.` })
const notes = Text({ maxLength: incidentLimits.notes, description: 'Markdown.' })

export const IncidentRequest = parameters({
  title,
  state: Optional(state),
  namespaces: Optional(namespaces),
  from,
  to,
  question: Optional(question),
  onset: Optional(onset),
  verdict: Optional(verdict),
  candidates: Optional(candidates),
  pins: Optional(pins),
  notes: Optional(notes),
  before: Optional(
    Integer({
      minimum: 1,
      description:
        '`version` that this one replaces; unset: the incident is new. If it is another one, the status is 409.',
    }),
  ),
})
export type IncidentRequest = Of<typeof IncidentRequest>

const stored = {
  id: Text(),
  version: Integer({ description: 'Increases with each change.' }),
  title,
  state,
  namespaces,
  from: Text({ description: 'ISO 8601.' }),
  to: Text({ description: 'ISO 8601.' }),
  created: Text({ description: 'ISO 8601.' }),
  created_by: Text(),
  changed: Text({ description: 'ISO 8601.' }),
  by: Text({ description: 'User of this version.' }),
}
const contents = { question, onset, verdict, candidates, pins, notes }
const withheld = Flag({ description: 'Candidates or pins are left out, because the user may not see them.' })

const StoredIncident = ObjectOf({ ...stored, ...contents })
/** As it is in the file and in the journal. */
export type StoredIncident = Of<typeof StoredIncident>

export const Incident = ObjectOf({ ...stored, ...contents, withheld }, { $id: 'Incident' })
export type Incident = Of<typeof Incident>

const IncidentSummary = ObjectOf({
  ...stored,
  cause: nullText('Object and operation of the selected candidate.'),
  actor: nullText('Of the selected candidate.'),
  pins: Integer(),
})
export type IncidentSummary = Of<typeof IncidentSummary>

export const IncidentsParameters = parameters({
  state: Optional(oneOf(incidentStates, { description: 'Only incidents in this state.' })),
})

export const Incidents = ObjectOf(
  { incidents: ArrayOf(IncidentSummary, { description: 'Latest start of the time range first.' }) },
  { $id: 'Incidents' },
)
export type Incidents = Of<typeof Incidents>

export const incidentActions = ['created', 'changed', 'deleted'] as const
export const incidentFields = [
  'title',
  'state',
  'namespaces',
  'from',
  'to',
  'question',
  'onset',
  'verdict',
  'candidates',
  'pins',
  'notes',
] as const

export const IncidentHistory = ObjectOf(
  {
    versions: ArrayOf(
      ObjectOf({
        version: Integer(),
        time: Text({ description: 'ISO 8601.' }),
        by: Text(),
        action: oneOf(incidentActions),
        fields: ArrayOf(oneOf(incidentFields), { description: 'Those that differ from the version before.' }),
        incident: Unsafe<Incident>({ $ref: 'Incident#' }),
      }),
      { description: 'Newest first, at most 1,000.' },
    ),
    missing: Integer({ description: 'Versions that are not in the store: not stored yet, or expired.' }),
  },
  { $id: 'IncidentHistory' },
)
export type IncidentHistory = Of<typeof IncidentHistory>

const url = Text({ description: 'Of the page of the console.' })

export const IncidentExport = ObjectOf(
  {
    url,
    incident: Unsafe<Incident>({ $ref: 'Incident#' }),
    links: ObjectOf({
      question: nullText('URL of the page that shows the signal in the time range; null: there is no such page.'),
      candidates: ArrayOf(url, { description: 'In their order.' }),
      pins: ArrayOf(url, { description: 'In their order.' }),
    }),
  },
  { $id: 'IncidentExport' },
)
export type IncidentExport = Of<typeof IncidentExport>

export const ExportParameters = parameters({
  format: Optional(oneOf(['json', 'md'], { default: 'json', description: 'md: a report in Markdown.' })),
  base: Optional(
    Text({
      maxLength: 500,
      pattern: '^https?://[^\\s()<>]+$',
      description: 'URL of the console, for links. Default: that of the request.',
    }),
  ),
})

export const DeleteIncidentQuery = parameters({
  before: Optional(
    Integer({ minimum: 1, description: '`version` to delete; if it is another one, the status is 409.' }),
  ),
})

export const DeletedIncident = ObjectOf({ deleted: Text() })
