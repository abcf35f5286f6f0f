/** Events of the conformance suite: read in binary and in structured mode, and written again, no attribute changes. */
import { readdir, readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { parseAllDocuments } from 'yaml'
import {
  decodeHttp,
  encodeBinary,
  encodeHeader,
  encodeStructured,
  invalidAttribute,
  toEvents,
} from '../../../src/codecs/cloudevents/index.ts'
import { fieldsOf, sorted, textOf, type Fields } from '../../../src/model/json.ts'
import type { Outcome, Suite } from '../suite.ts'

const asText = (fields: Fields): string =>
  JSON.stringify(sorted(Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, String(value)]))))

function problemOf(given: Fields, data: string): string | undefined {
  const { datacontenttype, ...rest } = given
  const headers = {
    ...Object.fromEntries(
      Object.entries(rest).map(([name, value]) => [`ce-${name.toLowerCase()}`, encodeHeader(String(value))]),
    ),
    ...(datacontenttype === undefined ? {} : { 'content-type': textOf(datacontenttype) ?? '' }),
  }
  const batch = decodeHttp(headers, Buffer.from(data))
  const [event] = toEvents(batch)
  if (event === undefined) return 'no event'
  const invalid = invalidAttribute(batch)
  if (invalid !== undefined) return invalid
  const written = encodeBinary(event)
  if (asText({ ...written.headers }) !== asText(headers))
    return `${asText(headers)} → ${asText({ ...written.headers })}`
  if (Buffer.from(written.body).toString() !== data) return 'the data differs'
  const structured = encodeStructured(event)
  const [again] = toEvents(decodeHttp({ 'content-type': 'application/cloudevents+json' }, structured))
  if (again === undefined) return 'no event in structured mode'
  const { data: _data, data_base64: _base64, ...attributes } = JSON.parse(structured.toString()) as Fields
  const wanted = Object.fromEntries(Object.entries(given).map(([name, value]) => [name.toLowerCase(), value]))
  return asText(attributes) === asText(wanted) ? undefined : `${asText(wanted)} → ${asText(attributes)}`
}

function outcomeOf(name: string, document: Fields): Outcome {
  try {
    const { Extensions: extensions, ...context } = fieldsOf(document['ContextAttributes'])
    const detail = problemOf({ ...context, ...fieldsOf(extensions) }, textOf(document['Data']) ?? '')
    return detail === undefined ? { name, verdict: 'right' } : { name, verdict: 'wrong', detail }
  } catch (error) {
    return { name, verdict: 'refused', detail: error instanceof Error ? error.message : '' }
  }
}

export const suite: Suite = {
  summary: 'CloudEvents 1.0: events in binary and structured mode, read and written without a change.',
  source: 'github.com/cloudevents/conformance: yaml/v1.0 and yaml/v1.yaml',
  async *outcomes(folder) {
    for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile() || !entry.name.endsWith('.yaml')) continue
      const path = join(entry.parentPath, entry.name)
      const documents = parseAllDocuments(await readFile(path, 'utf8'), { schema: 'failsafe' })
      for (const [at, document] of documents.entries()) {
        const fields = fieldsOf('toJS' in document ? document.toJS() : undefined)
        const { specversion } = fieldsOf(fields['ContextAttributes'])
        if (specversion === '1.0') yield outcomeOf(`${relative(folder, path)} ${at + 1}`, fields)
      }
    }
  },
}
