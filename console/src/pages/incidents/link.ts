import { readSearch, writeSearch } from '../../state/codec.ts'
import { fixedTimes } from '../../state/range.ts'

/** The path of a page of this console with fixed times; undefined: the link is of another site. */
export function pathOfLink(link: string, origin: string, now: number): string | undefined {
  const base = URL.canParse(link.trim(), origin) ? new URL(link.trim(), origin) : undefined
  if (base === undefined || base.origin !== origin) return undefined
  return base.pathname + writeSearch(fixedTimes(readSearch(base.search), now))
}
