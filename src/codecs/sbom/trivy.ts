/** Trivy's JSON, schema 2, and the list of results of its old versions. */
import { fieldsOf, withoutUndefined, textOf, type Fields } from '../../model/json.ts'
import { clipped, distinctProblems, PackageList, recordsOf, textsOf } from './collect.ts'
import { osFact } from './cyclonedx.ts'
import { imageFrom, valuesOf } from './image.ts'
import { makePurl } from './purl.ts'
import type { Fact, Problem, Report } from './report.ts'
import { scoreOf, severityOf } from './severity.ts'

/** Trivy's types of results, by the type of the package URL. */
const purlTypes: Readonly<Record<string, string>> = {
  gobinary: 'golang',
  gomod: 'golang',
  'node-pkg': 'npm',
  yarn: 'npm',
  pnpm: 'npm',
  'python-pkg': 'pypi',
  pip: 'pypi',
  pipenv: 'pypi',
  poetry: 'pypi',
  uv: 'pypi',
  jar: 'maven',
  pom: 'maven',
  gradle: 'maven',
  gemspec: 'gem',
  bundler: 'gem',
  'rust-binary': 'cargo',
}

export function readTrivy(document: Fields, results = document['Results']): Report {
  const metadata = fieldsOf(document['Metadata'])
  const packages = new PackageList()
  const problems: Problem[] = []
  const reported = recordsOf(results)
  let lists = false
  for (const result of reported) {
    const type = textOf(result['Type'])
    if (Array.isArray(result['Packages'])) lists = true
    const purlType = purlTypes[type ?? ''] ?? type
    for (const record of recordsOf(result['Packages'])) packages.add(packageOf(record, purlType))
    for (const record of recordsOf(result['Vulnerabilities'])) problems.push(...problemOf(record, purlType))
  }
  const facts = factsOf(metadata)
  const image = fieldsOf(metadata['ImageConfig'])
  return withoutUndefined<Report>({
    format: 'trivy-json',
    tool: withoutUndefined({ name: 'trivy', version: textOf(fieldsOf(document['Trivy'])['Version']) }),
    image:
      textOf(document['ArtifactType']) === 'container_image' || Array.isArray(metadata['RepoDigests'])
        ? imageFrom({
            names: valuesOf(metadata, 'RepoTags').concat(valuesOf(document, 'ArtifactName')),
            digests: valuesOf(metadata, 'RepoDigests', 'ImageID'),
            more: withoutUndefined({
              os: textOf(image['os']),
              architecture: textOf(image['architecture']),
              created: textOf(image['created']),
            }),
          })
        : {},
    packages: lists ? packages.packages : undefined,
    listed: lists ? packages.listed : undefined,
    ...packages.skipped,
    facts: facts.length === 0 ? undefined : facts,
    problems: isSearch(reported, metadata) ? distinctProblems(problems) : undefined,
  })
}

/** Other scans of Trivy have results of these classes, or lists of these names. */
const otherClasses = /^(?:secret|config|custom|license|license-file)$/
const otherLists = ['Secrets', 'Misconfigurations', 'MisconfSummary', 'Licenses', 'CustomResources']

/**
 * Whether Trivy searched for problems in packages. A search without findings may have no result at all, except for an
 * operating system: that one has a result in each search.
 */
function isSearch(results: readonly Fields[], metadata: Fields): boolean {
  if (results.length === 0) return !('OS' in metadata)
  return results.some((result) => {
    if (Array.isArray(result['Vulnerabilities'])) return true
    const kind = textOf(result['Class'])
    return kind === undefined ? !otherLists.some((list) => list in result) : !otherClasses.test(kind)
  })
}

function factsOf(metadata: Fields): Fact[] {
  const os = fieldsOf(metadata['OS'])
  return [
    ...osFact(textOf(os['Family']), textOf(os['Name'])),
    ...(os['EOSL'] === true ? [{ name: 'os.end-of-life', value: 'true', category: 'os' }] : []),
  ]
}

function versionOf(record: Fields): string | undefined {
  const [version, release, epoch] = [textOf(record['Version']), textOf(record['Release']), record['Epoch']]
  if (version === undefined) return undefined
  const full = release === undefined ? version : `${version}-${release}`
  return typeof epoch === 'number' && epoch > 0 ? `${epoch}:${full}` : full
}

function packageOf(record: Fields, type: string | undefined): Parameters<PackageList['add']>[0] {
  const [name, version] = [textOf(record['Name']), versionOf(record)]
  const written = textOf(fieldsOf(record['Identifier'])['PURL'])
  return {
    name,
    version,
    type,
    purl: written ?? (type === undefined || name === undefined ? undefined : makePurl(type, name, version)),
    licenses: textsOf(record['Licenses']),
    locations: textsOf([record['FilePath'], ...recordsOf(record['Locations']).map((entry) => entry['Path'])]),
  }
}

function problemOf(record: Fields, type: string | undefined): Problem[] {
  const id = textOf(record['VulnerabilityID'])
  if (id === undefined) return []
  const [name, version] = [textOf(record['PkgName']), textOf(record['InstalledVersion'])]
  const score = cvssOf(fieldsOf(record['CVSS']), textOf(record['SeveritySource']))
  return [
    withoutUndefined<Problem>({
      id,
      aliases: textsOf(record['VendorIDs']),
      severity: severityOf(textOf(record['Severity']), score),
      score,
      package: name,
      version,
      type,
      purl:
        textOf(fieldsOf(record['PkgIdentifier'])['PURL']) ??
        (type === undefined || name === undefined ? undefined : makePurl(type, name, version)),
      fixed: textOf(record['FixedVersion']),
      state: textOf(record['Status']),
      title: clipped(textOf(record['Title'])),
      description: clipped(textOf(record['Description'])),
      links: textsOf([record['PrimaryURL'], ...valuesOf(record, 'References')].slice(0, 20)),
    }),
  ]
}

function cvssOf(all: Fields, source: string | undefined): number | undefined {
  for (const name of [source, 'nvd', ...Object.keys(all)]) {
    const scores = name === undefined ? {} : fieldsOf(all[name])
    const score = scoreOf(scores['V40Score'] ?? scores['V3Score'] ?? scores['V2Score'])
    if (score !== undefined) return score
  }
  return undefined
}
