import type { ComponentType } from 'react'
import { prefetchFields } from '../api/queries.ts'
import { alertsText } from '../text/alerts.ts'
import { appText } from '../text/app.ts'
import { boardsText } from '../parts/dashboards/text.ts'
import { generalText } from '../text/general.ts'
import { incidentsText } from '../pages/incidents/text.ts'
import { metricsText } from '../parts/metrics/text.ts'

type Page = Readonly<{
  path: string
  title: string
  key: string
  group: string
  load: () => Promise<{ readonly default: ComponentType }>
}>

/** Navigation order. To add a page, create pages/<name>/index.tsx with a default export and add an entry here. */
export const pages: readonly Page[] = [
  {
    path: '/home',
    key: 'h',
    title: appText.home,
    group: appText.watch,
    load: () => import('../pages/home/index.tsx'),
  },
  {
    path: '/flows',
    key: 'f',
    title: generalText.flows,
    group: appText.watch,
    load: () => {
      prefetchFields()
      return import('../pages/flows/index.tsx')
    },
  },
  {
    path: '/changes',
    key: 'c',
    title: generalText.changes,
    group: appText.watch,
    load: () => import('../pages/changes/index.tsx'),
  },
  {
    path: '/audit',
    key: 'a',
    title: appText.audit,
    group: appText.watch,
    load: () => import('../pages/audit/index.tsx'),
  },
  {
    path: '/insights',
    key: 'i',
    title: appText.insights,
    group: appText.watch,
    load: () => import('../pages/insights/index.tsx'),
  },
  {
    path: '/inventory',
    key: 'n',
    title: appText.inventory,
    group: appText.watch,
    load: () => {
      prefetchFields()
      return import('../pages/inventory/index.tsx')
    },
  },
  {
    path: '/spend',
    key: 'm',
    title: appText.spend,
    group: appText.watch,
    load: () => import('../pages/spend/index.tsx'),
  },
  {
    path: '/events',
    key: 'e',
    title: appText.events,
    group: appText.watch,
    load: () => import('../pages/events/index.tsx'),
  },
  {
    path: '/alerts',
    key: 'l',
    title: alertsText.alerts,
    group: appText.watch,
    load: () => import('../pages/alerts/index.tsx'),
  },
  {
    path: '/incidents',
    key: 'k',
    title: incidentsText.incidents,
    group: appText.watch,
    load: () => import('../pages/incidents/index.tsx'),
  },
  {
    path: '/investigate',
    key: 't',
    title: appText.investigate,
    group: appText.explore,
    load: () => import('../pages/investigate/index.tsx'),
  },
  {
    path: '/resources',
    key: 'r',
    title: appText.resources,
    group: appText.explore,
    load: () => import('../pages/resources/index.tsx'),
  },
  {
    path: '/metrics',
    key: 'u',
    title: metricsText.metrics,
    group: appText.explore,
    load: () => import('../pages/metrics/index.tsx'),
  },
  {
    path: '/charts',
    key: 'b',
    title: appText.charts,
    group: appText.explore,
    load: () => import('../pages/charts/index.tsx'),
  },
  {
    path: '/dashboards',
    key: 'g',
    title: boardsText.dashboards,
    group: appText.explore,
    load: () => import('../pages/dashboards/index.tsx'),
  },
  {
    path: '/sql',
    key: 's',
    title: appText.sql,
    group: appText.explore,
    load: () => import('../pages/sql/index.tsx'),
  },
  {
    path: '/pipeline',
    key: 'p',
    title: generalText.pipeline,
    group: appText.operate,
    load: () => import('../pages/pipeline/index.tsx'),
  },
  {
    path: '/dead-letters',
    key: 'd',
    title: generalText.deadLetters,
    group: appText.operate,
    load: () => import('../pages/dead-letters/index.tsx'),
  },
  {
    path: '/settings',
    key: ',',
    title: appText.settings,
    group: appText.operate,
    load: () => import('../pages/settings/index.tsx'),
  },
]

/** `within`: path of the page that lists such details, and has them in its folder. */
export const details: readonly (Pick<Page, 'path' | 'load'> & Readonly<{ within?: string }>)[] = [
  { path: '/resource/$', within: '/resources', load: () => import('../pages/resources/one/index.tsx') },
  { path: '/actor', within: '/audit', load: () => import('../pages/audit/actor/index.tsx') },
  { path: '/docs', load: () => import('../pages/docs/index.tsx') },
]

/** The page of a path, also of details; undefined: none lists it. */
export function pageOf(path: string): Page | undefined {
  const within = details.find((detail) => path.startsWith(detail.path.replace('$', '')))?.within
  return pages.find((page) => page.path === (within ?? path))
}
