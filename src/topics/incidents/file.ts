import type { Disk } from '../../host/index.ts'
import { SealedFile } from '../../host/sealed-file.ts'
import { isRecord } from '../../model/json.ts'
import { incidentActions, incidentFields, incidentStates, type IncidentHistory, type StoredIncident } from './schema.ts'

export type RecordedChange = Readonly<{
  action: IncidentHistory['versions'][number]['action']
  fields: readonly (typeof incidentFields)[number][]
  incident: StoredIncident
}>

export type Content = Readonly<{
  incidents: readonly StoredIncident[]
  /** Changes that the journal may lack. */
  unrecorded: readonly RecordedChange[]
}>

const texts = ['id', 'title', 'from', 'to', 'created', 'created_by', 'changed', 'by', 'notes']
const lists = ['namespaces', 'candidates', 'pins']

export function isIncident(value: unknown): value is StoredIncident {
  return (
    isRecord(value) &&
    texts.every((name) => typeof value[name] === 'string') &&
    lists.every((name) => Array.isArray(value[name])) &&
    Number.isInteger(value['version']) &&
    incidentStates.some((state) => state === value['state']) &&
    isRecord(value['question'])
  )
}

export function isRecordedChange(value: unknown): value is RecordedChange {
  return (
    isRecord(value) &&
    incidentActions.some((action) => action === value['action']) &&
    Array.isArray(value['fields']) &&
    value['fields'].every((field) => incidentFields.some((name) => name === field)) &&
    isIncident(value['incident'])
  )
}

export function incidentFile(disk: Disk, folder: string): SealedFile<Content> {
  return new SealedFile<Content>({
    disk,
    folder,
    name: 'incidents.json',
    version: 1,
    empty: { incidents: [], unrecorded: [] },
    what: 'incidents',
    isContent: (value): value is Content =>
      Array.isArray(value['incidents']) &&
      value['incidents'].every(isIncident) &&
      Array.isArray(value['unrecorded']) &&
      value['unrecorded'].every(isRecordedChange),
  })
}
