/** SPDX 2.2 and 2.3 as JSON. */
import { known, textOf, type Fields } from '../../model/json.ts'
import { listOf, PackageList, recordsOf, textsOf } from './collect.ts'
import { osFact } from './cyclonedx.ts'
import { digestIn, imageOfPurl, readImageName } from './image.ts'
import type { Fact, Report } from './report.ts'

const absent = new Set(['NOASSERTION', 'NONE'])
/** Purposes of elements that are no packages of the image. */
const others = new Set(['CONTAINER', 'OPERATING-SYSTEM', 'FILE', 'SOURCE', 'DEVICE'])

export function readSpdx(document: Fields): Report {
  const packages = new PackageList()
  const facts: Fact[] = []
  const roots = rootsOf(document)
  let image: Report['image'] = {}
  for (const one of recordsOf(document['packages'])) {
    const purl = referenceOf(one, 'purl')
    const purpose = textOf(one['primaryPackagePurpose'])
    const isRoot = roots.has(textOf(one['SPDXID']) ?? '')
    if (purpose === 'OPERATING-SYSTEM') facts.push(...osFact(textOf(one['name']), textOf(one['versionInfo'])))
    else if (isRoot || purpose === 'CONTAINER') image = image.digest === undefined ? imageOf(one, purl) : image
    if (isRoot || (purpose !== undefined && others.has(purpose))) continue
    const version = textOf(one['versionInfo'])
    // Trivy lists files with packages, such as lock files and programs in Go, as applications.
    if (purpose === 'APPLICATION' && purl === undefined && version === undefined) continue
    packages.add({
      name: textOf(one['name']),
      version,
      type: undefined,
      purl,
      licenses: licensesOf(one),
      cpes: textsOf([referenceOf(one, 'cpe23Type')]),
      locations: locationsOf(textOf(one['sourceInfo'])),
    })
  }
  return known<Report>({
    format: 'spdx-json',
    tool: toolOf(document),
    image,
    packages: packages.packages,
    listed: packages.listed,
    facts: facts.length === 0 ? undefined : facts,
  })
}

/** Elements that the document describes: the image or folder itself. */
function rootsOf(document: Fields): ReadonlySet<string> {
  const described = listOf(document['documentDescribes']).flatMap((each) => textOf(each) ?? [])
  const related = recordsOf(document['relationships']).flatMap((each) =>
    each['relationshipType'] === 'DESCRIBES' && each['spdxElementId'] === 'SPDXRef-DOCUMENT'
      ? (textOf(each['relatedSpdxElement']) ?? [])
      : [],
  )
  const all = new Set([...described, ...related])
  // A document that describes every package has no root.
  return all.size > 1 ? new Set() : all
}

function referenceOf(one: Fields, type: string): string | undefined {
  const found = recordsOf(one['externalRefs']).find((each) => each['referenceType'] === type)
  return textOf(found?.['referenceLocator'])
}

function licensesOf(one: Fields): readonly string[] | undefined {
  const written = [textOf(one['licenseConcluded']), textOf(one['licenseDeclared'])]
  return textsOf(written.find((each) => each !== undefined && !absent.has(each)))
}

/** Syft: `acquired package info from DPKG DB: /var/lib/dpkg/status, …`. */
function locationsOf(info: string | undefined): readonly string[] | undefined {
  const [, paths] = /: (\/.*)$/.exec(info ?? '') ?? []
  return paths === undefined ? undefined : textsOf(paths.split(', '))
}

function imageOf(one: Fields, purl: string | undefined): Report['image'] {
  const { name, tag } = readImageName(textOf(one['name']))
  const fromPurl = imageOfPurl(purl)
  const checksum = recordsOf(one['checksums']).find((each) => each['algorithm'] === 'SHA256')
  const digest =
    fromPurl.digest ??
    digestIn(textOf(one['versionInfo'])) ??
    digestIn(textOf(one['name'])) ??
    (one['primaryPackagePurpose'] === 'CONTAINER'
      ? digestIn(`sha256:${textOf(checksum?.['checksumValue']) ?? ''}`)
      : undefined)
  return digest === undefined ? {} : known({ digest, name: fromPurl.name ?? name, tags: textsOf([tag]) })
}

/** `Tool: syft-1.2.3`. */
function toolOf(document: Fields): Report['tool'] {
  const creators = valuesOfCreators(document)
  const [, name = 'unknown', version] = /^Tool: (.+?)(?:-v?(\d[\w.+-]*))?$/.exec(creators[0] ?? '') ?? []
  return known({ name, version })
}

function valuesOfCreators(document: Fields): readonly string[] {
  const info = document['creationInfo']
  const creators = typeof info === 'object' && info !== null && 'creators' in info ? info.creators : []
  return listOf(creators).flatMap((each) => {
    const written = textOf(each)
    return written?.startsWith('Tool: ') === true ? [written] : []
  })
}
