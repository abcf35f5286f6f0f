import type { Host } from '../../host/index.ts'
import { DamagedFile } from '../../host/sealed-file.ts'
import { Refusal } from '../refusal.ts'
import { isSavedPage } from './pages.ts'
import { savedFile, type StoredView } from './file.ts'
import type { SavedRequest, SavedView } from './schema.ts'

/** The file is read and written whole. */
export const maxPerOwner = 200
const maxViews = 2000
const maxBytes = 4 * 1024 * 1024

/** Changes are serialized, and durable when they resolve. */
export class SavedBook {
  readonly #host: Pick<Host, 'clock' | 'disk' | 'random'>
  readonly #file: ReturnType<typeof savedFile> | undefined
  #views: Promise<readonly StoredView[]> | undefined
  #last: Promise<unknown> = Promise.resolve()

  /** Without a folder no view can be saved. */
  constructor(host: Pick<Host, 'clock' | 'disk' | 'random'>, folder: string | undefined) {
    this.#host = host
    this.#file = folder === undefined ? undefined : savedFile(host.disk, folder)
  }

  async list(user: string): Promise<StoredView[]> {
    return (
      (await this.#read())
        // A page that an earlier version took from anywhere is not offered.
        .filter(({ owner, shared, page }) => (shared || owner === user) && isSavedPage(page))
        .sort((a, b) => a.name.localeCompare(b.name, 'en') || (a.id < b.id ? -1 : 1))
    )
  }

  async find(id: string, user: string): Promise<StoredView> {
    const view = (await this.list(user)).find((candidate) => candidate.id === id)
    if (view === undefined) throw unknown(id)
    return view
  }

  put(id: string, user: string, request: SavedRequest, by = user): Promise<StoredView> {
    return this.#change((views) => {
      const existing = views.find((candidate) => candidate.id === id)
      if (existing !== undefined && existing.owner !== user) throw existing.shared ? foreign(existing) : unknown(id)
      if (request.before !== undefined && existing?.changed !== Date.parse(request.before)) throw conflict(request.name)
      const viewsOfUser = views.filter(({ owner }) => owner === user)
      const twice = viewsOfUser.find((candidate) => candidate.name === request.name && candidate.id !== id)
      if (twice !== undefined)
        throw new Refusal('WEIR_API_INVALID', `You already have a saved view "${request.name}".`, [
          'Choose another name, or change the existing view.',
        ])
      if (existing === undefined && (viewsOfUser.length >= maxPerOwner || views.length >= maxViews)) {
        const limit =
          viewsOfUser.length >= maxPerOwner ? `${maxPerOwner} saved views of one owner` : `${maxViews} saved views`
        throw new Refusal('WEIR_API_LIMIT', `The limit is ${limit}.`, ['Delete views that are no longer needed.'])
      }
      const { name, page, search, shared = false } = request
      // Different for each version, also when the clock was set back.
      const changed = Math.max(this.#host.clock.now(), (existing?.changed ?? 0) + 1)
      const view: StoredView = { id, name, page, search, shared, owner: user, by, changed }
      const all = [...views.filter((candidate) => candidate.id !== id), view]
      if (JSON.stringify(all).length > maxBytes)
        throw new Refusal(
          'WEIR_API_LIMIT',
          `The size limit of all saved views together is ${maxBytes / 1024 / 1024} MiB.`,
          ['Delete views that are no longer needed.'],
        )
      return { views: all, answer: view }
    })
  }

  remove(id: string, user: string): Promise<void> {
    return this.#change((views) => {
      const view = views.find((candidate) => candidate.id === id)
      if (view === undefined || (view.owner !== user && !view.shared)) throw unknown(id)
      if (view.owner !== user) throw foreign(view)
      return { views: views.filter((candidate) => candidate.id !== id), answer: undefined }
    })
  }

  #change<Answer>(
    change: (views: readonly StoredView[]) => Readonly<{ views: StoredView[]; answer: Answer }>,
  ): Promise<Answer> {
    const done = this.#last.then(async () => {
      const { views, answer } = change(await this.#read())
      // After a failed write the content is unknown.
      this.#views = undefined
      await this.#file?.write({ views })
      this.#views = Promise.resolve(views)
      return answer
    })
    this.#last = done.catch(() => {})
    return done
  }

  async #read(): Promise<readonly StoredView[]> {
    const file = this.#file
    if (file === undefined) throw new Refusal('WEIR_API_SAVED', 'This server has no data folder to store views in.')
    // The file may be repaired meanwhile.
    this.#views ??= file.read().then(
      ({ views }) => views,
      (error: unknown) => {
        this.#views = undefined
        throw error
      },
    )
    try {
      return await this.#views
    } catch (error) {
      if (!(error instanceof DamagedFile)) throw error
      throw new Refusal('WEIR_API_SAVED', `The saved views cannot be read: ${error.message}. Nothing was changed.`, [
        `The file is ${file.path}: restore a copy, or move it away to start over.`,
      ])
    }
  }
}

function unknown(id: string) {
  return new Refusal('WEIR_API_NOT_FOUND', `You have no saved view ${id}, and no shared view has this id.`, [
    'GET /api/v1/saved lists them.',
  ])
}

function conflict(name: string) {
  return new Refusal('WEIR_API_CONFLICT', `"${name}" was changed or deleted after it was loaded. Nothing was saved.`, [
    'Load it again and repeat the change, or save it under another name.',
  ])
}

function foreign({ name, owner, by = owner }: StoredView) {
  return new Refusal('WEIR_API_FORBIDDEN', `"${name}" belongs to ${by}; only the owner can change or delete it.`, [
    'Save it under another id and name.',
  ])
}

/** As a user sees it. */
export function shownView({ changed, ...view }: StoredView, user: string): SavedView {
  return {
    ...view,
    by: view.by ?? view.owner,
    owned: view.owner === user,
    changed: new Date(changed).toISOString(),
  }
}
