import { expect, test } from 'vitest'
import { withGoFlags } from './cts-exporter.ts'
import { weir } from './testing/command.ts'

test('settings that can\'t be used end with cts_exporter\'s exit code, and a sentence', async () => {
  const { code, out, err } = await weir(['cts-exporter'], { env: { K_SINK: 'http://sink', CTS_FROM: 'abc' } })
  expect([code, out]).toEqual([78, ''])
  expect(err).toMatch(/^weir: CTS_FROM is `abc`; .*\n {6}`weir cts-exporter --help` lists the settings\.\n$/)
})

test('a flag with one dash is that of cts_exporter alone', () => {
  expect(withGoFlags(['cts-exporter', '-from=5', '-from', '-fro', '--from'])).toEqual(['cts-exporter', '--from=5', '--from', '-fro', '--from'])
  expect(withGoFlags(['query', '-from'])).toEqual(['query', '-from'])
})
