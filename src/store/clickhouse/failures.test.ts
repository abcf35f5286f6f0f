import { expect, test } from 'vitest'
import { ClickHouseError } from '../../net/clickhouse/errors.ts'
import { queryFailure } from './failures.ts'

const place = 'http://127.0.0.1:8123/weir'
const own =
  'Query memory limit exceeded: would use 1.00 GiB, maximum: 512.00 MiB: While executing AggregatingTransform.'
const ofServer = '(total) memory limit exceeded: would use 9.00 GiB, maximum: 8.00 GiB.'

test('a query beyond its own memory has the given code; one beyond that of the server may be repeated', () => {
  for (const code of ['WEIR_QUERY_MEMORY', 'WEIR_SQL_MEMORY'] as const)
    expect(queryFailure(new ClickHouseError(241, own), place, code)).toMatchObject({
      code,
      message: expect.not.stringContaining('AggregatingTransform'),
    })
  expect(queryFailure(new ClickHouseError(241, ofServer), place, 'WEIR_QUERY_MEMORY')).toMatchObject({
    code: 'WEIR_STORE_UNREACHABLE',
  })
})
