/** SPDX 2.2 and 2.3 in tags and values, in the shape of its JSON. */
import type { Fields } from '../../model/json.ts'

type Element = Record<string, unknown>

/** Members of a package's JSON by tag. */
const packageTags: Readonly<Record<string, string>> = {
  SPDXID: 'SPDXID',
  PackageVersion: 'versionInfo',
  PackageLicenseConcluded: 'licenseConcluded',
  PackageLicenseDeclared: 'licenseDeclared',
  PackageSourceInfo: 'sourceInfo',
  PrimaryPackagePurpose: 'primaryPackagePurpose',
}
/** Tags that begin an element other than a package. */
const begins = new Set(['FileName', 'SnippetSPDXID', 'LicenseID', 'Relationship', 'Annotator', 'Reviewer'])

export function isTagValue(bytes: Uint8Array): boolean {
  return /^(?:\uFEFF)?(?:\s*(?:#[^\n]*)?\n)*\s*SPDXVersion:\s*SPDX-2/.test(
    Buffer.from(bytes.subarray(0, 8192)).toString(),
  )
}

export function readTagValue(text: string): Fields {
  const [packages, relationships, creators]: [Element[], Element[], string[]] = [[], [], []]
  let current: Element | undefined
  for (const [tag, value] of tagsOf(text)) {
    if (tag === 'PackageName') {
      current = { name: value, externalRefs: [], checksums: [] }
      packages.push(current)
    } else if (begins.has(tag)) current = undefined
    if (tag === 'Creator') creators.push(value)
    if (tag === 'Relationship') {
      const [from, type, to] = value.split(/\s+/)
      relationships.push({ spdxElementId: from, relationshipType: type, relatedSpdxElement: to })
    }
    if (current === undefined) continue
    const member = packageTags[tag]
    if (member !== undefined) current[member] = value
    if (tag === 'ExternalRef') {
      const [referenceCategory, referenceType, referenceLocator] = value.split(/\s+/)
      listOf(current, 'externalRefs').push({ referenceCategory, referenceType, referenceLocator })
    }
    if (tag === 'PackageChecksum') {
      const [algorithm, checksumValue] = value.split(/:\s*/)
      listOf(current, 'checksums').push({ algorithm, checksumValue })
    }
  }
  return { spdxVersion: 'SPDX-2', packages, relationships, creationInfo: { creators } }
}

const listOf = (element: Element, name: string): unknown[] => element[name] as unknown[]

/** Values between `<text>` and `</text>` may have several lines. */
function* tagsOf(text: string): Generator<readonly [tag: string, value: string]> {
  let open: { tag: string; lines: string[] } | undefined
  for (const line of text.split(/\r?\n/)) {
    if (open !== undefined) {
      const end = line.indexOf('</text>')
      open.lines.push(end < 0 ? line : line.slice(0, end))
      if (end < 0) continue
      yield [open.tag, open.lines.join('\n')]
      open = undefined
      continue
    }
    const [, tag, value] = /^\s*([A-Za-z]+):\s*(.*?)\s*$/.exec(line) ?? []
    if (tag === undefined || value === undefined) continue
    if (!value.startsWith('<text>')) yield [tag, value]
    else if (value.includes('</text>')) yield [tag, value.slice('<text>'.length, value.indexOf('</text>'))]
    else open = { tag, lines: [value.slice('<text>'.length)] }
  }
}
