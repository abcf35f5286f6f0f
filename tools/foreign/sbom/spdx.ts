import { parse } from 'yaml'
import { fieldsOf, isRecord, textOf, type Fields } from '../../../src/model/json.ts'
import { list, type Counts } from './counts.ts'

/** Elements that are an image, a folder, a system or a file, by purpose, or in SPDX 2.2 of Trivy by id. */
const others = /^(?:CONTAINER|OPERATING[-_]SYSTEM|FILE|DEVICE)$/i
const searchedIds = /^SPDXRef-(?:ContainerImage|OperatingSystem|Filesystem|Repository|DocumentRoot)-/
const searchedNames = /^(?:\.{0,2}\/|\.{1,2}$)|sha256:/

type Element = Readonly<{
  id: string
  name: string | undefined
  version: string | undefined
  purpose: string
  purl: string | undefined
}>

const noVersion = new Set(['', 'NOASSERTION', 'NONE'])

/** `roots`: what the document describes; the only one is a package unless it is the image or folder. */
function counted(elements: readonly Element[], roots: ReadonlySet<string>): Counts {
  const packages = elements.filter(({ id, name, version, purpose, purl }) => {
    const isUnknown = noVersion.has(version ?? '')
    if (others.test(purpose) || searchedIds.test(id)) return false
    if (roots.size === 1 && roots.has(id))
      return purl === undefined
        ? !searchedNames.test(version ?? '') && !searchedNames.test(name ?? '')
        : !/^pkg:(?:oci|docker)\//.test(purl)
    const isApplication = /^application$/i.test(purpose) || id.startsWith('SPDXRef-Application-')
    return !isApplication || purl !== undefined || !isUnknown
  })
  const named = packages.filter(({ name, purl }) => name !== undefined || /^pkg:[^/]+\/[^@]/.test(purl ?? ''))
  return { listed: named.length, skipped: packages.length - named.length }
}

function purlOf(record: Fields): string | undefined {
  const refs = list(record['externalRefs']).filter(({ referenceType }) => referenceType === 'purl')
  return textOf(refs[0]?.['referenceLocator'])
}

export function countSpdx(document: Fields): Counts | undefined {
  const about = 'sbom' in document ? fieldsOf(document['sbom']) : document
  if (textOf(about['spdxVersion'])?.startsWith('SPDX-2') !== true) return undefined
  const described = Array.isArray(about['documentDescribes']) ? about['documentDescribes'].map(String) : []
  const related = list(about['relationships']).flatMap((record) => {
    const [type, from, to] = ['relationshipType', 'spdxElementId', 'relatedSpdxElement'].map((name) => record[name])
    if (/^DESCRIBES?$/.test(String(type)) && from === 'SPDXRef-DOCUMENT') return [String(to)]
    return type === 'DESCRIBED_BY' && to === 'SPDXRef-DOCUMENT' ? [String(from)] : []
  })
  return counted(
    (Array.isArray(about['packages']) ? about['packages'].map(fieldsOf) : []).map((fieldse) => ({
      id: textOf(fieldse['SPDXID']) ?? '',
      name: textOf(fieldse['name']),
      version: textOf(fieldse['versionInfo']),
      purpose: textOf(fieldse['primaryPackagePurpose']) ?? '',
      purl: purlOf(fieldse),
    })),
    new Set([...described, ...related]),
  )
}

/** Undefined for other files in YAML. */
export function countYaml(text: string): Counts | undefined {
  if (!/^spdxVersion: *["']?SPDX-2/m.test(text)) return undefined
  const document: unknown = parse(text, { schema: 'failsafe' })
  return isRecord(document) ? countSpdx(document) : undefined
}

/** Tags and values, by blocks that begin with a name. */
export function countTags(text: string): Counts | undefined {
  if (!/^\uFEFF?(?:\s*(?:#.*)?\n)*SPDXVersion: *SPDX-2/.test(text)) return undefined
  const plain = text.replaceAll(/<text>.*?<\/text>/gs, '…').replaceAll('\r', '')
  const blocks = plain.split(/^(?=(?:PackageName|FileName|LicenseID|SnippetSPDXID): *)/m)
  const value = (block: string, tag: string): string | undefined =>
    new RegExp(`^${tag}: *(.+?) *$`, 'm').exec(block)?.[1]
  const elements = blocks.flatMap((block) =>
    block.startsWith('PackageName')
      ? {
          id: value(block, 'SPDXID') ?? '',
          name: value(block, 'PackageName'),
          version: value(block, 'PackageVersion'),
          purpose: value(block, 'PrimaryPackagePurpose') ?? '',
          purl: /^ExternalRef: *\S+ +purl +(\S+)/m.exec(block)?.[1],
        }
      : [],
  )
  const roots = [...plain.matchAll(/^Relationship: *SPDXRef-DOCUMENT +DESCRIBES? +(\S+)/gm)].map(([, id = '']) => id)
  return counted(elements, new Set(roots))
}

export function countSpdx3(document: Fields): Counts | undefined {
  if (!JSON.stringify(document['@context'] ?? '').includes('spdx.org/rdf/3')) return undefined
  const elements = list(document['@graph'] ?? [document])
  const typed = (type: string): readonly Fields[] =>
    elements.filter((element) => (element['type'] ?? element['@type']) === type)
  const roots = new Set(
    [...typed('SpdxDocument'), ...typed('software_Sbom')].flatMap((record) =>
      Array.isArray(record['rootElement']) ? record['rootElement'].map(String) : [],
    ),
  )
  const packages = [...typed('software_Package'), ...typed('ai_AIPackage')].map((record) => {
    const identified = list(record['externalIdentifier']).filter(
      ({ externalIdentifierType: type }) => type === 'packageUrl',
    )
    return {
      id: textOf(record['spdxId'] ?? record['@id']) ?? '',
      name: textOf(record['name']),
      version: textOf(record['software_packageVersion']),
      purpose: (textOf(record['software_primaryPurpose']) ?? '').replace('operatingSystem', 'OPERATING-SYSTEM'),
      purl: textOf(record['software_packageUrl']) ?? textOf(identified[0]?.['identifier']),
    }
  })
  return counted(packages, new Set(packages.filter(({ id }) => roots.has(id)).map(({ id }) => id)))
}
