import type { StoreReader } from '../../../engine/control.ts'
import { hasCode } from '../../../model/errors.ts'
import {
  countedField,
  countedValuesSql,
  groupCountSql,
  groupShareSql,
  type GroupsRequest,
} from '../../../query/plan/index.ts'
import { storedEndpoints } from './many-groups.ts'
import type { SumRow } from './request.ts'
import { readRows } from '../../rows.ts'

/** Values of groups. Of more, counts save little time and need more memory than a sort. */
const mostValues = 500_000
/** Few of the sampled rows have an equal value: a count of all would not be much smaller. */
const repeated = 0.5

/**
 * Groups with statistics of a field, if many of its values are equal. `expected`: flows in the range. `none`: a plain
 * statement is needed.
 */
export async function countedValues(
  store: StoreReader,
  request: GroupsRequest,
  expected: number,
  signal: AbortSignal,
): Promise<readonly SumRow[] | 'none'> {
  const of = countedField(request)
  if (of === undefined) return 'none'
  const values = { ...request, group: [...request.group, of] }
  const sample = (await readRows<SumRow>({ store, signal }, groupShareSql(values, storedEndpoints)))[0]!
  const share = Number(sample['_groups']) / Math.max(1, Number(sample['_rows']))
  // An upper bound: the rate of new values falls.
  if (share * expected > mostValues) {
    if (share > repeated) return 'none'
    const counted = (await readRows<SumRow>({ store, signal }, groupCountSql(values, storedEndpoints)))[0]!
    if (Number(counted['_groups']) > mostValues) return 'none'
  }
  try {
    return await readRows<SumRow>({ store, signal }, countedValuesSql(request, of))
  } catch (error) {
    if (hasCode(error, 'WEIR_QUERY_MEMORY')) return 'none'
    throw error
  }
}
