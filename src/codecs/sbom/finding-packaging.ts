/** Findings of a project as Dependency-Track exports them (FPF). It lists no packages without problems. */
import { fieldsOf, isRecord, withoutUndefined, textOf, type Fields } from '../../model/json.ts'
import { clipped, distinctProblems, recordsOf, textsOf } from './collect.ts'
import { digestIn, imageOfPurl, readImageName } from './image.ts'
import { readPurl } from './purl.ts'
import type { Problem, Report } from './report.ts'
import { scoreOf, severityOf } from './severity.ts'

export function isFindingExport(document: Fields): boolean {
  return Array.isArray(document['findings']) && isRecord(document['project']) && isRecord(document['meta'])
}

export function readFindingExport(document: Fields): Report {
  const [meta, project] = [fieldsOf(document['meta']), fieldsOf(document['project'])]
  const fromPurl = imageOfPurl(textOf(project['purl']))
  const [name, version] = [textOf(project['name']), textOf(project['version'])]
  const digest = fromPurl.digest ?? digestIn(version) ?? digestIn(name)
  return withoutUndefined<Report>({
    format: 'dependency-track-findings',
    tool: withoutUndefined({
      name: textOf(meta['application']) ?? 'Dependency-Track',
      version: textOf(meta['version']),
    }),
    image: digest === undefined ? {} : withoutUndefined({ digest, name: fromPurl.name ?? readImageName(name).name }),
    problems: distinctProblems(recordsOf(document['findings']).flatMap(problemOf)),
  })
}

function problemOf(finding: Fields): Problem[] {
  const [component, flaw] = [fieldsOf(finding['component']), fieldsOf(finding['vulnerability'])]
  const id = textOf(flaw['vulnId'])
  if (id === undefined) return []
  const score = ['cvssV4BaseScore', 'cvssV4Score', 'cvssV3BaseScore', 'cvssV2BaseScore']
    .map((member) => scoreOf(flaw[member]))
    .find((number) => number !== undefined)
  const purl = textOf(component['purl'])
  const state = textOf(fieldsOf(finding['analysis'])['state'])?.toLowerCase()
  return [
    withoutUndefined<Problem>({
      id,
      aliases: textsOf(idsOf(flaw['aliases']).filter((candidate) => candidate !== id)),
      severity: severityOf(textOf(flaw['severity']), score),
      score,
      package: nameOf(component),
      version: textOf(component['version']),
      type: readPurl(purl)?.type,
      purl,
      state: state === 'not_set' ? undefined : state,
      title: clipped(textOf(flaw['title'])),
      description: clipped(textOf(flaw['description'])),
    }),
  ]
}

function nameOf({ group, name }: Fields): string | undefined {
  const [scope, nameText] = [textOf(group), textOf(name)]
  return scope === undefined || scope === '' || nameText === undefined ? nameText : `${scope}/${nameText}`
}

/** `[{"cveId": "CVE-…", "ghsaId": "GHSA-…"}]`. */
function idsOf(aliases: unknown): readonly string[] {
  return recordsOf(aliases).flatMap((record) =>
    Object.entries(record).flatMap(([member, value]) => (member.endsWith('Id') ? (textOf(value) ?? []) : [])),
  )
}
