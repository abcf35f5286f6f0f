/** For the console; no runtime code. */
export type {
  DeadLetter,
  ExporterReport,
  Ledger,
  Pipeline,
  SourceExporters,
} from '../engine/control.ts'
export type { Field } from '../model/fields.ts'
export type { PatchStep } from '../model/kubernetes.ts'
export type { Version as ResourceVersion } from './history.ts'
export type { Cell } from './live/cells.ts'
export type { GapMessage, RowsMessage } from './live/rows-view.ts'
export type { ViewRequest } from './live/spec.ts'
export type { Problem, TextProblem } from './problems.ts'
export type { QuickFilter } from './options.ts'
export type { AnswerFrame } from './query-parameters.ts'
export type { ExporterRecipes } from './routes/exporters.ts'
export type { ShownView as SavedView } from './routes/saved.ts'
export type { ViewColumn } from './views.ts'
