import type { Disk } from '../../host/index.ts'
import { SealedFile } from '../../host/sealed-file.ts'
import { isRecord } from '../../model/json.ts'

export type StoredView = Readonly<{
  id: string
  name: string
  page: string
  search: string
  shared: boolean
  owner: string
  /** Owner’s name; older files lack it. */
  by?: string
  changed: number
}>

type Content = Readonly<{ views: readonly StoredView[] }>

const texts = ['id', 'name', 'page', 'search', 'owner'] as const

function isView(value: unknown): value is StoredView {
  return (
    isRecord(value) &&
    texts.every((name) => typeof value[name] === 'string') &&
    typeof value['shared'] === 'boolean' &&
    typeof value['changed'] === 'number'
  )
}

export function savedFile(disk: Disk, folder: string): SealedFile<Content> {
  return new SealedFile<Content>({
    disk,
    folder,
    name: 'saved-views.json',
    version: 1,
    empty: { views: [] },
    what: 'saved views',
    isContent: (value): value is Content => Array.isArray(value['views']) && value['views'].every(isView),
  })
}
