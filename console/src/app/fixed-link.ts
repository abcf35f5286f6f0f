import { readSearch, writeSearch } from '../state/codec.ts'
import { fixedTimes, type Range } from '../state/range.ts'
import { serverNow } from '../state/server-time.ts'

/** The URL of the view with fixed times. `t`: the time range of the page, also where the URL omits it. */
export function fixedLink(t: Range, now = serverNow()): string {
  const search = { ...readSearch(location.search), t: `${t.from}..${t.to}`, live: '0' }
  return location.origin + location.pathname + writeSearch({ v: '1', ...fixedTimes(search, now) })
}
