/** What the console imports: the types of answers and requests, and nothing that runs. */
export type { ExporterReport, Ledger, Pipeline, SinkLedger, SourceExporters, SourceLedger } from '../engine/control.ts'
export type { Field } from '../model/fields.ts'
export type { Cell } from './live/cells.ts'
export type { GapMessage, RowsMessage } from './live/rows-view.ts'
export type { LiveRequest, ViewRequest } from './live/spec.ts'
export type { Problem, TextProblem } from './problems.ts'
export type { AnswerColumn, AnswerFrame } from './question.ts'
export type { ViewColumn } from './views.ts'
