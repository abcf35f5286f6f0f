/** The overview of Home in one response. */
import { momentOf } from '../../query/plan/index.ts'
import { newestChanges } from '../changes/page.ts'
import { readGroups } from '../flows/groups.ts'
import { readFlowSeries } from '../flows/series.ts'
import type { SumsReader } from '../flows/sums/request.ts'
import { storelessOperation, type Surroundings } from '../operation.ts'
import { Home, HomeParameters } from './schema.ts'
import { readWarnings } from './warnings.ts'

const changesFrom = 'now-7d'

type Needed = Pick<Surroundings, 'now' | 'viewer' | 'signal'> &
  SumsReader &
  Readonly<{ store: Surroundings['store'] | undefined; clusters: () => Promise<readonly unknown[]> }>

export const home = storelessOperation({
  id: 'home',
  summary: 'Overview: traffic, top talkers, latest changes and warnings',
  description:
    'Covers the time until now. Traffic has one bucket per minute up to two hours, and 120 buckets for longer times.',
  parameters: HomeParameters,
  result: Home,
  async run({ last = '1h', limit = 8 }, surroundings: Needed) {
    const { store, now, viewer, signal, clusters } = surroundings
    const from = `now-${last}`
    const seconds = (now - Number(momentOf(from, now)) / 1000) / 1000
    const [traffic, talkers, changes, warnings, watched] = await Promise.all([
      readFlowSeries({ from, step: `${Math.max(60, Math.ceil(seconds / 120))}s` }, surroundings),
      readGroups({ from, group: 'src_endpoint,dst_endpoint', limit }, surroundings),
      store === undefined ? null : newestChanges({ from: changesFrom, limit }, { store, now, viewer, signal }),
      store === undefined
        ? null
        : readWarnings({ from: momentOf(from, now) ?? 0n, limit }, { store, now, viewer, signal }),
      clusters(),
    ])
    return { traffic, talkers, changes, warnings, watches: watched.length > 0 }
  },
})
