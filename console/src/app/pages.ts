import type { ComponentType } from 'react'
import { expectFields } from '../api/queries.ts'

/** A page of the console. It is loaded when somebody goes there. */
export interface Page {
  /** `/flows`; what is behind it in the address belongs to the page. */
  readonly path: string
  readonly title: string
  /** The letter that leads there after `g`. */
  readonly key: string
  readonly group: 'Watch' | 'Investigate' | 'Operate'
  /** Further words by which the palette finds it. */
  readonly words?: string
  readonly load: () => Promise<{ readonly default: ComponentType }>
}

/**
 * Every page, in the order of the navigation; navigation, palette and router are made from this list. To add one: write
 * pages/<name>/index.tsx with the page as its default export, and a line here.
 */
export const pages: readonly Page[] = [
  {
    path: '/home',
    key: 'h',
    title: 'Home',
    group: 'Watch',
    words: 'start connect exporters overview',
    load: () => import('../pages/home/index.tsx'),
  },
  {
    path: '/flows',
    key: 'f',
    title: 'Flows',
    group: 'Watch',
    words: 'network traffic table live',
    load: () => {
      expectFields()
      return import('../pages/flows/index.tsx')
    },
  },
  {
    path: '/changes',
    key: 'c',
    title: 'Changes',
    group: 'Watch',
    words: 'kubernetes cluster diff who timeline',
    load: () => import('../pages/changes/index.tsx'),
  },
  {
    path: '/audit',
    key: 'a',
    title: 'Audit',
    group: 'Watch',
    words: 'who did what traces cloudtrail cts login actor graph',
    load: () => import('../pages/audit/index.tsx'),
  },
  {
    path: '/events',
    key: 'e',
    title: 'Events',
    group: 'Watch',
    words: 'cloudevents live',
    load: () => import('../pages/events/index.tsx'),
  },
  {
    path: '/resources',
    key: 'r',
    title: 'Resources',
    group: 'Investigate',
    words: 'kubernetes object pod deployment node service find',
    load: () => import('../pages/resources/index.tsx'),
  },
  {
    path: '/sql',
    key: 's',
    title: 'SQL',
    group: 'Investigate',
    words: 'query store statement',
    load: () => import('../pages/sql/index.tsx'),
  },
  {
    path: '/pipeline',
    key: 'p',
    title: 'Pipeline',
    group: 'Operate',
    words: 'sources sinks ledger lag journal',
    load: () => import('../pages/pipeline/index.tsx'),
  },
  {
    path: '/dead-letters',
    key: 'd',
    title: 'Dead letters',
    group: 'Operate',
    words: 'refused retry drop',
    load: () => import('../pages/dead-letters/index.tsx'),
  },
  {
    path: '/settings',
    key: ',',
    title: 'Settings',
    group: 'Operate',
    words: 'theme dark light density keys me role version log out',
    load: () => import('../pages/settings/index.tsx'),
  },
]

/** Pages of one thing each, to which links lead; no navigation does. */
export const details: readonly Pick<Page, 'path' | 'load'>[] = [
  { path: '/resource/$', load: () => import('../pages/resource/index.tsx') },
  { path: '/actor', load: () => import('../pages/actor/index.tsx') },
]
