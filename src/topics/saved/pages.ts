/** Paths of the console (console/src/app/pages.ts) that a saved view can open. */
export const savedPages = [
  '/home',
  '/flows',
  '/changes',
  '/audit',
  '/insights',
  '/inventory',
  '/spend',
  '/events',
  '/alerts',
  '/incidents',
  '/investigate',
  '/resources',
  '/metrics',
  '/charts',
  '/dashboards',
  '/sql',
  '/pipeline',
  '/dead-letters',
  '/settings',
  '/actor',
  '/docs',
] as const

/** A segment without `.` and `..`, also encoded, which a browser resolves. */
const segment = String.raw`/(?!(?:\.|%2[eE]){1,2}(?:/|$))[^/\\?#\s]+`

/** One of {@link savedPages}, or the page of a resource. */
export const savedPagePattern = `^(?:${savedPages.join('|')}|/resource(?:${segment})+)$`
const pattern = new RegExp(savedPagePattern, 'u')

export function isSavedPage(page: string): boolean {
  return pattern.test(page)
}
