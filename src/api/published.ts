export type { DeadLetter, DeadLetterReason, DroppedLetters, RetriedLetters } from '../topics/dead-letters/schema.ts'
export type { Field } from '../model/fields.ts'
export type { PatchStep } from '../model/kubernetes.ts'
export type { Cell } from '../topics/cells.ts'
export type { GapMessage, RowsMessage } from './live/rows-view.ts'
export type {
  LokiLines,
  PrometheusInstant,
  PrometheusMatrix,
  PrometheusMetadata,
  PrometheusResult,
} from './grafana/formats.ts'
export type { LiveState, ViewRequest } from './live/schema.ts'
export type { Problem, TextProblem } from './problems.ts'
export type { QuickFilter } from './options.ts'
export type { Conversations as FlowConversations } from '../topics/flows/conversations/schema.ts'
export type { FlowFrame, FlowGroups, FlowPage, Series, Topology as FlowTopology } from '../topics/flows/schema.ts'
export type { CompletedMeaning, Completion } from '../topics/completion/schema.ts'
export type { EventContext, EventFields, EventPage, EventRecord, EventRow, EventSums } from '../topics/events/schema.ts'
export type { Clusters } from '../topics/clusters/schema.ts'
export type { Fields } from '../topics/fields/schema.ts'
export type { ForgottenSink, Health, Ledger, Pipeline, ReloadReport } from '../topics/pipeline/schema.ts'
export type { DashboardPanel, Dashboards, GrafanaImport, ImportNote } from '../topics/dashboards/schema.ts'
export type { Home } from '../topics/home/schema.ts'
export type { CoverageFacts } from '../topics/coverage.ts'
export type { AlertHistory, AlertPreview, Alerts, AlertSettings, AlertTest, SentTest } from '../topics/alerts/schema.ts'
export type { ExporterRecipes, ExporterReport, Exporters, SourceExporters } from '../topics/exporters/schema.ts'
export type { Import, QuickFilters, Validation } from '../topics/filters/schema.ts'
export type { LoggedOut, Logins, Me } from './access/schema.ts'
export type { ApiDescription } from './openapi/schema.ts'
export type { Queries, QueryProgress } from './progress/schema.ts'
export type {
  Incident,
  IncidentCandidate,
  IncidentHistory,
  IncidentPin,
  IncidentRequest,
  Incidents,
  IncidentSummary,
} from '../topics/incidents/schema.ts'
export type { SavedView, SavedViews } from '../topics/saved/schema.ts'
export type { ViewColumn } from '../topics/view-columns.ts'
export type { Investigation, Lane, LaneItem, LaneName, Measured } from '../topics/investigate/schema.ts'
export type {
  PrecedingCandidate,
  LevelCauses,
  PrecedingChanges,
  ShownLevel,
  TrafficMark,
  TrafficMarks,
} from '../topics/why/schema.ts'
