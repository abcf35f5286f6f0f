import { expect, test } from 'vitest'
import { readReport } from '../../src/codecs/sbom/index.ts'
import { parsedJson } from '../../src/model/json.ts'
import { maxJsonDepth, nestsDeeper } from '../../src/model/json-depth.ts'
import { linesOfJson } from '../../src/connectors/loki/map-received.ts'
import { classified } from '../../src/connectors/websocket/map.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels)
const reason = `the JSON nests deeper than ${maxJsonDepth} levels`

test('counts levels outside of texts only', () => {
  for (const json of [nested(maxJsonDepth), `["${nested(1000)}\\"[["]`, '[],'.repeat(1000)])
    expect(nestsDeeper(bytes(json)), json.slice(0, 40)).toBe(false)
  for (const json of [nested(maxJsonDepth + 1), '{"a":'.repeat(20_000), `"é${'[[['.repeat(9)}",${nested(20_000)}`])
    expect(nestsDeeper(json), json.slice(0, 40)).toBe(true)
})

test('each reader of documents from elsewhere states that the JSON nests too deeply', async () => {
  const deep = nested(20_000)
  expect(() => linesOfJson(Buffer.from(`{"streams":${deep}}`), undefined as never).next()).toThrow(reason)
  await expect(readReport(bytes(`{"bomFormat":"CycloneDX","components":${deep}}`))).rejects.toThrow(reason)
  expect(parsedJson(deep)).toBeUndefined()
  expect(classified(bytes(deep), { ack: null, drop: {}, sequence: null, key: [], event_type: '' } as never)).toEqual({
    is: 'event',
    document: undefined,
  })
})
