/** SPDX 2.2 and 2.3 as YAML, in the shape of its JSON. */
import { isRecord, textOf, type Fields } from '../../model/json.ts'
import { ReportError } from './report.ts'

export function isSpdxYaml(bytes: Uint8Array): boolean {
  const head = Buffer.from(bytes.subarray(0, 64)).toString()
  if (/^\uFEFF?\s*[[{<]/.test(head)) return false
  // Programs that sort the keys write it last.
  const whole = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return ['', '"', "'"].some((quote) => {
    const key = `${quote}spdxVersion${quote}:`
    return head.startsWith(key) || whole.includes(`\n${key}`)
  })
}

/** Rejects with a {@link ReportError}. All values are texts: a version `1.10` is no number. */
export async function readSpdxYaml(text: string): Promise<Fields> {
  const { parse } = await import('yaml')
  let document: unknown
  try {
    document = parse(text, { schema: 'failsafe', maxAliasCount: 0, logLevel: 'error' })
  } catch (error) {
    const [reason = ''] = error instanceof Error ? error.message.split('\n') : []
    throw new ReportError('malformed', `The document is not YAML: ${reason}`)
  }
  if (!isRecord(document)) throw new ReportError('malformed', 'The YAML document is no mapping.')
  const version = textOf(document['spdxVersion']) ?? ''
  if (!version.startsWith('SPDX-2'))
    throw new ReportError('unknown-format', `YAML of ${version.slice(0, 40)} is not supported; SPDX 2.2 and 2.3 are.`)
  return document
}
