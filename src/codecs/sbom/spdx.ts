/** SPDX 2.2 and 2.3: as JSON, and in the shape of its JSON from other forms. */
import { fieldsOf, withoutUndefined, textOf, type Fields } from '../../model/json.ts'
import { listOf, nameIn, PackageList, recordsOf, textsOf } from './collect.ts'
import { osFact } from './cyclonedx.ts'
import { digestIn, imageOfPurl, readImageName } from './image.ts'
import type { Fact, Report, ReportFormat } from './report.ts'

const absent = new Set(['NOASSERTION', 'NONE'])
/** Purposes of elements that are no packages of the image. */
const otherPurposes = new Set(['CONTAINER', 'OPERATING-SYSTEM', 'FILE', 'DEVICE'])

export function readSpdx(document: Fields, format: ReportFormat = 'spdx-json'): Report {
  const packages = new PackageList()
  const facts: Fact[] = []
  const roots = rootsOf(document)
  let image: Report['image'] = {}
  for (const fieldse of listOf(document['packages']).map(fieldsOf)) {
    const purl = referenceOf(fieldse, 'purl')
    const purpose = purposeOf(fieldse)
    const isRoot = roots.has(textOf(fieldse['SPDXID']) ?? '')
    if (purpose === 'OPERATING-SYSTEM') facts.push(...osFact(textOf(fieldse['name']), textOf(fieldse['versionInfo'])))
    else if (isRoot || purpose === 'CONTAINER') image = image.digest === undefined ? imageOf(fieldse, purl) : image
    if (purpose !== undefined && otherPurposes.has(purpose)) continue
    const version = givenText(nameIn(fieldse, 'versionInfo'))
    if (isRoot && !isMainPackage(fieldse, purl)) continue
    // Trivy lists files with packages, such as lock files and programs in Go, as applications.
    if (!isRoot && purpose === 'APPLICATION' && purl === undefined && version === undefined) continue
    packages.add({
      name: nameIn(fieldse, 'name'),
      version,
      type: undefined,
      purl,
      licenses: licensesOf(fieldse),
      cpes: textsOf([referenceOf(fieldse, 'cpe23Type')]),
      locations: locationsOf(textOf(fieldse['sourceInfo'])),
    })
  }
  return withoutUndefined<Report>({
    format,
    tool: toolOf(document),
    image,
    packages: packages.packages,
    listed: packages.listed,
    ...packages.skipped,
    facts: facts.length === 0 ? undefined : facts,
  })
}

/** SPDX 2.2 has no purpose; Trivy has it in the id. The purpose of a folder is SOURCE, as that of many packages. */
const trivyIds: Readonly<Record<string, string>> = {
  ContainerImage: 'CONTAINER',
  OperatingSystem: 'OPERATING-SYSTEM',
  Application: 'APPLICATION',
  Filesystem: 'FILE',
  Repository: 'FILE',
}

function purposeOf(record: Fields): string | undefined {
  const [, kind = ''] = /^SPDXRef-([A-Za-z]+)-[0-9a-f]{1,16}$/.exec(textOf(record['SPDXID']) ?? '') ?? []
  return trivyIds[kind] ?? textOf(record['primaryPackagePurpose'])
}

/** Syft has the image or folder that it searched in this id, Trivy in {@link trivyIds}. */
const searched = /^SPDXRef-DocumentRoot-/
const path = /^(?:\.{0,2}\/|[A-Za-z]:\\|\.{1,2}$)/

/** Whether the described element is a package itself, and not the image or folder that was searched. */
function isMainPackage(record: Fields, purl: string | undefined): boolean {
  if (purl !== undefined) return !/^pkg:(?:oci|docker)\//.test(purl)
  if (searched.test(textOf(record['SPDXID']) ?? '') || path.test(textOf(record['name']) ?? '')) return false
  return imageOf(record, purl).digest === undefined
}

const givenText = (text: string | undefined): string | undefined => (absent.has(text ?? '') ? undefined : text)

/** Elements that the document describes: the image or folder itself. */
function rootsOf(document: Fields): ReadonlySet<string> {
  const describedIds = listOf(document['documentDescribes']).flatMap((value) => textOf(value) ?? [])
  const relatedIds = recordsOf(document['relationships']).flatMap((record) => {
    const [from, to] = [textOf(record['spdxElementId']), textOf(record['relatedSpdxElement'])]
    // Trivy before 0.33 writes DESCRIBE instead of DESCRIBES.
    if (/^DESCRIBES?$/.test(textOf(record['relationshipType']) ?? '') && from === 'SPDXRef-DOCUMENT') return to ?? []
    return record['relationshipType'] === 'DESCRIBED_BY' && to === 'SPDXRef-DOCUMENT' ? (from ?? []) : []
  })
  const all = new Set([...describedIds, ...relatedIds])
  // A document that describes every package has no root.
  return all.size > 1 ? new Set() : all
}

function referenceOf(record: Fields, type: string): string | undefined {
  const entry = recordsOf(record['externalRefs']).find((candidate) => candidate['referenceType'] === type)
  return textOf(entry?.['referenceLocator'])
}

function licensesOf(record: Fields): readonly string[] | undefined {
  const licenseTexts = [textOf(record['licenseConcluded']), textOf(record['licenseDeclared'])]
  return textsOf(licenseTexts.find((text) => text !== undefined && !absent.has(text)))
}

/** Syft: `acquired package info from DPKG DB: /var/lib/dpkg/status, …`. */
function locationsOf(info: string | undefined): readonly string[] | undefined {
  const [, paths] = /: (\/.*)$/.exec(info ?? '') ?? []
  return paths === undefined ? undefined : textsOf(paths.split(', '))
}

function imageOf(record: Fields, purl: string | undefined): Report['image'] {
  const { name, tag } = readImageName(textOf(record['name']))
  const fromPurl = imageOfPurl(purl)
  const checksum = recordsOf(record['checksums']).find((entry) => entry['algorithm'] === 'SHA256')
  const digest =
    fromPurl.digest ??
    digestIn(textOf(record['versionInfo'])) ??
    digestIn(textOf(record['name'])) ??
    (purposeOf(record) === 'CONTAINER' ? digestIn(`sha256:${textOf(checksum?.['checksumValue']) ?? ''}`) : undefined)
  return digest === undefined ? {} : withoutUndefined({ digest, name: fromPurl.name ?? name, tags: textsOf([tag]) })
}

/** Tool of an entry such as `Tool: syft-1.2.3`. */
function toolOf(document: Fields): Report['tool'] {
  const creators = valuesOfCreators(document)
  const [, name = 'unknown', version] = /^Tool: (.+?)(?:-v?(\d[\w.+-]*))?$/.exec(creators[0] ?? '') ?? []
  return withoutUndefined({ name, version })
}

function valuesOfCreators(document: Fields): readonly string[] {
  const info = document['creationInfo']
  const creators = typeof info === 'object' && info !== null && 'creators' in info ? info.creators : []
  return listOf(creators).flatMap((value) => {
    const creatorText = textOf(value)
    return creatorText?.startsWith('Tool: ') === true ? [creatorText] : []
  })
}
