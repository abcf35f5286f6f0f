/** SPDX 3.0 as JSON-LD, in the shape of SPDX 2.3. */
import { fieldsOf, textOf, type Fields } from '../../model/json.ts'
import { listOf, recordsOf } from './collect.ts'
import { licenseText } from './spdx3-licenses.ts'

const purposes: Readonly<Record<string, string>> = {
  container: 'CONTAINER',
  operatingSystem: 'OPERATING-SYSTEM',
  file: 'FILE',
  device: 'DEVICE',
  application: 'APPLICATION',
}
/** Datasets are no packages, as in CycloneDX. */
const packageTypes = new Set(['software_Package', 'ai_AIPackage'])
const toolTypes = new Set(['Tool', 'SoftwareAgent'])
const licenseRelations: Readonly<Record<string, string>> = {
  hasConcludedLicense: 'licenseConcluded',
  hasDeclaredLicense: 'licenseDeclared',
}

export function isSpdx3(document: Fields): boolean {
  return [document['@context']].flat().some((value) => textOf(value)?.includes('spdx.org/rdf/3') === true)
}

export function readSpdx3(document: Fields): Fields {
  const elements = recordsOf(document['@graph'] ?? [document])
  const byId = new Map(elements.map((element) => [idOf(element) ?? '', element]))
  const licenses = licensesOf(elements, byId)
  const roots = elements.flatMap((element) =>
    typeOf(element) === 'SpdxDocument' || typeOf(element) === 'software_Sbom' ? listOf(element['rootElement']) : [],
  )
  const packages = elements.flatMap((element) =>
    packageTypes.has(typeOf(element)) ? [{ ...packageOf(element), ...licenses.get(idOf(element) ?? '') }] : [],
  )
  const isRoot = new Set(roots.map(refOf))
  return {
    spdxVersion: 'SPDX-3',
    packages,
    documentDescribes: packages.flatMap(({ SPDXID }) => (isRoot.has(SPDXID) ? [SPDXID] : [])),
    creationInfo: { creators: toolsOf(elements, byId) },
  }
}

const typeOf = (element: Fields): string => textOf(element['type'] ?? element['@type']) ?? ''
const idOf = (element: Fields): string | undefined => textOf(element['spdxId'] ?? element['@id'])
const refOf = (value: unknown): string | undefined => textOf(value) ?? idOf(fieldsOf(value))

function packageOf(element: Fields): Fields & { SPDXID: string | undefined } {
  const identifiers = recordsOf(element['externalIdentifier'])
  const identified = (type: RegExp): string | undefined =>
    textOf(
      identifiers.find((identifier) => type.test(textOf(identifier['externalIdentifierType']) ?? ''))?.['identifier'],
    )
  const refs = [
    ['purl', textOf(element['software_packageUrl']) ?? identified(/^packageUrl$/i)],
    ['cpe23Type', identified(/^cpe2/i)],
  ] as const
  return {
    SPDXID: idOf(element),
    name: element['name'],
    versionInfo: element['software_packageVersion'],
    primaryPackagePurpose: purposes[textOf(element['software_primaryPurpose']) ?? ''],
    sourceInfo: element['software_sourceInfo'],
    externalRefs: refs.flatMap(([referenceType, referenceLocator]) =>
      referenceLocator === undefined ? [] : [{ referenceType, referenceLocator }],
    ),
    checksums: recordsOf(element['verifiedUsing']).map((hash) => ({
      algorithm: textOf(hash['algorithm'])?.toUpperCase(),
      checksumValue: hash['hashValue'],
    })),
  }
}

/** By id of the package. */
function licensesOf(elements: readonly Fields[], byId: ReadonlyMap<string, Fields>): ReadonlyMap<string, Fields> {
  const licenses = new Map<string, Record<string, unknown>>()
  for (const relation of elements) {
    const member = licenseRelations[textOf(relation['relationshipType']) ?? '']
    const from = refOf(relation['from'])
    if (member === undefined || from === undefined) continue
    const written = licenseText([relation['to']].flat()[0], byId)
    licenses.set(from, { ...licenses.get(from), [member]: written })
  }
  return licenses
}

function toolsOf(elements: readonly Fields[], byId: ReadonlyMap<string, Fields>): readonly string[] {
  const infos = elements.filter((element) => typeOf(element) === 'CreationInfo')
  const used = infos
    .flatMap((info) => [...listOf(info['createdUsing']), ...listOf(info['createdBy'])])
    .map((tool) => byId.get(refOf(tool) ?? '') ?? fieldsOf(tool))
    .filter((tool) => toolTypes.has(typeOf(tool)))
  const tools = used.length > 0 ? used : elements.filter((element) => typeOf(element) === 'Tool')
  return tools.flatMap((tool) => {
    const name = textOf(tool['name'])
    return name === undefined ? [] : [`Tool: ${name}`]
  })
}
