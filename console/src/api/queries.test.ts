import { expect, test } from 'vitest'
import { ApiError } from './problem.ts'
import { queryClient } from './queries.ts'

const isRetried = (failures: number, error: ApiError) => {
  const retry = queryClient.getDefaultOptions().queries?.retry
  return typeof retry === 'function' && retry(failures, error)
}

test('a query is repeated twice without a response of Weir, and not after an error of Weir', () => {
  for (const status of [0, 502, 504]) {
    expect(isRetried(1, new ApiError(status, {}))).toBe(true)
    expect(isRetried(2, new ApiError(status, {}))).toBe(false)
  }
  expect(isRetried(0, new ApiError(504, { code: 'WEIR_QUERY_TIMEOUT' }))).toBe(false)
  expect(isRetried(0, new ApiError(400, { code: 'WEIR_API_FILTER' }))).toBe(false)
})
