/** Pages of the console (console/src/app/pages.ts) that a saved view can open. */
export const savedPages = [
  'home',
  'flows',
  'changes',
  'audit',
  'insights',
  'inventory',
  'spend',
  'events',
  'investigate',
  'resources',
  'charts',
  'dashboards',
  'sql',
  'pipeline',
  'dead-letters',
  'settings',
] as const

export function isSavedPage(page: string): boolean {
  return (savedPages as readonly string[]).includes(page)
}
