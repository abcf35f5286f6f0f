import { redactField } from '../redact/index.ts'
import {
  insightTypes,
  severities,
  type FactData,
  type ImageData,
  type PackageData,
  type ProblemData,
  type ReportData,
  type Severity,
} from '../../model/image-insights.ts'
import { withoutUndefined } from '../../model/json.ts'
import type { Family } from '../../model/batches.ts'
import type { WeirEvent } from '../../model/events.ts'
import { packageIdentity, problemPlace } from './collect.ts'
import type { Report } from './report.ts'

export type ReportOrigin = Readonly<{
  /** SHA-256 of the document, in hexadecimal. */
  sha256: string
  /** Unix ms at which the report begins to hold. */
  time: number
  /** Unix ms at which its events are written; default: `time`. The same document written again is another report. */
  written?: number
  /** Path, address or name of the object that held the document. */
  origin: string
  /** Number of the report in a document about several images. */
  part?: number
  /** Before the name of the tool in `source`, for reports that must not replace those of a scanner of that name. */
  channel?: string
  /** Overrides the image that the document names. */
  image?: Partial<ImageData>
}>

const utf8 = new TextEncoder()

/** The image of a report; undefined without a digest. */
export function imageOfReport(report: Report, given: Partial<ImageData> = {}): ImageData | undefined {
  const digest = given.digest ?? report.image.digest
  if (digest === undefined) return undefined
  const aliases = [report.image.digest, ...(report.image.aliases ?? []), ...(given.aliases ?? [])].filter(
    (text) => text !== undefined && text !== digest,
  ) as string[]
  return withoutUndefined<ImageData>({
    ...report.image,
    ...given,
    digest,
    aliases: aliases.length === 0 ? undefined : [...new Set(aliases)],
  })
}

/**
 * Events of one report. The event of the report is the last one. Ids are the same for the same document and
 * time of writing. A report without the digest of an image yields no events, except for waivers.
 */
export function eventsOfReport(
  report: Report,
  { sha256, time, written, origin, part = 0, channel, image: given }: ReportOrigin,
): WeirEvent[] {
  const path = ['images', ...(channel === undefined ? [] : [channel]), report.tool.name]
  const source = `/${path.map((segment) => encodeURIComponent(segment.toWellFormed())).join('/')}`
  const number = part === 0 ? '' : `.${part}`
  const id = `${sha256.slice(0, 20)}-${Math.floor(written ?? time).toString(36)}${number}`
  const event = (
    name: string,
    type: string,
    family: Family,
    data: object,
    rest: Partial<WeirEvent> = {},
  ): WeirEvent => ({
    id: `${id}-${name}`,
    source,
    type,
    time,
    datacontenttype: 'application/json',
    family,
    encoding: 'json',
    data: utf8.encode(JSON.stringify(data)),
    ...rest,
  })
  const waivers = (report.waivers ?? []).map((waiver, index) =>
    event(`w${index}`, insightTypes.waiver, 'fact', waiver, {
      subject: waiver.id,
      key: waiver.image ?? waiver.document,
      ...(waiver.image === undefined ? {} : { ref: `image:${waiver.image}` }),
    }),
  )
  const image = imageOfReport(report, given)
  if (image === undefined || !hasParts(report)) return waivers
  const { digest, name } = image
  const about = { key: digest, ref: name === undefined ? `image:${digest}` : `image:${name}@${digest}` }
  const packages = (report.packages ?? []).map((listed, index) =>
    event(`p${index}`, insightTypes.package, 'package', { report: id, ...listed } satisfies PackageData, {
      ...about,
      subject: packageIdentity(listed),
    }),
  )
  const problems = (report.problems ?? []).map((problem, index) =>
    event(`v${index}`, insightTypes.problem, 'problem', { report: id, ...problem } satisfies ProblemData, {
      ...about,
      subject: `${problem.id} ${problemPlace(problem)}`,
    }),
  )
  const facts = (report.facts ?? []).map((fact, index) =>
    event(
      `f${index}`,
      insightTypes.fact,
      'fact',
      { report: id, ...fact, value: redactField(fact.name, fact.value) } satisfies FactData,
      {
        ...about,
        subject: `${fact.category}/${fact.name}`,
      },
    ),
  )
  const last = withoutUndefined<ReportData>({
    report: id,
    image,
    tool: report.tool,
    format: report.format,
    sha256,
    packages: report.packages?.length,
    listed: report.listed,
    problems: report.problems?.length,
    severities: report.problems === undefined ? undefined : countSeverities(report.problems),
    fixable: report.problems?.filter(({ fixed }) => fixed !== undefined).length,
    facts: report.facts?.length,
    origin,
  })
  const end = event('r', insightTypes.report, 'fact', last, { ...about, subject: name ?? digest })
  return [...waivers, ...packages, ...problems, ...facts, end]
}

/** Without any, nothing of the report is stored but its waivers. */
export function hasParts({ packages, problems, facts }: Report): boolean {
  return [packages, problems, facts].some((part) => part !== undefined)
}

function countSeverities(problems: NonNullable<Report['problems']>): Partial<Record<Severity, number>> {
  return Object.fromEntries(
    severities.flatMap((severity) => {
      const count = problems.filter((problem) => problem.severity === severity).length
      return count === 0 ? [] : [[severity, count]]
    }),
  )
}
