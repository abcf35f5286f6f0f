import type { Disk } from '../host/index.ts'
import { SealedFile } from '../host/sealed-file.ts'
import { isRecord } from '../model/json.ts'
import type { Settings } from './stored-rule.ts'
import type { Silence } from './silences.ts'

export type StoredRule = Readonly<{
  name: string
  settings: Settings
  /** Name of the user of this version. */
  by: string
  /** Time of this version; Unix ms. */
  changed: number
}>

export type Content = Readonly<{ rules: readonly StoredRule[]; silences: readonly Silence[] }>

function isStoredRule(value: unknown): value is StoredRule {
  return (
    isRecord(value) &&
    typeof value['name'] === 'string' &&
    isRecord(value['settings']) &&
    typeof value['by'] === 'string' &&
    typeof value['changed'] === 'number'
  )
}

function isSilence(value: unknown): value is Silence {
  return (
    isRecord(value) &&
    ['id', 'rule', 'reason', 'by'].every((name) => typeof value[name] === 'string') &&
    isRecord(value['labels']) &&
    ['from', 'until'].every((name) => typeof value[name] === 'number')
  )
}

export function bookFile(disk: Disk, folder: string): SealedFile<Content> {
  return new SealedFile<Content>({
    disk,
    folder,
    name: 'alert-rules.json',
    version: 1,
    empty: { rules: [], silences: [] },
    what: 'alert rules',
    isContent: (value): value is Content =>
      Array.isArray(value['rules']) &&
      value['rules'].every(isStoredRule) &&
      Array.isArray(value['silences']) &&
      value['silences'].every(isSilence),
  })
}
