import { ResponseError, PollError } from './poll-error.ts'

export type Page<Given> = Readonly<{
  found: readonly Given[]
  next: string | undefined
}>

/** `list`: unchecked. `count`: as stated by the API. */
type PageParts = Readonly<{
  api: string
  what: string
  list: unknown
  count?: unknown
  next?: unknown
}>

/** Throws ResponseError unless there is a list of the stated length. Elements are not checked. */
export function pageOf<Given = unknown>({ api, what, list, count, next }: PageParts): Page<Given> {
  if (!Array.isArray(list)) throw new ResponseError('no_list', `${api} responded without a list of ${what}`)
  if (count !== undefined && count !== null && Number(count) !== list.length)
    throw new ResponseError('count', `${api} responded with ${list.length} ${what} and states ${JSON.stringify(count)}`)
  if (next !== undefined && next !== null && typeof next !== 'string')
    throw new ResponseError('unreadable', `${api} responded with a page token that is not a string`)
  return { found: list as readonly Given[], next: next === '' || next === null ? undefined : next }
}

/** Undefined: the response is too large. Rejects with PollError, and when the signal aborts. */
type ReadPage<Given> = (next: string | undefined, signal: AbortSignal) => Promise<Page<Given> | undefined>

/** Undefined: more than `maxElements`. Throws ResponseError for a repeated page token. */
export async function readPages<Given>(
  read: ReadPage<Given>,
  {
    api,
    maxElements,
    signal,
    retry,
  }: {
    api: string
    maxElements: number
    signal: AbortSignal
    retry: <T>(attempt: () => Promise<T>) => Promise<T>
  },
): Promise<readonly Given[] | undefined> {
  const all: Given[] = []
  const tokens = new Set<string>()
  for (let next: string | undefined; ;) {
    const token = next
    const page = await retry(async () => {
      const got = await read(token, signal)
      if (got?.next !== undefined && tokens.has(got.next))
        throw new ResponseError('repeated_token', `${api} repeated the page token ${got.next.slice(0, 80)}`)
      return got
    })
    if (page === undefined) {
      if (maxElements !== Infinity) return undefined
      throw new PollError(`${api} returned more of one second than can be read at once`)
    }
    // A page may exceed the argument limit of a spread.
    for (const item of page.found) all.push(item)
    if (page.next === undefined) return all
    if (all.length >= maxElements) return undefined
    tokens.add((next = page.next))
  }
}
