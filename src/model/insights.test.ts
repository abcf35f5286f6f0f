import { expect, test } from 'vitest'
import { insightsMessage, reportFile } from './insights.ts'

const utf8 = new TextEncoder()

test('the file of an image report has the bytes of the ConfigMap', () => {
  const binaryPayload = { 'cli.cyclonedx.json.gz': 'H4sIAAAAAAACA6uuBQBDv6ajAgAAAA==' }
  const file = reportFile({ binaryPayload })
  expect(file?.name).toBe('cli.cyclonedx.json.gz')
  expect(Buffer.from(file?.bytes ?? []).toString('base64')).toBe(binaryPayload['cli.cyclonedx.json.gz'])
  expect(reportFile({ binaryPayload: null })).toBeUndefined()
})

test('only messages of a known kind are insights reports', () => {
  expect(insightsMessage(utf8.encode('{"type":"direct.facts","facts":null}'))).toMatchObject({ type: 'direct.facts' })
  for (const text of ['{"type":"other"}', 'null', '{}'])
    expect(() => insightsMessage(utf8.encode(text))).toThrow('no insights report')
})
