/** Later versions only add columns. */
import type { BatchKind } from '../model/batches.ts'
import { flowColumns } from './flows/views.ts'
import { relationColumns } from './graph/views.ts'
import { insightColumnsOfViews } from './insights/views.ts'
import { auditColumns } from './audit/views.ts'
import { changeColumns } from './changes/views.ts'
import { inventoryColumns } from './inventory/views.ts'
import { resourceColumns } from './resources/views.ts'
import { transferColumnsOfView } from './transfers/views.ts'
import { json, moment, position, sum, text, type ViewColumn } from './view-columns.ts'

const events: readonly ViewColumn[] = [
  text('id', 'CloudEvents id, unique within its source'),
  text('source', 'CloudEvents source: the producer'),
  text('type', 'CloudEvents type: the kind of occurrence'),
  text('subject', 'CloudEvents subject: the object within the source'),
  moment('time', 'Event time, by the producer’s clock'),
  text('datacontenttype', 'Media type of data'),
  text('dataschema', 'Schema that data follows'),
  json('extensions', 'Extension attributes as an object'),
  json('data', 'The body: JSON unchanged, text as a string'),
  text('family', 'Family: event, audit, change, resource …'),
  text('ref', 'Resource reference of the subject'),
  text('key', 'Ordering key: events with the same key stay in order'),
  moment('time_received', 'Receive time'),
  position,
  text('data_base64', 'The body if it is neither JSON nor text'),
]

export const views: Readonly<Record<BatchKind, readonly ViewColumn[]>> = { flows: flowColumns, events }

const traffic: readonly ViewColumn[] = [
  moment('hour', 'Start of the hour'),
  text('from_ref', 'Workload that owns the source'),
  text('to_ref', 'Workload that owns the destination'),
  sum('bytes', 'Estimated bytes: reported bytes × sampling interval', 'By'),
  {
    name: 'packets',
    type: 'HUGEINT',
    unit: '{packet}',
    meaning: 'Estimated packets: reported packets × sampling interval',
  },
  sum('flows', 'Flows', '{flow}'),
]

const queryOnlyViews = {
  changes: changeColumns,
  audit: auditColumns,
  resources: resourceColumns,
  relations: relationColumns,
  traffic,
  transfers: transferColumnsOfView,
  inventory: inventoryColumns,
  ...insightColumnsOfViews,
} as const

export type ViewName = keyof typeof views | keyof typeof queryOnlyViews

export const everyView: Readonly<Record<ViewName, readonly ViewColumn[]>> = { ...views, ...queryOnlyViews }

export const viewNames = Object.keys(views) as readonly BatchKind[]
