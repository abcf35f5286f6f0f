/**
 * Reports about many images: of `trivy kubernetes`, by resource of the cluster, and the custom resources of
 * trivy-operator, by image.
 */
import { fieldsOf, withoutUndefined, textOf, type Fields } from '../../model/json.ts'
import { clipped, distinctProblems, recordsOf, textsOf } from './collect.ts'
import { osFact, readCycloneDx } from './cyclonedx.ts'
import { digestIn } from './image.ts'
import { ReportError, type Problem, type Report } from './report.ts'
import { scoreOf, severityOf } from './severity.ts'
import { readTrivy } from './trivy.ts'

export function isTrivyKubernetes(document: Fields): boolean {
  return 'ClusterName' in document && ['Resources', 'Findings', 'Vulnerabilities'].some((list) => list in document)
}

/** One for each image. Workloads share images; the first one has the findings of all. */
export function readTrivyKubernetes(document: Fields): readonly Report[] {
  const resources = ['Resources', 'Findings', 'Vulnerabilities'].flatMap((list) => recordsOf(document[list]))
  const reports = new Map<string, Report>()
  let several = 0
  for (const { Metadata: metadata, Results: results } of resources) {
    const images = Array.isArray(metadata) ? recordsOf(metadata) : [fieldsOf(metadata)]
    for (const image of images) {
      const names = textsOf(image['RepoTags']) ?? []
      const ownResults = images.length === 1 ? recordsOf(results) : resultsOf(recordsOf(results), names)
      const report = readTrivy(
        { ArtifactType: 'container_image', Metadata: image, Trivy: document['Trivy'] },
        ownResults,
      )
      const { digest } = report.image
      if (digest === undefined) continue
      if (ownResults.length === 0 && images.length > 1) several++
      else if (!reports.has(digest)) reports.set(digest, { ...report, format: 'trivy-kubernetes' })
    }
  }
  const [first, ...rest] = reports.values()
  if (first === undefined)
    throw new ReportError('malformed', 'No resource of the report of Trivy has an image with a digest.')
  if (several === 0) return [first, ...rest]
  const skippedReason = 'Results of a resource with several images do not name the image.'
  return [{ ...first, skipped: several, skippedReason }, ...rest]
}

/** Targets begin with the name of the image. */
function resultsOf(results: readonly Fields[], names: readonly string[]): readonly Fields[] {
  return results.filter((result) => names.some((name) => textOf(result['Target'])?.startsWith(name) === true))
}

const operatorKinds = /^(?:Cluster)?(VulnerabilityReport|SbomReport)$/

export function isTrivyOperator(document: Fields): boolean {
  return operatorKinds.test(textOf(document['kind']) ?? '') && 'report' in document
}

export function readTrivyOperator(document: Fields): Report {
  const report = fieldsOf(document['report'])
  const [, kind] = operatorKinds.exec(textOf(document['kind']) ?? '') ?? []
  const read = kind === 'SbomReport' ? readCycloneDx(fieldsOf(report['components'])) : findings(report)
  const artifact = fieldsOf(report['artifact'])
  const [server, repository] = [textOf(fieldsOf(report['registry'])['server']), textOf(artifact['repository'])]
  const image = withoutUndefined<Report['image']>({
    digest: digestIn(textOf(artifact['digest'])),
    name: repository === undefined ? undefined : [...(server === undefined ? [] : [server]), repository].join('/'),
    tags: textsOf(artifact['tag']),
  })
  const { digest } = read.image
  const aliases = [...(digest === undefined || digest === image.digest ? [] : [digest]), ...(read.image.aliases ?? [])]
  return {
    ...read,
    format: 'trivy-operator',
    tool: toolOf(report, read.tool),
    image: { ...read.image, ...image, ...(image.digest === undefined || aliases.length === 0 ? {} : { aliases }) },
  }
}

function toolOf(report: Fields, otherwise: Report['tool']): Report['tool'] {
  const scanner = fieldsOf(report['scanner'])
  const name = textOf(scanner['name'])?.toLowerCase()
  return name === undefined ? otherwise : withoutUndefined({ name, version: textOf(scanner['version']) })
}

function findings(report: Fields): Report {
  const os = fieldsOf(report['os'])
  const facts = osFact(textOf(os['family']), textOf(os['name']))
  return withoutUndefined<Report>({
    format: 'trivy-operator',
    tool: { name: 'trivy' },
    image: {},
    facts: facts.length === 0 ? undefined : facts,
    problems: distinctProblems(recordsOf(report['vulnerabilities']).flatMap(problemOf)),
  })
}

function problemOf(record: Fields): Problem[] {
  const id = textOf(record['vulnerabilityID'])
  if (id === undefined) return []
  const score = scoreOf(record['score'])
  return [
    withoutUndefined<Problem>({
      id,
      severity: severityOf(textOf(record['severity']), score),
      score,
      package: textOf(record['resource']),
      version: textOf(record['installedVersion']),
      type: textOf(record['packageType']),
      purl: textOf(record['packagePURL']),
      fixed: textOf(record['fixedVersion']),
      title: clipped(textOf(record['title'])),
      description: clipped(textOf(record['description'])),
      links: textsOf([record['primaryLink'], ...(textsOf(record['links']) ?? [])]),
    }),
  ]
}
