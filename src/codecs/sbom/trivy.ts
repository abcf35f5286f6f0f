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
    for (const one of recordsOf(result['Packages'])) packages.add(packageOf(one, purlType))
    for (const one of recordsOf(result['Vulnerabilities'])) problems.push(...problemOf(one, purlType))
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

function versionOf(one: Fields): string | undefined {
  const [version, release, epoch] = [textOf(one['Version']), textOf(one['Release']), one['Epoch']]
  if (version === undefined) return undefined
  const full = release === undefined ? version : `${version}-${release}`
  return typeof epoch === 'number' && epoch > 0 ? `${epoch}:${full}` : full
}

function packageOf(one: Fields, type: string | undefined): Parameters<PackageList['add']>[0] {
  const [name, version] = [textOf(one['Name']), versionOf(one)]
  const written = textOf(fieldsOf(one['Identifier'])['PURL'])
  return {
    name,
    version,
    type,
    purl: written ?? (type === undefined || name === undefined ? undefined : makePurl(type, name, version)),
    licenses: textsOf(one['Licenses']),
    locations: textsOf([one['FilePath'], ...recordsOf(one['Locations']).map((each) => each['Path'])]),
  }
}

function problemOf(one: Fields, type: string | undefined): Problem[] {
  const id = textOf(one['VulnerabilityID'])
  if (id === undefined) return []
  const [name, version] = [textOf(one['PkgName']), textOf(one['InstalledVersion'])]
  const score = cvssOf(fieldsOf(one['CVSS']), textOf(one['SeveritySource']))
  return [
    withoutUndefined<Problem>({
      id,
      aliases: textsOf(one['VendorIDs']),
      severity: severityOf(textOf(one['Severity']), score),
      score,
      package: name,
      version,
      type,
      purl:
        textOf(fieldsOf(one['PkgIdentifier'])['PURL']) ??
        (type === undefined || name === undefined ? undefined : makePurl(type, name, version)),
      fixed: textOf(one['FixedVersion']),
      state: textOf(one['Status']),
      title: clipped(textOf(one['Title'])),
      description: clipped(textOf(one['Description'])),
      links: textsOf([one['PrimaryURL'], ...valuesOf(one, 'References')].slice(0, 20)),
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
