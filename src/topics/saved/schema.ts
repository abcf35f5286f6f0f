import { Array as ArrayOf, Boolean as Flag, Object as ObjectOf, Optional, String as Text, Unsafe } from 'typebox'
import { parameters, type Of } from '../schema.ts'
import { savedPagePattern } from './pages.ts'

const id = Text({
  pattern: '^[A-Za-z0-9_-]{1,64}$',
  description: 'Chosen by the client; must be hard to guess if the view is private.',
})

export const SavedParameters = ObjectOf({ id })

const name = Text({ minLength: 1, maxLength: 120 })
const page = Text({
  maxLength: 2048,
  pattern: savedPagePattern,
  description: 'Path of a page of the console.',
  examples: ['/flows'],
})
const search = Text({ maxLength: 262_144, description: 'Query string of the page’s URL; it defines the whole view.' })
const shared = Flag({ default: false, description: 'Visible to all users; only the owner can change or delete it.' })

export const SavedRequest = parameters({
  name,
  page,
  search,
  shared: Optional(shared),
  before: Optional(
    Text({
      maxLength: 40,
      description: '`changed` of the version that this one replaces. If another was saved since, the status is 409.',
    }),
  ),
})
export type SavedRequest = Of<typeof SavedRequest>

export const SavedView = ObjectOf(
  {
    id,
    name,
    page,
    search,
    shared,
    owner: Text(),
    by: Text({ description: 'Name of the owner.' }),
    owned: Flag({ description: 'Whether the current user owns it.' }),
    changed: Text({ description: 'ISO 8601.' }),
  },
  { $id: 'SavedView' },
)
export type SavedView = Of<typeof SavedView>

export const SavedViews = ObjectOf({ views: ArrayOf(Unsafe<SavedView>({ $ref: 'SavedView#' })) }, { $id: 'SavedViews' })
export type SavedViews = Of<typeof SavedViews>

export const DeletedView = ObjectOf({ deleted: Text() })
