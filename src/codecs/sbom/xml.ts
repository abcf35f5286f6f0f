/** CycloneDX in XML, in the shape of its JSON. Documents with a DOCTYPE are refused, so that no entity is expanded. */
import { fieldsOf, isRecord, type Fields } from '../../model/json.ts'
import { ReportError } from './report.ts'

/** Lists, with the elements that are their items. */
const lists: Readonly<Record<string, readonly string[]>> = {
  tools: ['tool'],
  components: ['component'],
  licenses: ['license', 'expression', 'expression-detailed'],
  properties: ['property'],
  hashes: ['hash'],
  occurrences: ['occurrence'],
  vulnerabilities: ['vulnerability'],
  references: ['reference'],
  ratings: ['rating'],
  advisories: ['advisory'],
  affects: ['target'],
  versions: ['version'],
}
/** Names of an element's text beside its attributes. */
const texts: Readonly<Record<string, string>> = { property: 'value', hash: 'content' }
const text = '#text'
const maxDepth = 100

export function isXml(bytes: Uint8Array): boolean {
  return /^(?:\uFEFF)?\s*</.test(Buffer.from(bytes.subarray(0, 64)).toString())
}

/** Rejects with a {@link ReportError}. */
export async function readXml(bytes: Uint8Array): Promise<Fields> {
  const { XMLParser, XMLValidator } = await import('fast-xml-parser')
  let written: string
  try {
    written = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new ReportError('malformed', 'The document is not UTF-8.')
  }
  if (/<!(?:DOCTYPE|ENTITY)/i.test(written)) throw new ReportError('malformed', 'The document has a DOCTYPE.')
  const valid = XMLValidator.validate(written)
  if (valid !== true) throw new ReportError('malformed', `The document is no XML: ${valid.err.msg}`)
  const parser = new XMLParser({
    ignoreAttributes: false,
    attributeNamePrefix: '',
    textNodeName: text,
    parseTagValue: false,
    parseAttributeValue: false,
    processEntities: false,
    removeNSPrefix: true,
    maxNestedTags: maxDepth,
    tagValueProcessor: (_, value) => decoded(value),
    attributeValueProcessor: (_, value) => decoded(value),
  })
  let parsed: unknown
  try {
    parsed = parser.parse(written)
  } catch (error) {
    throw new ReportError('malformed', `The document is no XML: ${error instanceof Error ? error.message : ''}`)
  }
  if (isRecord(parsed) && 'RDF' in parsed)
    throw new ReportError('unknown-format', 'SPDX as RDF/XML is not read. Convert it to JSON, YAML or tag-value.')
  if (isRecord(parsed) && 'spdxVersion' in fieldsOf(parsed['Document']))
    throw new ReportError('unknown-format', 'SPDX as XML is not read. Convert it to JSON, YAML or tag-value.')
  const bom = isRecord(parsed) ? parsed['bom'] : undefined
  if (!isRecord(bom) || !/xmlns(?::\w+)?\s*=\s*["']https?:\/\/cyclonedx\.org\/schema\/bom\/1\.\d+["']/.test(written))
    throw new ReportError('unknown-format', 'The XML document is no CycloneDX 1.')
  return shaped('bom', bom) as Fields
}

function shaped(name: string, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => shaped(name, item))
  const items = lists[name]
  // Tools have components since version 1.5.
  const isList = items !== undefined && !(name === 'tools' && isRecord(value) && 'components' in value)
  if (!isRecord(value)) {
    if (isList) return []
    const key = texts[name]
    return key === undefined || name === 'version' ? value : { [key]: value }
  }
  if (isList) return items.flatMap((item) => itemsOf(item, value[item]))
  const members = Object.entries(value).map(([key, member]): [string, unknown] => [
    key === text ? (texts[name] ?? text) : key,
    shaped(key, member),
  ])
  return Object.fromEntries(members)
}

function itemsOf(item: string, value: unknown): readonly unknown[] {
  if (value === undefined) return []
  const all = Array.isArray(value) ? (value as unknown[]) : [value]
  // JSON wraps licenses and expressions.
  return all.map((element) => {
    if (item === 'license') return { license: element }
    if (item === 'expression-detailed') return { expression: fieldsOf(element)['expression'] }
    if (item === 'expression') return { expression: isRecord(element) ? element[text] : element }
    return shaped(item, element)
  })
}

const named: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

function decoded(value: string): string {
  return value.replaceAll(/&(?:(amp|lt|gt|quot|apos)|#(\d{1,7})|#x([0-9a-fA-F]{1,6}));/g, (whole, name, dec, hex) => {
    if (typeof name === 'string') return named[name] ?? whole
    const code = dec === undefined ? Number.parseInt(String(hex), 16) : Number(dec)
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole
  })
}
