import type { Validation } from '../../../src/api/published.ts'
import { request } from '../api/client.ts'
import { asApiError } from '../api/problem.ts'
import type { FilterNames } from './suggestions.ts'

export type Checked = Partial<Validation> & Pick<Validation, 'ok'>

export async function checkFilter(filter: string, names: FilterNames): Promise<Checked> {
  if (filter.trim() === '') return { ok: true }
  try {
    return await request<Checked>('/api/v1/validate', { method: 'POST', body: { filter, names } })
  } catch (error) {
    const refused = asApiError(error)
    // Without this endpoint, the query itself reports errors.
    return refused.code === 'WEIR_API_FILTER' ? { ok: false, errors: refused.errors } : { ok: true }
  }
}
