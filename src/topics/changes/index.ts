import { dialectOf } from '../../query/index.ts'
import type { Instance } from '../coverage.ts'
import { operation, type Surroundings } from '../operation.ts'
import { Refusal } from '../refusal.ts'
import { readRows } from '../rows.ts'
import { objectScope } from '../scope.ts'
import { readGaps } from './gaps.ts'
import { readChanges } from './page.ts'
import {
  Change,
  ChangeGaps,
  ChangeGapsParameters,
  ChangePage,
  ChangeParameters,
  ChangesParameters,
  ChangeSums,
  ChangeSumsParameters,
} from './schema.ts'
import { changeColumns } from './sql.ts'
import { readChangeSums } from './sums.ts'

export const changes = operation({
  id: 'changes',
  summary: 'Changes of Kubernetes objects, newest first',
  description:
    'All pages cover the time range of the first page: no change appears twice, and new changes do not ' +
    'extend the result.',
  parameters: ChangesParameters,
  result: ChangePage,
  run: readChanges,
})

export const change = operation({
  id: 'change',
  summary: 'One change, with the object before and after',
  parameters: ChangeParameters,
  result: Change,
  refuses: ['WEIR_API_NOT_FOUND'],
  async run({ pos }, surroundings) {
    const dialect = dialectOf(surroundings.store)
    const scope = objectScope(surroundings.viewer, dialect)
    const [row] = await readRows<Change>(
      surroundings,
      `SELECT ${changeColumns}, old, "new" FROM changes WHERE _pos = ` +
        `${dialect.text(pos)}${scope === undefined ? '' : ` AND ${scope}`} LIMIT 1`,
    )
    if (row !== undefined) return row
    throw new Refusal('WEIR_API_NOT_FOUND', `There is no change ${pos}.`, [
      'GET /api/v1/changes lists changes; expired ones are deleted.',
    ])
  },
})

export const changeSums = operation({
  id: 'changeSums',
  summary: 'Number of changes over time and by group',
  description:
    'Same parameters as GET /api/v1/changes. Groups and rest add up to the total, in each bucket and over ' +
    'the time range.',
  parameters: ChangeSumsParameters,
  result: ChangeSums,
  run: (query, surroundings: Surroundings & Readonly<{ instance: Instance }>) => readChangeSums(query, surroundings),
})

export const changeGaps = operation({
  id: 'changeGaps',
  summary: 'Differences between the watch and a comparison with the cluster',
  description: 'Gaps that overlap the time range. Changes within a gap may be missing, late or combined.',
  parameters: ChangeGapsParameters,
  result: ChangeGaps,
  run: readGaps,
})
