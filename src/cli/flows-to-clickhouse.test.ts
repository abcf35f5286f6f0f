import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { withOriginalFlags } from './flows-to-clickhouse.ts'
import { weir } from './testing/command.ts'

test("the original's flags work with one dash and with two", async () => {
  expect(
    withOriginalFlags(['flows-to-clickhouse', '-kafkaurl', 'a', '-clickhouseurl=b', '--loglevel', 'debug', '-h']),
  ).toEqual(['flows-to-clickhouse', '--kafkaurl', 'a', '--clickhouseurl=b', '--loglevel', 'debug', '-h'])
  expect(withOriginalFlags(['query', '-loglevel'])).toEqual(['query', '-loglevel'])
  const one = await weir(['flows-to-clickhouse', '-kafkaurl', 'k', '-clickhouseurl', 'c:8123', '--print-config'])
  const two = await weir(['flows-to-clickhouse', '--kafkaurl', 'k', '--clickhouseurl=c:8123', '--print-config'])
  expect([one.code, one.err, two.out]).toEqual([0, '', one.out])
  expect(parse(one.out)).toMatchObject({
    sources: { flows: { brokers: ['k:9092'] } },
    sinks: { clickhouse: { url: 'http://c:8123' } },
  })
})

test('the native port ends with exit code 2 and names the HTTP port', async () => {
  const { code, out, err } = await weir(['flows-to-clickhouse', '-kafkaurl', 'k', '-clickhouseurl', 'c:9000'])
  expect([code, out]).toEqual([2, ''])
  expect(err).toContain('c:8123')
})
