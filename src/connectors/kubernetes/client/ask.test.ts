import { expect, test } from 'vitest'
import { WeirError } from '../../../model/errors.ts'
import { problemOf, RefusedRequest, sentenceOf } from './ask.ts'

test('rejected credentials, failed login, forbidden discovery and broken servers have separate errors', () => {
  const errors = [
    new RefusedRequest(401, ''),
    new RefusedRequest(403, ''),
    new RefusedRequest(500, ''),
    new WeirError('WEIR_KUBERNETES_LOGIN', ''),
    new Error('connect ECONNREFUSED'),
  ]
  expect(new Set(errors.map(sentenceOf)).size).toBe(errors.length)
  expect(errors.map(sentenceOf)).toEqual([
    expect.stringContaining('401'),
    expect.stringContaining('403'),
    expect.stringContaining('error'),
    expect.stringContaining('log in'),
    expect.stringContaining('unreachable'),
  ])
})

test('the problem of a cluster is the log sentence and the cause', () => {
  expect(problemOf(new RefusedRequest(401, '/version answered 401: Unauthorized'))).toBe(
    'The cluster rejects the credentials (401); Weir retries. /version answered 401: Unauthorized',
  )
})
