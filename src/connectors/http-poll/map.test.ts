import { expect, test } from 'vitest'
import { configFrom } from '../../schema/index.ts'
import { httpPollSchema } from './config.ts'
import { readPage } from './map.ts'

test.each([
  ['json', '[1,2,3]'],
  ['lines', '1\n2\n3'],
] as const)('the memory of records in %s is reserved before they are made', (format, body) => {
  const config = configFrom(httpPollSchema, { url: 'http://127.0.0.1:1/', format })
  const reserved: number[] = []
  const { records } = readPage(Buffer.from(body), config, (bytes) => reserved.push(bytes))
  expect(records).toHaveLength(3)
  expect(reserved).toEqual([3 * 500])
  const busy = new Error('busy')
  const refuse = (): never => {
    throw busy
  }
  expect(() => readPage(Buffer.from(body), config, refuse)).toThrow(busy)
})
